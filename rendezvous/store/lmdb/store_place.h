/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The folder of a store, before LMDB has it: it is made, locked, and its database is checked, or
 * made if there is none.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"

#include <stddef.h>

/**
 * Make the folder if it is not there, take its lock, and check the database in it. If there is none
 * an empty one is made, wholly or not at all, and that is traced (store.new). After this
 * map_guard_set has the database's path.
 *
 * lock_fd  holds the lock until it is closed; the caller closes it, on errors too, unless it is -1
 *
 * ERR_SYSTEM, ERR_NOMEM; `error` and errno as those of store_lmdb_open.
 */
int store_place_take(int *lock_fd, const char *path, const struct env *env, char *error,
                     size_t error_size) MUST_CHECK;

/** What to do about an errno or a code of LMDB, to be appended to a sentence; "" if nothing is
 * known. */
const char *store_place_remedy(int code);
