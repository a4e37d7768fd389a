/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What changed since a watcher last looked.
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

struct directory_change {
    uint8_t key[KEY_SIZE];
    uint64_t sequence;
    const uint8_t *member_part, *admission, *revocation; /* into the chunk's bytes; NULL if none */
    size_t member_part_size, admission_size, revocation_size;
};

/** So many changes that one Changes message with them stays below 16 KiB (with an online flag and
 * the sequence in each). About 16 KiB: keep one, do not put it on a small stack. */
struct directory_chunk {
    struct directory_change changes[DIRECTORY_CHUNK_COUNT_MAX];
    size_t count;
    uint64_t sequence; /* the reader has everything up to here: its next `since` */
    bool more;         /* ask again at once */
    uint8_t bytes[DIRECTORY_CHUNK_BYTES_MAX];
};

/**
 * What changed after `since`, oldest first, each key once with its present state. A `since` beyond
 * our sequence (the reader knew another directory) counts as 0. UNAVAILABLE.
 */
enum verdict directory_changes(struct directory *directory, uint64_t since,
                               struct directory_chunk *out);
