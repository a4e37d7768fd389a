/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The limits, in the order in which a packet meets them. */
#include "proto/link/quic/accept.h"

#include "proto/link/quic/conn.h"

enum {
    /* Of one address, also if it has proved itself by Retry: it must not take all places. */
    HALF_OPEN_PER_ADDR_MAX = LINK_HALF_OPEN_PER_ADDR * 16,
};

/* True if the limits let one more half-open connection in; counted if not. */
static bool has_room(struct conn_shared *shared, uint32_t connection_max, const struct dgram *in)
{
    struct link_stats *stats = &shared->sessions.stats;

    if (stats->half_open >= LINK_HALF_OPEN_MAX) {
        stats->refused_half_open++;
        return false;
    }
    if (hub_half_open_count(&shared->tables, &in->remote) >= HALF_OPEN_PER_ADDR_MAX) {
        stats->refused_per_addr++;
        return false;
    }
    if (stats->connections >= connection_max) {
        stats->refused_connections++;
        return false;
    }
    return true;
}

static bool needs_retry(const struct conn_shared *shared, const struct dgram *in)
{
    return shared->sessions.stats.half_open >= LINK_HALF_OPEN_RETRY ||
           hub_half_open_count(&shared->tables, &in->remote) >= LINK_HALF_OPEN_PER_ADDR;
}

void accept_initial(struct conn_shared *shared, uint32_t connection_max, const struct dgram *in,
                    struct mono now)
{
    struct link_stats *stats = &shared->sessions.stats;
    ngtcp2_pkt_hd hd;
    ngtcp2_cid odcid;
    bool proven = false;
    struct link_conn *c;

    if (ngtcp2_accept(&hd, in->data, in->size) != 0) {
        return;
    }
    if (hd.tokenlen > 0) {
        proven = retry_token_open(&odcid, &shared->answers.token_key, hd.token, hd.tokenlen,
                                  &in->remote, &hd.dcid, now) == ERR_OK;
    }
    if (!has_room(shared, connection_max, in)) {
        return;
    }
    if (!proven && needs_retry(shared, in)) {
        answer_retry(&shared->answers, in, &hd, now);
        return;
    }
    c = conn_new(shared, false, &in->local, &in->remote);
    if (c == NULL) {
        stats->refused_connections++;
        return;
    }
    hub_half_open_enter(&shared->tables, &c->door, &in->remote);
    if (!proven) {
        hd.tokenlen = 0; /* a token that does not open counts as none */
    }
    if (conn_accept(c, &hd, proven ? &odcid : NULL, now) != ERR_OK) {
        conn_die(c);
        return;
    }
    stats->accepted++;
    conn_read(c, in, now);
}
