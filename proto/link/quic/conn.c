/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QUIC's settings, and what follows from each result of reading a packet or of a timer. */
#include "proto/link/quic/conn.h"

#include "proto/link/quic/address.h"
#include "proto/link/quic/conn_callbacks.h"
#include "proto/link/quic/conn_carrier.h"
#include "proto/link/quic/conn_moves.h"
#include "proto/link/quic/conn_received.h"
#include "proto/link/quic/conn_settle.h"
#include "proto/link/quic/conn_timer.h"
#include "proto/link/quic/h3.h"
#include "proto/link/quic/h3_request.h"

#include <string.h>

enum {
    INITIAL_RTT_MS = 100, /* a lost Initial is repeated after about three times that */
    ACK_DELAY_MS = 10,
    /* Flow control: bytes that a peer may send before we have read them. */
    WINDOW_CONNECTION = 192 * 1024,
    WINDOW_STREAM = 64 * 1024,
    WINDOW_AUTO_MAX = 2 * 1024 * 1024, /* to which ngtcp2 lets a window grow with the rate */
    DATAGRAM_FRAME_SIZE_MAX = 65535,
    CID_LIMIT = 4,         /* connection ids of the peer that we keep at once */
    CLIENT_DCID_SIZE = 18, /* random, of the first packets */
};

/* UDP payload sizes that ngtcp2 tries, in this order (path MTU discovery): Ethernet with IPv6,
 * jumbo frames, then what tunnels and access lines leave. It skips sizes below one that passed and
 * above one that failed. path_size.c tries the same sizes. */
static const uint16_t mtu_sizes[] = {1452, LINK_PACKET_SIZE_MAX, 1352, 1444, 1232};

static void write_settings(const struct link_conn *c, ngtcp2_settings *settings,
                           ngtcp2_transport_params *params, struct mono now)
{
    ngtcp2_settings_default(settings);
    /* Tunnelled flows have their own loss recovery, so a little loss must not cost most of the
     * rate: at 20 ms and 1 % loss BBR passes 100 Mb/s, and Cubic 9. */
    settings->cc_algo = NGTCP2_CC_ALGO_BBR;
    settings->initial_ts = now.ns;
    settings->initial_rtt = INITIAL_RTT_MS * NS_PER_MS;
    settings->max_tx_udp_payload_size = LINK_PACKET_SIZE_MAX;
    settings->max_window = WINDOW_AUTO_MAX;
    settings->max_stream_window = WINDOW_AUTO_MAX / 2;
    settings->handshake_timeout = LINK_HANDSHAKE_MS_MAX * NS_PER_MS;
    settings->pmtud_probes = mtu_sizes;
    settings->pmtud_probeslen = sizeof(mtu_sizes) / sizeof(mtu_sizes[0]);
    settings->rand_ctx.native_handle = c->shared;

    ngtcp2_transport_params_default(params);
    params->max_datagram_frame_size = DATAGRAM_FRAME_SIZE_MAX;
    params->max_idle_timeout = LINK_IDLE_MS * NS_PER_MS;
    params->max_ack_delay = ACK_DELAY_MS * NS_PER_MS;
    params->active_connection_id_limit = CID_LIMIT;
    params->initial_max_data = WINDOW_CONNECTION;
    params->initial_max_stream_data_bidi_local = WINDOW_STREAM;
    params->initial_max_stream_data_bidi_remote = WINDOW_STREAM;
    params->initial_max_stream_data_uni = WINDOW_STREAM / 4;
    params->initial_max_streams_bidi = c->carrier.dialled ? 0 : H3_STREAMS_MAX;
    params->initial_max_streams_uni = 3; /* control and QPACK, RFC 9114, section 6.2 */
}

static void random_cid(const struct link_conn *c, ngtcp2_cid *cid, size_t size)
{
    cid->datalen = size;
    env_random(c->shared->env, cid->data, size);
}

/* TLS for a connection whose QUIC object exists. */
static int attach_tls(struct link_conn *c, const char *server_name)
{
    c->tls.ref.get_conn = conn_of_ref;
    c->tls.ref.user_data = c;
    c->tls.session =
        tls_session_new(&c->shared->tls, !c->carrier.dialled, server_name, &c->tls.ref);
    if (c->tls.session == NULL) {
        return ERR_NOMEM;
    }
    ngtcp2_conn_set_tls_native_handle(c->quic, c->tls.session);
    return ERR_OK;
}

/* The local address of a dialled connection that ngtcp2 is told. The true one may be unknown, and
 * may change without our doing; so ngtcp2 sees a virtual one, which changes when we migrate. */
static struct endpoint virtual_local(uint16_t number)
{
    return (struct endpoint){.port = number};
}

