/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files as both programs need them: written so that a crash leaves the old or the new content,
 * read with a cap, key files that nobody else can read, directories, and a lock.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { KEY_FILE_SEED_SIZE = 32, FILES_CHECK_MAX = 64 };

/** Write to a temporary neighbour, fsync, rename, fsync the directory. On error the old file is
 * as it was. ERR_SYSTEM, ERR_NOMEM. */
int file_write_atomic(const char *path, const void *data, size_t size, mode_t mode,
                      struct fault *fault) MUST_CHECK;

/** Read a regular file of at most size_max bytes, which the user named: one that is not there, is
 * no file or is longer is EXIT_CODE_USAGE. *data is given (free()), with a NUL after its *size
 * bytes. ERR_SYSTEM, ERR_LIMIT if longer, ERR_NOMEM. */
int file_read(const char *path, size_t size_max, uint8_t **data, size_t *size,
              struct fault *fault) MUST_CHECK;

/** Make the directory and its missing parents (parents 0755, the last with `mode`); an existing one
 * is left as it is. ERR_SYSTEM, also if something else is there. */
int file_dir_create(const char *path, mode_t mode, struct fault *fault) MUST_CHECK;

/**
 * Read the 32-byte seed of a key file: 52 base32 characters and a newline.
 * ERR_SYSTEM with a sentence if it is missing, malformed, or readable by group or others, all of
 * which are EXIT_CODE_USAGE: only its user can mend that.
 */
int key_file_load(uint8_t seed[KEY_FILE_SEED_SIZE], const char *path,
                  struct fault *fault) MUST_CHECK;

/** Write a new random seed, mode 0600. An existing file is never overwritten: ERR_LIMIT. Later: the
 * further keys of a host that has several. */
int key_file_create(uint8_t seed[KEY_FILE_SEED_SIZE], const char *path, const struct env *env,
                    struct fault *fault) MUST_CHECK;

/** Load, or create if there is no such file. */
int key_file_load_or_create(uint8_t seed[KEY_FILE_SEED_SIZE], const char *path,
                            const struct env *env, struct fault *fault) MUST_CHECK;

/**
 * Whether `count` more files and sockets can be open at a time (at most FILES_CHECK_MAX). Asked
 * before anything is begun, because not everybody who wants one can say that it was this: libev
 * aborts, and if_nametoindex knows of no interface. ERR_SYSTEM with a remedy.
 */
int files_check(size_t count, struct fault *fault) MUST_CHECK;

/** Take an exclusive lock on `path` (created 0600), held until *fd is closed or the process ends.
 * ERR_LIMIT if another process holds it, ERR_SYSTEM. */
int file_lock(int *fd, const char *path, struct fault *fault) MUST_CHECK;
