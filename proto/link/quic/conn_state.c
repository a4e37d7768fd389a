/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a connection ends: it is closed, freed and released. */
#include "proto/link/quic/conn_state.h"

#include "proto/base/bytes.h"
#include "proto/link/quic/h3.h"

#include <stdio.h>

struct link_conn *conn_find(const struct hub_tables *tables, struct handle handle)
{
    struct link_conn *c = slab_at(tables->conns, handle);

    return c == NULL || c->phase >= CONN_PHASE_CLOSING ? NULL : c;
}

void conn_ready(struct link_conn *c)
{
    if (c->phase != CONN_PHASE_DEAD) {
        hub_ready_enter(&c->shared->tables, &c->turn);
    }
}

void conn_close(struct link_conn *c, enum link_reason reason, uint64_t code, const char *text)
{
    if (c->session.state == SESSION_STATE_ENDED) {
        return;
    }
    c->farewell.code = code;
    (void)snprintf(c->farewell.text, sizeof(c->farewell.text), "%s", text == NULL ? "" : text);
    c->phase = CONN_PHASE_CLOSING;
    hub_half_open_leave(&c->shared->tables, &c->door);
    link_session_end(&c->session, reason, c->farewell.text);
    conn_ready(c);
}

void conn_failed(struct link_conn *c, int liberr)
{
    enum link_reason reason = LINK_REASON_PROTOCOL;

    if (liberr == NGTCP2_ERR_CRYPTO) {
        reason = LINK_REASON_TLS;
    } else if (liberr == NGTCP2_ERR_NOMEM) {
        reason = LINK_REASON_LIMIT;
    }
    if (c->session.state != SESSION_STATE_ENDED) {
        c->farewell.liberr = liberr;
    }
    conn_close(c, reason, H3_INTERNAL_ERROR, ngtcp2_strerror(liberr));
}

void conn_end_tls(struct link_conn *c)
{
    if (c->quic != NULL) {
        ngtcp2_conn_set_tls_native_handle(c->quic, NULL);
    }
    tls_session_free(c->tls.session);
    c->tls.session = NULL;
}

void conn_fini(struct link_conn *c)
{
    struct conn_shared *shared = c->shared;

    if (c->phase == CONN_PHASE_DEAD) {
        return;
    }
    c->phase = CONN_PHASE_DEAD;
    hub_half_open_leave(&shared->tables, &c->door);
    hub_ready_leave(&shared->tables, &c->turn);
    heap_remove(&shared->tables.timers, &c->timer.entry);
    hub_ids_clear(&shared->tables, &c->ids);
    h3_fini(&c->h3);
    link_session_fini(&c->session);
    ngtcp2_conn_del(c->quic);
    tls_session_free(c->tls.session);
    c->quic = NULL;
    c->tls.session = NULL;
    shared->sessions.stats.connections--;
}

void conn_die(struct link_conn *c)
{
    conn_fini(c);
    if (!c->session.announced || c->session.closed_polled) {
        conn_release(c);
    }
}

void conn_release(struct link_conn *c)
{
    CHECK(!c->turn.ready && c->timer.entry.position == 0);
    reset_ledger_strike(&c->shared->ledger, c->session.handle.index);
    slab_release(c->shared->tables.conns, c->session.handle);
}
