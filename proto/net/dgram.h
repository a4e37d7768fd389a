/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Datagrams as cores see them, and the boxes in which they are handed over in batches: a core
 * appends to a box, the shell empties it with as few system calls as it can (GSO, sendmmsg),
 * the simulator delivers from it. No allocation after init.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DGRAM_SIZE_MAX = 65535,
};

/** One received datagram. data is borrowed for the call; `local` is the address it came to
 * (RFC: answers leave from there), its ip all zero where the shell does not know it. */
struct dgram {
    struct endpoint local;
    struct endpoint remote;
    uint8_t *data; /* may be overwritten by the receiver: opened in place */
    size_t size;
};

/** Position of one datagram in an outbox. */
struct outbox_item {
    struct endpoint local; /* source address to use, ip zero: the kernel chooses */
    struct endpoint remote;
    uint32_t offset;
    uint32_t size;
};

/** Datagrams to be sent, back to back in one buffer, so that equal-sized neighbours to one
 * endpoint can leave as one GSO train. */
struct outbox {
    uint8_t *bytes;
    size_t bytes_capacity, bytes_used;
    struct outbox_item *items;
    size_t items_capacity, items_count;
    uint64_t refused_count; /* datagrams that found no room (loss is the protocol's business) */
};

/** Memory for bytes_capacity bytes and items_capacity datagrams. ERR_NOMEM on failure. */
int outbox_init(struct outbox *box, size_t bytes_capacity, size_t items_capacity) MUST_CHECK;
void outbox_fini(struct outbox *box);

/** Room for one more datagram of at most size_max bytes: returns where to write it, or NULL
 * (counted) if the box is full. Nothing is appended until outbox_commit. */
uint8_t *outbox_reserve(struct outbox *box, size_t size_max);

/** True if outbox_reserve would find room for size_max bytes; nothing is counted. */
bool outbox_has_room(const struct outbox *box, size_t size_max);

/** Append the datagram of `size` bytes that was written where outbox_reserve said. */
void outbox_commit(struct outbox *box, const struct endpoint *local, const struct endpoint *remote,
                   size_t size);

/** Append a copy of size bytes. Silently counted if there is no room. */
void outbox_put(struct outbox *box, const struct endpoint *local, const struct endpoint *remote,
                const uint8_t *data, size_t size);

/** Forget everything in the box. */
void outbox_clear(struct outbox *box);
