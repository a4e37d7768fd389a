/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A copy of a store as it is at one moment, and the backup, a folder with copies of all parts. A
 * running daemon makes the copy of its store itself; for one that does not run we do.
 */
#pragma once

#include "proto/base/env.h"
#include "rendezvous/store/backup/state_parts.h"
#include "rendezvous/store/store.h"

/** Asks the daemon for a copy under this name (state_copy_serve). EXIT_CODE_NO_DAEMON in fault: it
 * does not run. */
typedef int (*state_copy_asker)(void *context, const char *name, struct fault *fault);

/** The daemon's part: copy `store`, whose folder is `path`, to path/NAME/data.mdb. The name is the
 * word of a request, any text. ERR_DROP if it is none of state_copy_make; ERR_SYSTEM. */
int state_copy_serve(struct store *store, const char *path, const char *name,
                     struct fault *fault) MUST_CHECK;

/**
 * Make such a copy of the store of these parts, by the daemon or without it.
 *
 * folder  where the copy lies, itself the folder of a store; to be removed with state_copy_remove,
 *         on errors, too
 * env     for a random name
 *
 * ERR_SYSTEM, ERR_NOMEM; fault says why.
 */
int state_copy_make(char folder[STATE_PATH_SIZE], const struct state_parts *parts,
                    state_copy_asker ask, void *context, const struct env *env,
                    struct fault *fault) MUST_CHECK;

/** Remove a copy, or what there is of it. */
void state_copy_remove(const char *folder);

/** Remove what copies were left in the folder of a store by programs that were killed. */
void state_copies_clear(const char *path);

/**
 * Copy all parts to the folder `to`, which must not be there or be empty. It is complete when its
 * first file, the configuration, is there. Everything is on the disk when this returns.
 *
 * ERR_SYSTEM, ERR_NOMEM, ERR_LIMIT; fault says why.
 */
int state_backup(const char *to, const struct state_parts *parts, state_copy_asker ask,
                 void *context, const struct env *env, struct fault *fault) MUST_CHECK;
