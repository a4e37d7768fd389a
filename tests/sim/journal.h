/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What happened in a world. Every event and every byte goes into one hash, by which two runs of a
 * seed are compared. The last transitions are kept as text, to be shown when a run fails.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/net/endpoint.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>

enum { JOURNAL_LINES_MAX = 48, JOURNAL_LINE_SIZE = 200, JOURNAL_HASH_SIZE = 16 };

struct journal {
    crypto_generichash_state hash;
    struct mono now; /* set by the world's loop */
    bool verbose;    /* print lines as they come */
    uint64_t events;
    char lines[JOURNAL_LINES_MAX][JOURNAL_LINE_SIZE];
    uint64_t lines_count;
};

/** Make an empty journal. */
void journal_init(struct journal *journal, bool verbose);

/** Note an event with a datagram or packet in it: it is only hashed. */
void journal_bytes(struct journal *journal, const char *event, const struct endpoint *from,
                   const struct endpoint *to, const uint8_t *data, size_t size);

/** Note a transition: it is hashed and kept, and printed if verbose. */
void journal_line(struct journal *journal, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** End the hash and write its text (32 hex digits and NUL). */
void journal_finish(struct journal *journal, char text[2 * JOURNAL_HASH_SIZE + 1]);

/** Print the transitions that are kept to standard error. */
void journal_dump(const struct journal *journal);
