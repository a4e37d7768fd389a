/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each operation of the port in terms of ngtcp2 and HTTP/3. */
#include "proto/link/quic/conn_carrier.h"

#include "proto/link/quic/conn_received.h"
#include "proto/link/quic/h3.h"

#include <assert.h>

static_assert((int)CARRIER_EXPORTER_SIZE == (int)TLS_EXPORTER_SIZE, "one exporter value");
static_assert((int)LINK_SPKI_SIZE == (int)CERT_SPKI_SIZE, "one hash of keys");
static_assert((int)LINK_TLS_SEED_SIZE == (int)CERT_SEED_SIZE, "one seed of keys");

enum {
    /* Added for an open session, because its capsules carry datagrams, too. */
    WINDOW_OPEN_MORE = 448 * 1024,
    /* Of a packet with one DATAGRAM frame, but for the connection id: first byte, packet number,
     * tag, frame type, length. */
    DGRAM_OVERHEAD = 1 + 4 + 16 + 1 + 2,
    FRAME_HEAD_SIZE = 3, /* frame type and length, which max_datagram_frame_size includes */
};

static struct link_conn *conn_of(struct carrier *carrier)
{
    return CONN_OF(carrier, carrier);
}

static const struct link_conn *conn_seen(const struct carrier *carrier)
{
    return (const void *)((const char *)carrier - offsetof(struct link_conn, carrier));
}

static int put(struct carrier *carrier, const void *head, size_t head_size, const void *body,
               size_t body_size)
{
    struct link_conn *c = conn_of(carrier);
    int rc = h3_session_put(&c->h3, head, head_size, body, body_size);

    conn_ready(c);
    return rc;
}

static size_t waiting(const struct carrier *carrier)
{
    return h3_session_waiting(&conn_seen(carrier)->h3);
}

static void wake(struct carrier *carrier)
{
    conn_ready(conn_of(carrier));
}

size_t conn_datagram_overhead(const struct link_conn *c)
{
    return DGRAM_OVERHEAD + ngtcp2_conn_get_dcid2(c->quic)->datalen;
}

/* A packet may be as large as ngtcp2 has found that the path takes, or smaller if such packets are
 * lost (path_size.h). */
static size_t datagram_room(const struct carrier *carrier)
{
    const struct link_conn *c = conn_seen(carrier);
    const ngtcp2_transport_params *peer = ngtcp2_conn_get_remote_transport_params2(c->quic);
    size_t overhead = conn_datagram_overhead(c);
    size_t size =
        path_size_cap(&c->path.size, ngtcp2_conn_get_path_max_tx_udp_payload_size2(c->quic));

    if (peer == NULL || !c->h3.peer_datagrams || size <= overhead) {
        return 0;
    }
    size -= overhead;
    if (peer->max_datagram_frame_size < size + FRAME_HEAD_SIZE) {
        size = peer->max_datagram_frame_size < FRAME_HEAD_SIZE
                   ? 0
                   : (size_t)peer->max_datagram_frame_size - FRAME_HEAD_SIZE;
    }
    return size > sizeof(c->prefix) ? size - c->prefix_size : 0;
}

static int exporter(struct carrier *carrier, uint8_t out[CARRIER_EXPORTER_SIZE])
{
    struct link_conn *c = conn_of(carrier);

    return c->tls.session == NULL ? ERR_SESSION : tls_export(c->tls.session, out);
}

static int peer_spki(struct carrier *carrier, uint8_t out[LINK_SPKI_SIZE])
{
    struct link_conn *c = conn_of(carrier);

    return c->tls.session == NULL ? ERR_SESSION : tls_peer_spki(c->tls.session, out);
}

/*
 * Nobody asks for the exporter value again, so TLS goes: it would hold a quarter of an idle
 * session's memory to the end. ngtcp2 itself keeps the bytes of the handshake that it may have to
 * repeat, and the secrets from which new keys come.
 *
 * The stream may be gone although its bytes are read only now: the packet that brought the Hello
 * can have closed it as well.
 */
static void opened(struct carrier *carrier)
{
    struct link_conn *c = conn_of(carrier);

    c->phase = CONN_PHASE_OPEN;
    hub_half_open_leave(&c->shared->tables, &c->door);
    conn_end_tls(c);
    if (c->h3.session != NULL) {
        (void)ngtcp2_conn_extend_max_stream_offset(c->quic, c->h3.session->id, WINDOW_OPEN_MORE);
    }
    ngtcp2_conn_extend_max_offset(c->quic, WINDOW_OPEN_MORE);
}

static uint64_t rtt_ns(const struct carrier *carrier)
{
    return conn_round_trip_ns(conn_seen(carrier));
}

static void close(struct carrier *carrier, enum link_reason reason, enum carrier_fault fault,
                  const char *text)
{
    static const uint64_t codes[] = {
        [CARRIER_FAULT_INTERNAL] = H3_INTERNAL_ERROR,
        [CARRIER_FAULT_PROTOCOL] = H3_GENERAL_PROTOCOL_ERROR,
        [CARRIER_FAULT_LOAD] = H3_EXCESSIVE_LOAD,
        [CARRIER_FAULT_REJECTED] = H3_REQUEST_REJECTED,
    };

    conn_close(conn_of(carrier), reason, codes[fault], text);
}

const struct carrier_ops conn_carrier_ops = {
    .put = put,
    .waiting = waiting,
    .wake = wake,
    .datagram_room = datagram_room,
    .exporter = exporter,
    .peer_spki = peer_spki,
    .opened = opened,
    .rtt_ns = rtt_ns,
    .close = close,
};
