/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IP packets that wait while the way out takes no more: a queue for each flow, so that one that
 * sends much delays itself and no other (FQ-CoDel, RFC 8290). Flows take turns by bytes (deficit
 * round robin); one that had nothing to wait for goes first. In each flow CoDel (codel.h) marks or
 * drops what waits too long. A super-packet leaves in parts, so that it does not hold the others
 * up, and CoDel takes single segments of it.
 *
 * Memory is bounded, and allocated when the first packet waits. Time is a parameter. Pure.
 */
#pragma once

#include "client/tunnel/packet.h"
#include "proto/base/mono.h"
#include "proto/base/siphash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FAIR_BYTES_MAX = 4 << 20, /* in blocks of FAIR_BLOCK_SIZE */
    FAIR_BLOCK_SIZE = 512,
    FAIR_PACKETS_MAX = 4096,
    FAIR_FLOWS = 1024,      /* flows of the same hash share one */
    FAIR_QUANTUM = 1514,    /* bytes of a turn */
    FAIR_WAIT_MAX_MS = 500, /* nothing waits longer, whatever CoDel says */
};

/** What became of packets that were to wait; a super-packet counts as its segments. */
struct fair_counters {
    uint64_t marked;       /* ECN: congestion experienced */
    uint64_t dropped_age;  /* by CoDel, or after FAIR_WAIT_MAX_MS */
    uint64_t dropped_room; /* of the flow that held most, when there was no room */
};

struct fair_store;

struct fair_queue {
    uint8_t hash_key[SIPHASH_KEY_SIZE];
    struct fair_store *store; /* NULL until a packet waited */
    struct fair_counters counters;
};

/** An empty queue. hash_key (SIPHASH_KEY_SIZE random bytes, copied): who does not know it cannot
 * choose whose flow to share. */
void fair_queue_init(struct fair_queue *queue, const uint8_t *hash_key);

/** Release its memory; what waits is gone. A queue of zeros is fine. */
void fair_queue_fini(struct fair_queue *queue);

/** Let a packet of any content, of 20 (an IPv4 header) to PACKET_SIZE_MAX bytes, wait behind its
 * flow. It is copied. Without room for it, the flow that holds most bytes loses its first ones,
 * which is counted. */
void fair_queue_put(struct fair_queue *queue, const struct packet *packet, struct mono now);

/**
 * The next packet whose turn it is.
 *
 * most   bytes that it should have at most; of a larger super-packet comes a part, of one segment
 *        at least. Any other packet comes whole
 * out    the packet; its data is borrowed until the next call, and may be written to
 *
 * False: nothing waits any more (out untouched).
 */
bool fair_queue_next(struct fair_queue *queue, size_t most, struct mono now, struct packet *out);

/** True if nothing waits. */
bool fair_queue_is_empty(const struct fair_queue *queue);
