/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A wire in memory and in virtual time that joins cores under test. It holds the datagrams on their
 * way in the order of their arrival; of two that arrive at the same instant, the one that was sent
 * first comes first.
 *
 * A test sends with wire_send over one path, which has a delay, a size limit, loss and a hook. The
 * simulator has sites, NATs and a link at each end, so it decides itself whether and when a
 * datagram arrives: it makes packets (wire_packet_new) and puts them on the wire (wire_put), once
 * for each link.
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
    uint8_t *data; /* at the end of the packet's memory, so that ASan sees a read beyond `size` */
};

struct wire {
    struct heap heap;
    TAILQ_HEAD(wire_packets, wire_packet) packets; /* all that are not freed, on their way or not */
    uint64_t packets_count;
    /* What wire_send does with a datagram. A new wire delivers each at once. */
    uint64_t delay_us;
    size_t size_max; /* bytes of a UDP payload; 0: no limit */
    bool cut;        /* every datagram is lost */
    uint32_t loss_per_mille;
    struct rng *rng;                                         /* draws the losses */
    bool (*hook)(void *context, struct wire_packet *packet); /* may change it; false: drop it */
    void *hook_context;
    uint64_t sent, lost, too_large; /* sent: all, also those that are lost, dropped or too large */
};

/** Make an empty wire. rng is kept. */
void wire_init(struct wire *wire, struct rng *rng);

/** Free all packets of the wire, also those that were taken and are not freed yet. */
void wire_fini(struct wire *wire);

/** Send a copy of size bytes now. Aborts if memory is short. */
void wire_send(struct wire *wire, const struct endpoint *from, const struct endpoint *to,
               const uint8_t *data, size_t size, struct mono now);

/** Send a copy of each datagram in a core's box; the box stays as it is. The source of all is
 * `from`, also where an item of the box names another. What travels only so many hops ends on the
 * way. */
void wire_send_box(struct wire *wire, const struct endpoint *from, const struct outbox *box,
                   struct mono now);

/** When the next datagram arrives; MONO_NEVER if none is on its way. */
struct mono wire_deadline(const struct wire *wire);

/** Take the next datagram that has arrived by now; NULL if none has. The caller frees it with
 * wire_packet_free or puts it back with wire_put. */
struct wire_packet *wire_take(struct wire *wire, struct mono now);

/** The packet as its receiver gets it; the data are borrowed from the packet. */
struct dgram wire_packet_dgram(const struct wire_packet *packet);

/** Make a packet that is not on its way yet: struct_size bytes that begin with a struct wire_packet
 * and are zero behind it, then a copy of the data. Aborts if memory is short. */
struct wire_packet *wire_packet_new(struct wire *wire, size_t struct_size,
                                    const struct endpoint *from, const struct endpoint *to,
                                    const uint8_t *data, size_t size);
void wire_packet_free(struct wire *wire, struct wire_packet *packet);

/** Let the packet arrive at this instant. */
void wire_put(struct wire *wire, struct wire_packet *packet, struct mono at);
