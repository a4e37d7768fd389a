/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files as both programs need them: written so that after a crash either the old content is there
 * or the new, and read with a limit; key files that nobody else can read; directories; a lock.
 * Each error has a sentence in `fault` (which may be NULL).
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { KEY_FILE_SEED_SIZE = 32, FILES_CHECK_MAX = 64 };

/** Write to a temporary file beside it, fsync, rename, fsync the directory. ERR_SYSTEM: the old
 * file is as it was; or, if only the directory could not be synced, the new one is in its place. */
int file_write_atomic(const char *path, const void *data, size_t size, mode_t mode,
                      struct fault *fault) MUST_CHECK;

/** Sync the folder in which the path lies, so that a name that was made or changed there survives
 * a crash of the machine. False with errno. */
bool file_parent_sync(const char *path);

/** Read a regular file of at most size_max bytes. *data is given (free()), with a NUL after its
 * *size bytes; NULL on error. ERR_SYSTEM, ERR_LIMIT if it is longer, ERR_NOMEM. The user chose the
 * path, so a file that is missing, not regular or too long is EXIT_CODE_USAGE. */
int file_read(const char *path, size_t size_max, uint8_t **data, size_t *size,
              struct fault *fault) MUST_CHECK;

/** Make the directory and its missing parents (parents 0755, the last with `mode`); an existing one
 * is left as it is. ERR_SYSTEM, also if something else is there. */
int file_dir_create(const char *path, mode_t mode, struct fault *fault) MUST_CHECK;

/**
 * Read the 32-byte seed of a key file: 52 base32 characters and a newline. ERR_SYSTEM if it is
 * missing, malformed, or readable by group or others. These are EXIT_CODE_USAGE, because only its
 * user can mend them.
 */
int key_file_load(uint8_t seed[KEY_FILE_SEED_SIZE], const char *path,
                  struct fault *fault) MUST_CHECK;

/** Write this seed, mode 0600. An existing file is never overwritten: ERR_LIMIT. ERR_SYSTEM. */
int key_file_put(const uint8_t seed[KEY_FILE_SEED_SIZE], const char *path,
                 struct fault *fault) MUST_CHECK;

/** key_file_put of a new random seed. Later: the further keys of a host that has several. */
int key_file_create(uint8_t seed[KEY_FILE_SEED_SIZE], const char *path, const struct env *env,
                    struct fault *fault) MUST_CHECK;

/** key_file_load, or key_file_create if there is no such file; errors as theirs. */
int key_file_load_or_create(uint8_t seed[KEY_FILE_SEED_SIZE], const char *path,
                            const struct env *env, struct fault *fault) MUST_CHECK;

/**
 * Check that `count` more files and sockets (at most FILES_CHECK_MAX) can be open at a time. To be
 * called before anything else, because a shortage later is told badly: libev aborts, and
 * if_nametoindex says that there is no such interface. ERR_SYSTEM with a remedy.
 */
int files_check(size_t count, struct fault *fault) MUST_CHECK;

/** Take an exclusive lock on the file `path` (created 0600), held until *fd is closed or the
 * process ends. ERR_LIMIT if somebody else holds it, ERR_SYSTEM; *fd is -1 then. */
int file_lock(int *fd, const char *path, struct fault *fault) MUST_CHECK;

/** True if somebody holds this lock. To ask takes nothing, so it disturbs nobody who wants it.
 * False, too, if the file may not be opened. */
bool file_lock_held(const char *path);
