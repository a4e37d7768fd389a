/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Life of a connection: beginning, reading, timers, end. Its callbacks are in conn_callbacks.c,
 * writing in conn_write.c. */
#include "proto/link/quic/conn.h"

#include "proto/link/quic/address.h"
#include "proto/link/quic/conn_callbacks.h"
#include "proto/link/quic/hub.h"

#include <stdio.h>
#include <string.h>

enum {
    INITIAL_RTT_MS = 100, /* lost Initials are repeated after about three times that */
    ACK_DELAY_MS = 10,
    WINDOW_CONNECTION = 192 * 1024, /* what a stranger may make us keep */
    WINDOW_STREAM = 64 * 1024,
    WINDOW_OPEN_MORE = 448 * 1024, /* on top, for a proven peer: capsules carry datagrams too */
    WINDOW_AUTO_MAX = 2 * 1024 * 1024,
    DATAGRAM_FRAME_SIZE_MAX = 65535,
    CID_LIMIT = 4,
    CLIENT_DCID_SIZE = 18,
    REARM_NS_MIN = 100000, /* a timer that stays due must not spin */
};

/* UDP payload sizes to try, IPv6 headers taken off: ordinary Ethernet first, then jumbo, then
 * between failures what tunnels and access lines leave. ngtcp2 skips those that are known to fail
 * or already exceeded. */
static const uint16_t mtu_probes[] = {1452, CONN_PACKET_SIZE_MAX, 1352, 1444, 1232};

static void write_settings(const struct link_conn *c, ngtcp2_settings *settings,
                           ngtcp2_transport_params *params, struct mono now)
{
    ngtcp2_settings_default(settings);
    /* Tunnelled flows do their own loss recovery, and one in a hundred lost must not cost nine
     * tenths of the rate: at 20 ms and 1 % loss BBR passes 100 Mb/s where Cubic passes 9. */
    settings->cc_algo = NGTCP2_CC_ALGO_BBR;
    settings->initial_ts = now.ns;
    settings->initial_rtt = INITIAL_RTT_MS * NS_PER_MS;
    settings->max_tx_udp_payload_size = CONN_PACKET_SIZE_MAX;
    settings->max_window = WINDOW_AUTO_MAX;
    settings->max_stream_window = WINDOW_AUTO_MAX / 2;
    settings->handshake_timeout = LINK_HANDSHAKE_MS_MAX * NS_PER_MS;
    settings->pmtud_probes = mtu_probes;
    settings->pmtud_probeslen = sizeof(mtu_probes) / sizeof(mtu_probes[0]);
    settings->rand_ctx.native_handle = c->hub;

    ngtcp2_transport_params_default(params);
    params->max_datagram_frame_size = DATAGRAM_FRAME_SIZE_MAX;
    params->max_idle_timeout = LINK_IDLE_MS * NS_PER_MS;
    params->max_ack_delay = ACK_DELAY_MS * NS_PER_MS;
    params->active_connection_id_limit = CID_LIMIT;
    params->initial_max_data = WINDOW_CONNECTION;
    params->initial_max_stream_data_bidi_local = WINDOW_STREAM;
    params->initial_max_stream_data_bidi_remote = WINDOW_STREAM;
    params->initial_max_stream_data_uni = WINDOW_STREAM / 4;
    params->initial_max_streams_bidi = c->dialled ? 0 : CONN_STREAMS_MAX;
    params->initial_max_streams_uni = 3; /* control and QPACK, RFC 9114, section 6.2 */
}

static void random_cid(const struct link_conn *c, ngtcp2_cid *cid, size_t size)
{
    cid->datalen = size;
    env_random(c->hub->env, cid->data, size);
}

/* TLS for a connection whose QUIC object exists. */
static int attach_tls(struct link_conn *c, const char *server_name)
{
    c->tls_ref.get_conn = conn_of_ref;
    c->tls_ref.user_data = c;
    c->tls = tls_session_new(&c->hub->tls, !c->dialled, server_name, &c->tls_ref);
    if (c->tls == NULL) {
        return ERR_NOMEM;
    }
    ngtcp2_conn_set_tls_native_handle(c->quic, c->tls);
    return ERR_OK;
}

