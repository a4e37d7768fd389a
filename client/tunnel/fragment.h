/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plaintexts that do not fit the path, cut into fragments (plaintext protocol 250;
 * docs/protocol.md, section 10), and their reassembly, one fragment_box per peer:
 *
 *   250(1) zero(3) id(4) index(1) count(1) part of the inner plaintext
 *
 * All fragments but the last have the same size. Whatever is received may be hostile: a bad
 * fragment changes nothing, and what waits is bounded:
 *
 *   fragments of a plaintext   FRAGMENT_COUNT_MAX (4)
 *   bytes of a plaintext       FRAGMENT_PLAIN_SIZE_MAX
 *   plaintexts per peer        FRAGMENT_PENDING_MAX (64)
 *   bytes per peer             FRAGMENT_BYTES_MAX; beyond FRAGMENT_BYTES_OWN also by a budget that
 *                              all peers share
 *   time                       FRAGMENT_TIMEOUT_MS (1 s)
 *
 * If there is no room for a new fragment, the plaintext that has waited longest is given up.
 */
#pragma once

#include "proto/base/budget.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/wire/frame.h"

#include <stddef.h>
#include <stdint.h>

enum {
    FRAGMENT_OVERHEAD = PLAIN_HEADER_SIZE + FRAGMENT_HEADER_SIZE,
    FRAGMENT_PLAIN_SIZE_MAX = INNER_MTU_MAX + PLAIN_HEADER_SIZE_MAX, /* of an inner plaintext */
    FRAGMENT_BYTES_MAX = 262144,                                     /* kept per peer, ... */
    FRAGMENT_BYTES_OWN = FRAGMENT_PLAIN_SIZE_MAX, /* ... of which this is always granted */
};

/** How many fragments a plaintext of `size` bytes needs when a frame has room for `room` plaintext
 * bytes: 1 if it fits as it is, 2 to FRAGMENT_COUNT_MAX, or 0 if it cannot be sent. */
size_t fragment_count(size_t size, size_t room);

/**
 * Write fragment `index` of `count` (from fragment_count, 2 or more) to out, which has room for
 * `room` bytes; returns its size. `id` differs between plaintexts of one session.
 */
size_t fragment_write(uint8_t *out, size_t room, const uint8_t *plain, size_t size, uint32_t id,
                      size_t index, size_t count);

struct fragment_box;

/** What happened in a box since it was made. */
struct fragment_counters {
    uint64_t completed;
    uint64_t refused;   /* malformed, duplicate, inconsistent */
    uint64_t timed_out; /* incomplete plaintexts given up after FRAGMENT_TIMEOUT_MS */
    uint64_t displaced; /* incomplete plaintexts given up for newer ones, or because the budget is
                           used up */
};

/** Make the reassembler of a peer, once its first fragment comes. What it keeps beyond
 * FRAGMENT_BYTES_OWN is charged to `shared`, which is borrowed for its life (NULL: no such bound).
 * ERR_NOMEM leaves *out NULL. */
int fragment_box_new(struct fragment_box **out, struct budget *shared) MUST_CHECK;

/** Free it. NULL is fine. */
void fragment_box_free(struct fragment_box *box);

/**
 * Take one fragment: a plaintext of protocol 250, any content.
 *
 * session         by which it came: only parts of one session are put together, since a peer that
 *                 was restarted counts its ids anew
 * out, capacity   where a completed plaintext goes; may overlap the fragment.
 *                 FRAGMENT_PLAIN_SIZE_MAX bytes are always enough
 * out_size        0 if more fragments are wanted, else the size of the completed plaintext; written
 *                 only on ERR_OK
 *
 * The completed plaintext may be of any protocol but 250. ERR_DROP: the fragment is malformed, a
 * duplicate, does not fit the others of its id, or makes the plaintext too large; what waits is as
 * before. ERR_LIMIT: the completed plaintext is larger than capacity, and is forgotten. ERR_NOMEM.
 */
int fragment_box_put(struct fragment_box *box, uint32_t session, const uint8_t *fragment,
                     size_t size, uint8_t *out, size_t capacity, size_t *out_size,
                     struct mono now) MUST_CHECK;

/** Give up what waits longer than FRAGMENT_TIMEOUT_MS (fragment_box_put does so too). */
void fragment_box_expire(struct fragment_box *box, struct mono now);

/** When the oldest will time out; MONO_NEVER if nothing waits. */
struct mono fragment_box_deadline(const struct fragment_box *box);

/** What happened so far; borrowed from the box. Later: `status` shows it for each peer. */
const struct fragment_counters *fragment_box_counters(const struct fragment_box *box);
