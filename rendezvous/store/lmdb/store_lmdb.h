/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store of the programs: a directory with LMDB's data.mdb and a lock file of our own. A commit
 * is on the disk when it returns. The file grows as needed, to 64 GiB at most. A full disk is
 * ERR_SYSTEM, and what was committed before stays. A file that was cut or damaged is not opened and
 * not touched (database_file.h), nor is one that a newer version wrote (STORE_FORMAT); one that
 * goes bad while it is open ends the process (map_guard.h).
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/fault.h"
#include "rendezvous/store/store.h"

enum {
    /* What the database holds, as a number in it. It grows when a version writes what an earlier
     * one would take for something else; that one then refuses the database. One without the
     * number is of format 1. 2: invites with notes and groups, members whose time ends. */
    STORE_FORMAT = 2,
};

/**
 * Open the store in the directory `path`, which is made (mode 0700) if it is not there; its parent
 * must exist. Files get the mode 0600. Only one process may have the directory open: for a second
 * one this is ERR_SYSTEM, and `error` says so.
 *
 * out    the store, for store_close; NULL on failure
 * env    borrowed, for traces; outlives the store
 * error  error_size bytes; on failure, one sentence that names the place and, if known, the remedy.
 *        errno is then the cause, EUCLEAN for a file that is damaged, newer or something else
 *
 * ERR_SYSTEM, ERR_NOMEM.
 */
int store_lmdb_open(struct store **out, const char *path, const struct env *env, char *error,
                    size_t error_size) MUST_CHECK;

/**
 * Write all that is committed to a new file `path` (mode 0600), which is again a database of LMDB.
 * The store stays open and as it is. The caller syncs the file, which takes longer.
 *
 * store  of store_lmdb_open, without an open transaction
 *
 * ERR_SYSTEM, also if there is such a file; fault says why, and what was written is removed.
 */
int store_lmdb_copy(struct store *store, const char *path, struct fault *fault) MUST_CHECK;
