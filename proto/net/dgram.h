/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Datagrams as cores see them, and the outbox, in which a core hands over what is to be sent. The
 * core appends to the box; the shell empties it with as few system calls as it can (GSO, sendmmsg),
 * and the simulator delivers from it. Nothing is allocated after init.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DGRAM_SIZE_MAX = 65535,
    DGRAM_TRAIN_MAX = 64,        /* datagrams of a train that is sent */
    DGRAM_TRAIN_SIZE_MAX = 65000 /* and its bytes: with headers below 65,535 for both families */
};

/** One received datagram. data is borrowed for the call. `local` is the address that it came to,
 * from which an answer leaves (docs/protocol.md, section 1); its ip is zero if the shell does not
 * know it. */
struct dgram {
    struct endpoint local;
    struct endpoint remote;
    uint8_t *data; /* the receiver may overwrite it, to open frames in place */
    size_t size;
};

/** Datagrams with the same ends, back to back, all of one size but the last, which may be smaller:
 * what passes the kernel as one (GRO, GSO). */
struct dgram_train {
    struct endpoint local, remote; /* as in struct dgram */
    uint8_t *data;                 /* borrowed; the receiver may overwrite it */
    size_t size;                   /* of all */
    size_t segment_size;           /* of each; above 0 but for a single empty datagram */
};

/** How many datagrams it is. */
size_t dgram_train_count(const struct dgram_train *train);

/** One datagram in an outbox: its ends, and where its bytes are. */
struct outbox_item {
    struct endpoint local; /* source address to use; ip zero: the kernel chooses */
    struct endpoint remote;
    uint32_t offset; /* in the box's bytes */
    uint32_t size;
    uint8_t hops; /* IPv4: how many routers' worth it may travel, its TTL; 0: as usual */
};

/** Datagrams to be sent, back to back in one buffer, so that neighbours of one size to one endpoint
 * can leave in one system call (GSO). */
struct outbox {
    uint8_t *bytes;
    size_t bytes_capacity, bytes_used;
    struct outbox_item *items;
    size_t items_capacity, items_count;
    uint64_t refused_count; /* datagrams that found no room; they are lost as on the network */
    uint64_t clears;        /* how often it was emptied */
};

/** Make an empty box for bytes_capacity bytes (1 to UINT32_MAX) and items_capacity datagrams (at
 * least 1). ERR_NOMEM leaves it zeroed: without room. */
int outbox_init(struct outbox *box, size_t bytes_capacity, size_t items_capacity) MUST_CHECK;

/** Free the memory of the box. A zeroed box is fine. */
void outbox_fini(struct outbox *box);

/** Returns where to write one more datagram of at most size_max bytes, or NULL, and counts a
 * refusal, if there is no room. Nothing is appended until outbox_commit. */
uint8_t *outbox_reserve(struct outbox *box, size_t size_max);

/** True if outbox_reserve would find room for size_max bytes; nothing is counted. */
bool outbox_has_room(const struct outbox *box, size_t size_max);

/** Append the datagram of `size` bytes that was written where outbox_reserve said. local and remote
 * are copied. */
void outbox_commit(struct outbox *box, const struct endpoint *local, const struct endpoint *remote,
                   size_t size);

/** Append a datagram with a copy of size bytes. If there is no room, it is counted and lost. */
void outbox_put(struct outbox *box, const struct endpoint *local, const struct endpoint *remote,
                const uint8_t *data, size_t size);

/** The same for a datagram that travels only so many hops (1 to 255, only in IPv4; 0: as usual). */
void outbox_put_hops(struct outbox *box, const struct endpoint *local,
                     const struct endpoint *remote, const uint8_t *data, size_t size, uint8_t hops);

/** Move all that is in `from` to the end of `to`; what has no room there is counted and lost. */
void outbox_move(struct outbox *from, struct outbox *to);

/** Empty the box. Memory and refused_count stay. */
void outbox_clear(struct outbox *box);
