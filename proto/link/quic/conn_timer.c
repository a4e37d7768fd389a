/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection has one timer in the hub's heap. */
#include "proto/link/quic/conn_timer.h"

#include "proto/link/quic/conn_received.h"

enum { REARM_NS_MIN = 100000 }; /* a deadline that stays due must not make the loop spin */

bool conn_is_watched(const struct link_conn *c)
{
    return c->carrier.dialled || (c->session.peer.roles & LINK_ROLE_RELAY) != 0;
}

struct mono conn_stall_deadline(const struct link_conn *c)
{
    uint64_t least_ms = c->watch.pinging ? CONN_PING_STALL_MS : CONN_STALL_MS;
    uint64_t wait_ns;

    if (c->watch.stalled || c->phase != CONN_PHASE_OPEN ||
        c->watch.unanswered_since.ns == MONO_NEVER.ns) {
        return MONO_NEVER;
    }
    wait_ns = 3 * conn_round_trip_ns(c);
    if (wait_ns < least_ms * NS_PER_MS) {
        wait_ns = least_ms * NS_PER_MS;
    }
    return mono_add_ns(c->watch.unanswered_since, wait_ns);
}

static struct mono next_deadline(const struct link_conn *c)
{
    struct mono deadline = {ngtcp2_conn_get_expiry2(c->quic)};
    uint64_t rtt_ns = path_size_waits(&c->path.size) ? conn_round_trip_ns(c) : 0;

    if (c->phase < CONN_PHASE_OPEN) {
        deadline = mono_min(deadline, c->timer.hello_deadline);
    }
    deadline = mono_min(deadline, path_size_deadline(&c->path.size, rtt_ns));
    return mono_min(deadline, conn_stall_deadline(c));
}

void conn_rearm(struct link_conn *c, struct mono now)
{
    struct mono deadline = next_deadline(c);

    if (mono_due(deadline, now)) {
        deadline = mono_add_ns(now, REARM_NS_MIN);
    }
    if (heap_set(&c->shared->tables.timers, &c->timer.entry, deadline) != ERR_OK) {
        conn_close(c, LINK_REASON_LIMIT, H3_INTERNAL_ERROR, "memory");
    }
}
