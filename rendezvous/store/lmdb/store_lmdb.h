/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A store in an LMDB directory: one file of data, one lock file. A commit is on the disk when it
 * returns. The map grows by itself; a full disk is ERR_SYSTEM with nothing lost.
 */
#pragma once

#include "proto/base/env.h"
#include "rendezvous/store/store.h"

/**
 * Open the directory `path`, made with mode 0700 if it does not exist (its parent must); files are
 * 0600. Only one process may have it open: a second one gets ERR_SYSTEM and `error` says so.
 *
 * env    borrowed, for traces; outlives the store
 * error  error_size bytes for one sentence with place and remedy, written on failure; errno is then
 *        its cause, 0 if that was no system call
 */
int store_lmdb_open(struct store **out, const char *path, const struct env *env, char *error,
                    size_t error_size) MUST_CHECK;
