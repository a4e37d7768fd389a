/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams on their way, in a heap by their arrival, which keeps the order of equal instants. */
#include "tests/support/wire.h"

#include "proto/base/bytes.h"

#include <stdlib.h>
#include <string.h>

void wire_init(struct wire *wire, struct rng *rng)
{
    *wire = (struct wire){.rng = rng};
    TAILQ_INIT(&wire->packets);
}

void wire_fini(struct wire *wire)
{
    while (!TAILQ_EMPTY(&wire->packets)) {
        wire_packet_free(wire, TAILQ_FIRST(&wire->packets));
    }
    heap_fini(&wire->heap);
}

/* ---- packets ---- */

struct wire_packet *wire_packet_new(struct wire *wire, size_t struct_size,
                                    const struct endpoint *from, const struct endpoint *to,
                                    const uint8_t *data, size_t size)
{
    struct wire_packet *packet = malloc(struct_size + size);

    CHECK(packet != NULL && struct_size >= sizeof(*packet));
    memset(packet, 0, struct_size);
    packet->from = *from;
    packet->to = *to;
    packet->size = size;
    packet->data = (uint8_t *)packet + struct_size;
    memcpy(packet->data, data, size);
    TAILQ_INSERT_TAIL(&wire->packets, packet, entry);
    wire->packets_count++;
    return packet;
}

void wire_packet_free(struct wire *wire, struct wire_packet *packet)
{
    heap_remove(&wire->heap, &packet->timer);
    TAILQ_REMOVE(&wire->packets, packet, entry);
    wire->packets_count--;
    free(packet);
}

void wire_put(struct wire *wire, struct wire_packet *packet, struct mono at)
{
    CHECK(heap_set(&wire->heap, &packet->timer, at) == ERR_OK);
}

struct mono wire_deadline(const struct wire *wire)
{
    return heap_deadline(&wire->heap);
}

struct wire_packet *wire_take(struct wire *wire, struct mono now)
{
    struct heap_entry *entry = heap_pop_due(&wire->heap, now);

    return entry == NULL ? NULL : HEAP_OWNER(entry, struct wire_packet, timer);
}

struct dgram wire_packet_dgram(const struct wire_packet *packet)
{
    return (struct dgram){
        .local = packet->to, .remote = packet->from, .data = packet->data, .size = packet->size};
}

/* ---- sending over one path ---- */

static bool passes(struct wire *wire, struct wire_packet *packet)
{
    if (wire->cut ||
        (wire->loss_per_mille > 0 && rng_below(wire->rng, 1000) < wire->loss_per_mille)) {
        wire->lost++;
        return false;
    }
    if (wire->hook != NULL && !wire->hook(wire->hook_context, packet)) {
        return false;
    }
    if (wire->size_max > 0 && packet->size > wire->size_max) {
        wire->too_large++;
        return false;
    }
    return true;
}

void wire_send(struct wire *wire, const struct endpoint *from, const struct endpoint *to,
               const uint8_t *data, size_t size, struct mono now)
{
    struct wire_packet *packet =
        wire_packet_new(wire, sizeof(struct wire_packet), from, to, data, size);

    wire->sent++;
    if (passes(wire, packet)) {
        wire_put(wire, packet, mono_add_ns(now, wire->delay_us * NS_PER_US));
    } else {
        wire_packet_free(wire, packet);
    }
}

void wire_send_box(struct wire *wire, const struct endpoint *from, const struct outbox *box,
                   struct mono now)
{
    for (size_t i = 0; i < box->items_count; i++) {
        const struct outbox_item *item = &box->items[i];

        if (item->hops == 0) {
            wire_send(wire, from, &item->remote, box->bytes + item->offset, item->size, now);
        }
    }
}