/* A dialled connection's own address as ngtcp2 knows it. The true one may be unknown and change
 * under us, so each migration gets a number of its own instead. */
static struct endpoint local_of(const struct link_conn *c, const struct dgram *in)
{
    if (c->dialled) {
        return (struct endpoint){.port = c->path_number};
    }
    return in == NULL ? c->local : in->local;
}

int conn_dial(struct link_conn *c, const char *server_name, struct mono now)
{
    ngtcp2_settings settings;
    ngtcp2_transport_params params;
    struct endpoint local = local_of(c, NULL);
    struct address_path path;
    ngtcp2_cid dcid, scid;

    write_settings(c, &settings, &params, now);
    address_path(&path, &local, &c->remote);
    random_cid(c, &dcid, CLIENT_DCID_SIZE);
    random_cid(c, &scid, CONN_CID_SIZE);
    if (hub_cid_add(c->hub, c, scid.data, scid.datalen) != ERR_OK ||
        ngtcp2_conn_client_new(&c->quic, &dcid, &scid, &path.path, NGTCP2_PROTO_VER_V1,
                               &conn_client_callbacks, &settings, &params, NULL, c) != 0) {
        return ERR_NOMEM;
    }
    ngtcp2_conn_set_keep_alive_timeout(c->quic, LINK_KEEPALIVE_MS * NS_PER_MS);
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
    address_path(&path, &c->local, &c->remote);
    random_cid(c, &scid, CONN_CID_SIZE);
    params.original_dcid = odcid != NULL ? *odcid : hd->dcid;
    params.original_dcid_present = 1;
    if (odcid != NULL) {
        params.retry_scid = hd->dcid;
        params.retry_scid_present = 1;
        settings.token = hd->token;
        settings.tokenlen = hd->tokenlen;
        settings.token_type = NGTCP2_TOKEN_TYPE_RETRY;
    }
    hub_reset_token(c->hub, scid.data, scid.datalen, &reset);
    memcpy(params.stateless_reset_token, reset.data, sizeof(reset.data));
    params.stateless_reset_token_present = 1;
    if (hub_cid_add(c->hub, c, scid.data, scid.datalen) != ERR_OK ||
        hub_cid_add(c->hub, c, hd->dcid.data, hd->dcid.datalen) != ERR_OK ||
        ngtcp2_conn_server_new(&c->quic, &hd->scid, &scid, &path.path, hd->version,
                               &conn_server_callbacks, &settings, &params, NULL, c) != 0) {
        return ERR_NOMEM;
    }
    return attach_tls(c, NULL);
}

void conn_fini(struct link_conn *c)
{
    struct link_hub *hub = c->hub;

    if (c->phase == CONN_PHASE_DEAD) {
        return;
    }
    c->phase = CONN_PHASE_DEAD;
    hub_half_open_leave(hub, c);
    conn_unready(c);
    heap_remove(&hub->timers, &c->timer);
    while (c->cids_count > 0) {
        const uint8_t *cid = c->cids[c->cids_count - 1].bytes;

        hub_cid_remove(hub, c, cid + 1, cid[0]);
    }
    while (c->resets_count > 0) {
        const ngtcp2_stateless_reset_token token = c->resets[c->resets_count - 1];

        hub_reset_remove(hub, c, &token);
    }
    h3_fini(&c->h3);
    link_session_fini(c);
    ngtcp2_conn_del(c->quic);
    tls_session_free(c->tls);
    c->quic = NULL;
    c->tls = NULL;
    hub->stats.connections--;
}

void conn_die(struct link_conn *c)
{
    conn_fini(c);
    if (!c->announced || c->closed_polled) {
        hub_conn_release(c->hub, c);
    }
}