struct link_conn *conn_new(struct conn_shared *shared, bool dialled, const struct endpoint *local,
                           const struct endpoint *remote)
{
    struct handle handle;
    struct link_conn *c = slab_take(shared->tables.conns, &handle);

    if (c == NULL) {
        return NULL;
    }
    c->shared = shared;
    c->carrier = (struct carrier){.ops = &conn_carrier_ops, .dialled = dialled, .remote = *remote};
    c->path.local = *local;
    c->timer.created_at = shared->now;
    c->timer.hello_deadline = mono_add_ms(shared->now, LINK_HANDSHAKE_MS_MAX);
    c->watch.unanswered_since = MONO_NEVER;
    c->watch.keepalive_ms = LINK_KEEPALIVE_MS;
    link_session_init(&c->session, &shared->sessions, &c->carrier, handle);
    h3_init(&c->h3, dialled, &shared->inbox);
    shared->sessions.stats.connections++;
    return c;
}

int conn_dial(struct link_conn *c, const char *server_name, struct mono now)
{
    ngtcp2_settings settings;
    ngtcp2_transport_params params;
    struct endpoint local = virtual_local(c->path.number);
    struct address_path path;
    ngtcp2_cid dcid, scid;
    int rc;

    rc = h3_request_authority(&c->h3, server_name, &c->carrier.remote);
    if (rc != ERR_OK) {
        return rc;
    }
    write_settings(c, &settings, &params, now);
    address_path(&path, &local, &c->carrier.remote);
    random_cid(c, &dcid, CLIENT_DCID_SIZE);
    random_cid(c, &scid, HUB_CID_SIZE);
    if (hub_cid_add(&c->shared->tables, c, &c->ids, scid.data, scid.datalen) != ERR_OK ||
        ngtcp2_conn_client_new(&c->quic, &dcid, &scid, &path.path, NGTCP2_PROTO_VER_V1,
                               &conn_client_callbacks, &settings, &params, NULL, c) != 0) {
        return ERR_NOMEM;
    }
    ngtcp2_conn_set_keep_alive_timeout(c->quic, c->watch.keepalive_ms * NS_PER_MS);
    return attach_tls(c, server_name);
}

int conn_accept(struct link_conn *c, const ngtcp2_pkt_hd *hd, const ngtcp2_cid *odcid,
                struct mono now)
{
    ngtcp2_settings settings;
    ngtcp2_transport_params params;
    ngtcp2_stateless_reset_token reset;
    struct address_path path;
    ngtcp2_cid scid;

    write_settings(c, &settings, &params, now);
    address_path(&path, &c->path.local, &c->carrier.remote);
    random_cid(c, &scid, HUB_CID_SIZE);
    params.original_dcid = odcid != NULL ? *odcid : hd->dcid;
    params.original_dcid_present = 1;
    if (odcid != NULL) {
        params.retry_scid = hd->dcid;
        params.retry_scid_present = 1;
        settings.token = hd->token;
        settings.tokenlen = hd->tokenlen;
        settings.token_type = NGTCP2_TOKEN_TYPE_RETRY;
    }
    answer_reset_token(&c->shared->answers, scid.data, scid.datalen, &reset);
    memcpy(params.stateless_reset_token, reset.data, sizeof(reset.data));
    params.stateless_reset_token_present = 1;
    if (hub_cid_add(&c->shared->tables, c, &c->ids, scid.data, scid.datalen) != ERR_OK ||
        hub_cid_add(&c->shared->tables, c, &c->ids, hd->dcid.data, hd->dcid.datalen) != ERR_OK ||
        ngtcp2_conn_server_new(&c->quic, &hd->scid, &scid, &path.path, hd->version,
                               &conn_server_callbacks, &settings, &params, NULL, c) != 0) {
        return ERR_NOMEM;
    }
    return attach_tls(c, NULL);
}

/* End without a last packet, because nobody would read it. */
static void end_silently(struct link_conn *c, enum link_reason reason)
{
    conn_close(c, reason, H3_NO_ERROR, "");
    conn_die(c);
}

/* Why the peer closed. (After a stateless reset this does not matter: on_reset has noted the
 * reason, and the session has ended with it.) */
static enum link_reason draining_reason(const struct link_conn *c)
{
    const ngtcp2_ccerr *err = ngtcp2_conn_get_ccerr2(c->quic);

    if (err->type == NGTCP2_CCERR_TYPE_TRANSPORT && (err->error_code & ~UINT64_C(0xff)) == 0x100) {
        return LINK_REASON_TLS; /* CRYPTO_ERROR, RFC 9001, section 4.8 */
    }
    return LINK_REASON_PEER;
}

static void read_failed(struct link_conn *c, int rv, const struct dgram *in, struct mono now)
{
    ngtcp2_pkt_hd hd;

    switch (rv) {
    case NGTCP2_ERR_DRAINING:
        end_silently(c, draining_reason(c));
        break;
    case NGTCP2_ERR_RETRY:
        if (ngtcp2_accept(&hd, in->data, in->size) == 0) {
            answer_retry(&c->shared->answers, in, &hd, now);
        }
        end_silently(c, LINK_REASON_PROTOCOL);
        break;
    case NGTCP2_ERR_DROP_CONN:
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
        end_silently(c, LINK_REASON_PROTOCOL);
        break;
    default:
        conn_failed(c, rv);
        break;
    }
}

