/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Orders for more sockets than a request may name are cut. */
#include "client/netcheck/lifetime_state.h"

enum {
    COPIES_MS = 150,   /* between the first and the last copy that the relay sends */
    LATENESS_MS = 100, /* besides a part of the round trip */
};

/* The lowest bits of a set, at most LIVE_FIRES_MAX. */
static uint64_t part_of(uint64_t set)
{
    uint64_t part = 0;

    for (size_t i = 0; i < LIVE_FIRES_MAX && set != 0; i++) {
        part |= set & (~set + 1);
        set &= set - 1;
    }
    return part;
}

void lifetime_order(struct lifetime *lifetime, uint64_t set, uint32_t delay_ms, struct mono now)
{
    for (size_t i = 0; i < LIFETIME_SOCKETS; i++) {
        bool is_one = (set >> i & 1) != 0;

        lifetime->sockets[i].ordered = lifetime->sockets[i].ordered || is_one;
        lifetime->sockets[i].awaited = lifetime->sockets[i].awaited || (is_one && delay_ms == 0);
    }
    for (size_t i = 0; i < LIFETIME_ORDERS_MAX && set != 0; i++) {
        struct lifetime_order *order = &lifetime->orders[i];

        if (!order->used) {
            *order = (struct lifetime_order){
                .used = true, .set = part_of(set), .delay_ms = delay_ms, .due = now};
            set &= ~order->set;
        }
    }
    lifetime->failed = lifetime->failed || set != 0;
}

uint64_t lifetime_wait_ns(const struct lifetime *lifetime)
{
    return (COPIES_MS + LATENESS_MS) * NS_PER_MS + lifetime->rtt_ns + lifetime->rtt_ns / 2;
}
