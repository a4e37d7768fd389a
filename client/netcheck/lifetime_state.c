/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Orders for more sockets than a request may name are cut. */
#include "client/netcheck/lifetime_state.h"

enum {
    COPIES_MS = 150,   /* between the first and the last copy that the relay sends */
    LATENESS_MS = 250, /* of the relay and of this host; a part of the round trip comes on top */
};

/* As many of a set as one request may name, from index `at` on, which moves behind them. */
static struct live_set part_of(const struct live_set *set, size_t *at)
{
    struct live_set part = {{0, 0}};

    for (; *at < LIFETIME_SOCKETS && live_set_count(&part) < LIVE_FIRES_MAX; (*at)++) {
        if (live_set_has(set, *at)) {
            live_set_add(&part, *at);
        }
    }
    return part;
}

void lifetime_order(struct lifetime *lifetime, const struct live_set *set, struct mono now)
{
    struct live_set part;
    size_t at = 0;

    for (size_t i = 0; i < LIFETIME_SOCKETS; i++) {
        lifetime->sockets[i].awaited = lifetime->sockets[i].awaited || live_set_has(set, i);
    }
    part = part_of(set, &at);
    for (size_t i = 0; i < LIFETIME_ORDERS_MAX && live_set_count(&part) > 0; i++) {
        struct lifetime_order *order = &lifetime->orders[i];

        if (!order->used) {
            *order = (struct lifetime_order){.used = true, .set = part, .due = now};
            part = part_of(set, &at);
        }
    }
    lifetime->failed = lifetime->failed || live_set_count(&part) > 0;
}

uint64_t lifetime_wait_ns(const struct lifetime *lifetime)
{
    return (COPIES_MS + LATENESS_MS) * NS_PER_MS + lifetime->rtt_ns + lifetime->rtt_ns / 2;
}