void conn_close(struct link_conn *c, enum link_reason reason, uint64_t code, const char *text)
{
    struct link_hub *hub = c->hub;

    if (c->reason != LINK_REASON_NONE) {
        return;
    }
    c->reason = reason;
    c->close_code = code;
    (void)snprintf(c->close_text, sizeof(c->close_text), "%s", text == NULL ? "" : text);
    c->phase = CONN_PHASE_CLOSING;
    hub_half_open_leave(hub, c);
    hub->stats.closed++;
    if (reason == LINK_REASON_PROTOCOL) {
        hub->stats.protocol_errors++;
    }
    env_trace(hub->env, TRACE_LEVEL_DEBUG, "link.close", "dialled=%d reason=%d text=%s", c->dialled,
              (int)reason, c->close_text);
    if (c->announced) {
        hub_event(hub, LINK_EVENT_CLOSED, c, NULL, 0, NULL, 0);
    }
    conn_ready(c);
}

/* End without a packet: there is nobody to hear it. */
static void end_silently(struct link_conn *c, enum link_reason reason)
{
    conn_close(c, reason, H3_NO_ERROR, "");
    conn_die(c);
}

void conn_failed(struct link_conn *c, int liberr)
{
    enum link_reason reason = LINK_REASON_PROTOCOL;

    if (liberr == NGTCP2_ERR_CRYPTO) {
        reason = LINK_REASON_TLS;
    } else if (liberr == NGTCP2_ERR_NOMEM) {
        reason = LINK_REASON_LIMIT;
    }
    if (c->reason == LINK_REASON_NONE) {
        c->close_liberr = liberr;
    }
    conn_close(c, reason, H3_INTERNAL_ERROR, ngtcp2_strerror(liberr));
}

/* The peer closed, or a stateless reset came (then the reason is already set). */
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
            answer_retry(c->hub, in, &hd, now);
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

/* A genuine packet arrived: the path is alive. */
static void note_answer(struct link_conn *c)
{
    ngtcp2_conn_info info;

    ngtcp2_conn_get_conn_info2(c->quic, &info);
    if (info.pkt_recv == c->packets_received) {
        return;
    }
    c->packets_received = info.pkt_recv;
    c->unanswered_since = MONO_NEVER;
    c->stalled = false;
    if (c->probing) {
        c->probing = false;
        ngtcp2_conn_set_keep_alive_timeout(c->quic, LINK_KEEPALIVE_MS * NS_PER_MS);
    }
}

void conn_read(struct link_conn *c, const struct dgram *in, struct mono now)
{
    struct endpoint local = local_of(c, in);
    struct address_path path;
    ngtcp2_pkt_info info = {.ecn = 0};
    int rv;

    if (c->phase >= CONN_PHASE_CLOSING) {
        return;
    }
    address_path(&path, &local, &in->remote);
    rv = ngtcp2_conn_read_pkt(c->quic, &path.path, &info, in->data, in->size, now.ns);
    if (rv != 0) {
        read_failed(c, rv, in, now);
        return;
    }
    if (c->dialled) {
        note_answer(c);
    }
    conn_ready(c);
}

static struct mono stall_deadline(const struct link_conn *c)
{
    uint64_t wait_ns;

    if (c->stalled || c->phase != CONN_PHASE_OPEN || c->unanswered_since.ns == MONO_NEVER.ns) {
        return MONO_NEVER;
    }
    wait_ns = 3 * conn_rtt_ns(c);
    if (wait_ns < CONN_STALL_MS * NS_PER_MS) {
        wait_ns = CONN_STALL_MS * NS_PER_MS;
    }
    return mono_add_ns(c->unanswered_since, wait_ns);
}

/* Instant at which the timer must fire next. */
static struct mono next_deadline(const struct link_conn *c)
{
    struct mono deadline = {ngtcp2_conn_get_expiry2(c->quic)};

    if (c->phase < CONN_PHASE_OPEN) {
        deadline = mono_min(deadline, c->hello_deadline);
    }
    deadline = mono_min(deadline, path_size_deadline(&c->path_size));
    return mono_min(deadline, stall_deadline(c));
}