static void note_heard(struct link_conn *c, struct mono now)
{
    uint64_t silence_ms = mono_ms_between(c->watch.heard_at, now);

    if (silence_ms >= LINK_SILENCE_MS && c->watch.heard_at.ns != 0) {
        c->watch.silence_ms = silence_ms;
    }
    c->watch.heard_at = now;
}

/* A packet was read. If it was genuine, the peer has answered. */
static void note_answer(struct link_conn *c)
{
    uint64_t received = conn_packets_received(c);

    if (received == c->watch.packets_received) {
        return;
    }
    c->watch.packets_received = received;
    c->watch.unanswered_since = MONO_NEVER;
    if (c->watch.stalled) {
        c->watch.stalled = false;
        link_session_on_revived(&c->session);
    }
    if (c->watch.pinging) {
        c->watch.pinging = false;
        ngtcp2_conn_set_keep_alive_timeout(c->quic, c->watch.keepalive_ms * NS_PER_MS);
    }
}

void conn_read(struct link_conn *c, const struct dgram *in, struct mono now)
{
    struct endpoint local = c->carrier.dialled ? virtual_local(c->path.number) : in->local;
    struct address_path path;
    ngtcp2_pkt_info info = {.ecn = 0};
    int rv;

    if (c->phase >= CONN_PHASE_CLOSING) {
        return;
    }
    address_path(&path, &local, &in->remote);
#if OLDER_QUIC
    uint64_t mark = conn_received_mark();
#endif
    rv = ngtcp2_conn_read_pkt(c->quic, &path.path, &info, in->data, in->size, now.ns);
#if OLDER_QUIC
    conn_received_since(c, mark);
#endif
    conn_moves_look(c, now);
    conn_settle(c);
    if (rv != 0) {
        read_failed(c, rv, in, now);
        return;
    }
    note_heard(c, now);
    if (conn_is_watched(c)) {
        note_answer(c);
    }
    conn_ready(c);
}

void conn_expire(struct link_conn *c, struct mono now)
{
    int rv;

    if (c->phase >= CONN_PHASE_CLOSING) {
        conn_ready(c);
        return;
    }
    if (c->phase < CONN_PHASE_OPEN && mono_due(c->timer.hello_deadline, now)) {
        conn_close(c, LINK_REASON_TIMEOUT, H3_NO_ERROR, "no session in time");
        return;
    }
    if (mono_due(conn_stall_deadline(c), now)) {
        c->watch.stalled = true;
        link_session_on_stalled(&c->session);
    }
    if (mono_due((struct mono){ngtcp2_conn_get_expiry2(c->quic)}, now)) {
        rv = ngtcp2_conn_handle_expiry(c->quic, now.ns);
        conn_settle(c);
        if (rv == NGTCP2_ERR_IDLE_CLOSE || rv == NGTCP2_ERR_HANDSHAKE_TIMEOUT) {
            end_silently(c, LINK_REASON_TIMEOUT);
            return;
        }
        if (rv != 0) {
            conn_failed(c, rv);
            return;
        }
    }
    conn_ready(c);
}

void conn_migrate(struct link_conn *c, const struct endpoint *local, struct mono now)
{
    uint16_t number = (uint16_t)(c->path.number + 1);
    struct endpoint virtual = virtual_local(number);
    struct address_path path;

    c->path.local = *local;
    if (ngtcp2_conn_get_handshake_completed2(c->quic)) {
        address_path(&path, &virtual, &c->carrier.remote);
        if (ngtcp2_conn_initiate_immediate_migration(c->quic, &path.path, now.ns) == 0) {
            c->path.number = number;
            path_size_reset(&c->path.size);
        }
    }
    /* The server follows a PING from the new address, but no PATH_CHALLENGE alone (RFC 9000,
     * section 9.1). The PING also has to do where ngtcp2 cannot migrate, as it has no spare
     * connection id. */
    conn_ping(c);
}

void conn_ping(struct link_conn *c)
{
    if (!c->watch.pinging) {
        c->watch.unanswered_since = MONO_NEVER; /* what was lost before says nothing about now */
    }
    c->watch.pinging = true;
    ngtcp2_conn_set_keep_alive_timeout(c->quic, NS_PER_MS);
    conn_ready(c);
}

void conn_keepalive(struct link_conn *c, uint32_t ms)
{
    if (c->watch.keepalive_ms == ms) {
        return;
    }
    c->watch.keepalive_ms = ms;
    if (!c->watch.pinging) {
        ngtcp2_conn_set_keep_alive_timeout(c->quic, ms * NS_PER_MS);
        conn_ready(c);
    }
}
