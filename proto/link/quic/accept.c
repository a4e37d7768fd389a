/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Initial packets of connections that the hub does not know: the doors and their limits. */
#include "proto/link/quic/hub.h"

#include <string.h>

enum {
    /* Even with proven addresses, one address may not fill the house. */
    HALF_OPEN_PER_ADDR_MAX = LINK_HALF_OPEN_PER_ADDR * 16,
};

/* True if the limits let one more half-open connection in; counted if not. */
static bool has_room(struct link_hub *hub, const struct dgram *in)
{
    if (hub->stats.half_open >= LINK_HALF_OPEN_MAX) {
        hub->stats.refused_half_open++;
        return false;
    }
    if (hub_half_open_count(hub, &in->remote) >= HALF_OPEN_PER_ADDR_MAX) {
        hub->stats.refused_per_addr++;
        return false;
    }
    if (hub->stats.connections >= hub->cfg.connection_max) {
        hub->stats.refused_connections++;
        return false;
    }
    return true;
}

static bool needs_retry(const struct link_hub *hub, const struct dgram *in)
{
    return hub->stats.half_open >= LINK_HALF_OPEN_RETRY ||
           hub_half_open_count(hub, &in->remote) >= LINK_HALF_OPEN_PER_ADDR;
}

void hub_accept(struct link_hub *hub, const struct dgram *in, struct mono now)
{
    ngtcp2_pkt_hd hd;
    ngtcp2_cid odcid;
    bool proven = false;
    struct link_conn *c;

    if (ngtcp2_accept(&hd, in->data, in->size) != 0) {
        return;
    }
    if (hd.tokenlen > 0) {
        proven = retry_token_open(&odcid, &hub->token_key, hd.token, hd.tokenlen, &in->remote,
                                  &hd.dcid, now) == ERR_OK;
    }
    if (!has_room(hub, in)) {
        return;
    }
    if (!proven && needs_retry(hub, in)) {
        answer_retry(hub, in, &hd, now);
        return;
    }
    c = hub_conn_take(hub, false);
    if (c == NULL) {
        hub->stats.refused_connections++;
        return;
    }
    c->local = in->local;
    c->remote = in->remote;
    hub_half_open_enter(hub, c);
    if (!proven) {
        hd.tokenlen = 0; /* not ours: an unknown token is as good as none */
    }
    if (conn_accept(c, &hd, proven ? &odcid : NULL, now) != ERR_OK) {
        conn_fini(c);
        hub_conn_release(hub, c);
        return;
    }
    hub->stats.accepted++;
    conn_read(c, in, now);
}