void conn_rearm(struct link_conn *c, struct mono now)
{
    struct mono deadline = next_deadline(c);

    if (mono_due(deadline, now)) {
        deadline = mono_add_ns(now, REARM_NS_MIN);
    }
    if (heap_set(&c->hub->timers, &c->timer, deadline) != ERR_OK) {
        conn_close(c, LINK_REASON_LIMIT, H3_INTERNAL_ERROR, "memory");
    }
}

void conn_expire(struct link_conn *c, struct mono now)
{
    int rv;

    if (c->phase >= CONN_PHASE_CLOSING) {
        conn_ready(c);
        return;
    }
    if (c->phase < CONN_PHASE_OPEN && mono_due(c->hello_deadline, now)) {
        conn_close(c, LINK_REASON_TIMEOUT, H3_NO_ERROR, "no session in time");
        return;
    }
    if (mono_due(stall_deadline(c), now)) {
        c->stalled = true;
        hub_event(c->hub, LINK_EVENT_STALLED, c, NULL, 0, NULL, 0);
    }
    if (mono_due((struct mono){ngtcp2_conn_get_expiry2(c->quic)}, now)) {
        rv = ngtcp2_conn_handle_expiry(c->quic, now.ns);
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

/*
 * Both exporter values are taken, and TLS has nothing more to say: ngtcp2 keeps the handshake's
 * bytes that it may have to repeat, and the secrets from which new keys come. What TLS would hold
 * until the end is a quarter of an idle session's memory.
 */
static void end_tls(struct link_conn *c)
{
    ngtcp2_conn_set_tls_native_handle(c->quic, NULL);
    tls_session_free(c->tls);
    c->tls = NULL;
}

void conn_opened(struct link_conn *c)
{
    c->phase = CONN_PHASE_OPEN;
    c->announced = true;
    hub_half_open_leave(c->hub, c);
    c->hub->stats.opened++;
    end_tls(c);
    (void)ngtcp2_conn_extend_max_stream_offset(c->quic, h3_session_stream(&c->h3),
                                               WINDOW_OPEN_MORE);
    ngtcp2_conn_extend_max_offset(c->quic, WINDOW_OPEN_MORE);
}

void conn_ready(struct link_conn *c)
{
    struct link_hub *hub = c->hub;

    if (c->ready || c->phase == CONN_PHASE_DEAD) {
        return;
    }
    c->ready = true;
    c->ready_next = NULL;
    c->ready_previous = hub->ready_last;
    if (hub->ready_last != NULL) {
        hub->ready_last->ready_next = c;
    } else {
        hub->ready_first = c;
    }
    hub->ready_last = c;
}

void conn_unready(struct link_conn *c)
{
    struct link_hub *hub = c->hub;

    if (!c->ready) {
        return;
    }
    c->ready = false;
    if (c->ready_previous != NULL) {
        c->ready_previous->ready_next = c->ready_next;
    } else {
        hub->ready_first = c->ready_next;
    }
    if (c->ready_next != NULL) {
        c->ready_next->ready_previous = c->ready_previous;
    } else {
        hub->ready_last = c->ready_previous;
    }
}

void conn_migrate(struct link_conn *c, const struct endpoint *local, struct mono now)
{
    struct endpoint virtual;
    struct address_path path;

    c->local = *local;
    if (ngtcp2_conn_get_handshake_completed2(c->quic)) {
        virtual = (struct endpoint){.port = (uint16_t)(c->path_number + 1)};
        address_path(&path, &virtual, &c->remote);
        if (ngtcp2_conn_initiate_immediate_migration(c->quic, &path.path, now.ns) == 0) {
            c->path_number = virtual.port;
            path_size_reset(&c->path_size);
        }
    }
    /* A path challenge alone does not move the server's side; a PING does. Where ngtcp2 has no
     * spare connection id left, the PING alone must do. */
    c->probing = true;
    ngtcp2_conn_set_keep_alive_timeout(c->quic, NS_PER_MS);
    conn_ready(c);
}

uint64_t conn_rtt_ns(const struct link_conn *c)
{
    ngtcp2_conn_info info;

    ngtcp2_conn_get_conn_info2(c->quic, &info);
    return info.smoothed_rtt;
}
