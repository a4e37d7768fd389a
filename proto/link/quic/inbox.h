/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one UDP payload brought for the session of its connection, in order: pieces of the session's
 * stream, and datagrams. Callbacks of ngtcp2 and nghttp3 append to it, and conn_settle gives it to
 * the session when those libraries have returned. It is empty between two UDP payloads, so a hub
 * needs only one.
 */
#pragma once

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Zeroed is an empty inbox. */
struct inbox {
    uint8_t *bytes;
    size_t used, capacity;
    size_t read; /* bytes of those used that were taken */
};

/** One piece, borrowed until the inbox is changed. */
struct inbox_piece {
    const uint8_t *bytes;
    size_t size;
    bool is_datagram;
};

/** Free its memory. */
void inbox_fini(struct inbox *inbox);

/** Append a copy of size bytes; none are left out. ERR_NOMEM changes nothing. */
int inbox_put(struct inbox *inbox, bool is_datagram, const uint8_t *data, size_t size) MUST_CHECK;

/** True if nothing is left to take. */
bool inbox_empty(const struct inbox *inbox);

/** Take the next piece; false if none is left. */
bool inbox_next(struct inbox *inbox, struct inbox_piece *out);

/** Forget everything in it. */
void inbox_clear(struct inbox *inbox);
