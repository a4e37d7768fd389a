/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one UDP payload brought for the session of its connection, in order: pieces of the session's
 * stream and datagrams. Callbacks of ngtcp2 and nghttp3 append here, and the session reads when
 * those libraries have returned. One per hub, because it is empty between two UDP payloads.
 */
#pragma once

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Zeroed is an empty inbox. */
struct inbox {
    uint8_t *bytes;
    size_t used, capacity, read;
};

/** One piece, borrowed until the inbox is cleared. */
struct inbox_piece {
    const uint8_t *bytes;
    size_t size;
    bool is_datagram;
};

/** Free its memory. */
void inbox_fini(struct inbox *inbox);

/** Append a copy. ERR_NOMEM. */
int inbox_put(struct inbox *inbox, bool is_datagram, const uint8_t *data, size_t size) MUST_CHECK;

/** True if nothing is left to take. */
bool inbox_empty(const struct inbox *inbox);

/** Take the next piece; false if none is left. */
bool inbox_next(struct inbox *inbox, struct inbox_piece *out);

/** Forget everything in it. */
void inbox_clear(struct inbox *inbox);
