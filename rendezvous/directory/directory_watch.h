/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What changed in the directory since a watcher last looked.
 */
#pragma once

#include "proto/wire/frame.h"
#include "proto/wire/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct directory;

enum {
    DIRECTORY_CHUNK_COUNT_MAX = 64,        /* entries of one chunk of changes */
    DIRECTORY_CHUNK_BYTES_MAX = 13 * 1024, /* their bytes: one Changes stays below 16 KiB */
};

/** The present state of one key that changed. */
struct directory_change {
    uint8_t key[KEY_SIZE];
    uint64_t sequence;
    const uint8_t *member_part, *admission, *revocation; /* into the chunk's bytes; NULL if none */
    size_t member_part_size, admission_size, revocation_size;
};

/** Changes that fit one Changes message of less than 16 KiB, in which each also has an online flag
 * and a sequence. A chunk itself takes about 18 KiB: keep one, do not put it on a small stack. */
struct directory_chunk {
    struct directory_change changes[DIRECTORY_CHUNK_COUNT_MAX];
    size_t count;
    uint64_t sequence; /* with this chunk a watcher knows all up to here: its next `since` */
    bool more;         /* ask again at once */
    uint8_t bytes[DIRECTORY_CHUNK_BYTES_MAX];
};

/**
 * What changed after `since`, oldest change first, each key once with its present state, as much as
 * fits. A `since` beyond our sequence comes from another directory and counts as 0. UNAVAILABLE
 * (the store failed): *out is then not meaningful.
 */
enum verdict directory_changes(struct directory *directory, uint64_t since,
                               struct directory_chunk *out);
