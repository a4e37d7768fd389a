/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The wire of memory that joins cores under test, in virtual time: datagrams on their way, in the
 * order of their arrival, and those that were sent first among equals.
 *
 * A test sends with wire_send, over a path with one delay, a limit of the size, loss and a hook.
 * The simulator, whose underlay has sites, NATs and a link at each end, decides itself when and
 * whether a datagram arrives: it makes packets (wire_packet_new) and puts them on the wire
 * (wire_put), once for each link.
 */
#pragma once

#include "proto/base/heap.h"
#include "proto/net/dgram.h"
#include "tests/support/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct wire_packet {
    struct heap_entry timer;
    TAILQ_ENTRY(wire_packet) entry;
    struct endpoint from, to;
    size_t size;
    uint8_t *data; /* size bytes at the end of the packet's memory, so that one too many is seen */
};

struct wire {
    struct heap heap;
    TAILQ_HEAD(wire_packets, wire_packet) packets; /* all that live, on their way or not */
    uint64_t packets_count;
    /* What wire_send does with a datagram. A new wire takes each without delay. */
    uint64_t delay_us;
    size_t size_max; /* of a UDP payload, 0: any */
    bool cut;        /* nothing passes */
    uint32_t loss_per_mille;
    struct rng *rng;                                         /* draws the losses */
    bool (*hook)(void *context, struct wire_packet *packet); /* may change it; false: eaten */
    void *hook_context;
    uint64_t sent, lost, too_large;
};

/** An empty wire. rng is kept. */
void wire_init(struct wire *wire, struct rng *rng);

/** Free it with all that is on its way. */
void wire_fini(struct wire *wire);

/** Send a copy of size bytes, now. */
void wire_send(struct wire *wire, const struct endpoint *from, const struct endpoint *to,
               const uint8_t *data, size_t size, struct mono now);

/** Send all that a core has put into a box. All leaves from `from`, whatever the core says. The box
 * stays as it is. */
void wire_send_box(struct wire *wire, const struct endpoint *from, const struct outbox *box,
                   struct mono now);

/** When the next datagram arrives; MONO_NEVER: none is on its way. */
struct mono wire_deadline(const struct wire *wire);

/** Take the next datagram that has arrived; NULL: none has. It is the caller's, to be freed with
 * wire_packet_free or put back with wire_put. */
struct wire_packet *wire_take(struct wire *wire, struct mono now);

/** What a receiver gets of it. */
struct dgram wire_packet_dgram(const struct wire_packet *packet);

/** A packet in memory of struct_size bytes, zeroed, which begins with a struct wire_packet, and a
 * copy of the data behind that. Aborts if memory is short. */
struct wire_packet *wire_packet_new(struct wire *wire, size_t struct_size,
                                    const struct endpoint *from, const struct endpoint *to,
                                    const uint8_t *data, size_t size);
void wire_packet_free(struct wire *wire, struct wire_packet *packet);

/** Let it arrive at this instant. */
void wire_put(struct wire *wire, struct wire_packet *packet, struct mono at);
