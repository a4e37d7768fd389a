/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The limits, in the order in which a packet meets them. */
#include "proto/link/quic/accept.h"

#include "proto/link/quic/conn.h"
#include "proto/link/tls/initial.h"

enum {
    /* Of one address, also if it has proved itself by Retry: it must not take all places. */
    HALF_OPEN_PER_ADDR_MAX = LINK_HALF_OPEN_PER_ADDR * 16,
    /* Microseconds of work that an Initial wastes if it does not open, and if it opens and no
     * connection comes of it. Rather too much than too little. */
    NOISE_COST_US = 10,
    STILLBORN_COST_US = 200,
};

/* So many microseconds of each second may be wasted before all must prove their addresses. */
static const struct bucket_rate waste_rate = {.per_s = LINK_WASTE_US_PER_S,
                                              .burst = LINK_WASTE_US_PER_S};

void accept_init(struct conn_shared *shared, struct mono now)
{
    bucket_init(&shared->waste, &waste_rate, now);
}

/* An Initial came to nothing. The last one may take more than is left. */
static void waste(struct conn_shared *shared, uint64_t cost, struct mono now)
{
    uint64_t left = bucket_level(&shared->waste, &waste_rate, now);

    (void)bucket_take(&shared->waste, &waste_rate, cost < left ? cost : left, now);
}

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

static bool needs_retry(struct conn_shared *shared, const struct dgram *in, struct mono now)
{
    return shared->sessions.stats.half_open >= LINK_HALF_OPEN_RETRY ||
           hub_half_open_count(&shared->tables, &in->remote) >= LINK_HALF_OPEN_PER_ADDR ||
           bucket_level(&shared->waste, &waste_rate, now) < STILLBORN_COST_US;
}

/* A new connection gets its first packet. Returns whether it lives on. */
static bool begin(struct conn_shared *shared, const struct dgram *in, const ngtcp2_pkt_hd *hd,
                  const ngtcp2_cid *odcid, struct mono now)
{
    struct link_conn *c = conn_new(shared, false, &in->local, &in->remote);
    struct handle handle;

    if (c == NULL) {
        shared->sessions.stats.refused_connections++;
        return true;
    }
    handle = c->session.handle;
    hub_half_open_enter(&shared->tables, &c->door, &in->remote);
    if (conn_accept(c, hd, odcid, now) != ERR_OK) {
        conn_die(c);
        return false;
    }
    shared->sessions.stats.accepted++;
    conn_read(c, in, now);
    c = conn_find(&shared->tables, handle);
    return c != NULL && c->phase < CONN_PHASE_CLOSING;
}

void accept_initial(struct conn_shared *shared, uint32_t connection_max, const struct dgram *in,
                    struct mono now)
{
    struct link_stats *stats = &shared->sessions.stats;
    ngtcp2_pkt_hd hd;
    ngtcp2_cid odcid;
    bool proven = false;

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
    if (!proven && needs_retry(shared, in, now)) {
        answer_retry(&shared->answers, in, &hd, now);
        return;
    }
    /* Before anything is made: a connection with its TLS costs much more than this look. */
    if (!initial_opens(&hd, in->data, in->size)) {
        stats->refused_noise++;
        waste(shared, NOISE_COST_US, now);
        return;
    }
    if (!proven) {
        hd.tokenlen = 0; /* a token that does not open counts as none */
    }
    if (!begin(shared, in, &hd, proven ? &odcid : NULL, now)) {
        waste(shared, STILLBORN_COST_US, now);
    }
}
