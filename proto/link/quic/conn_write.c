/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filling packets: stream bytes first (control is small and urgent), then datagrams, as many into
 * one packet as fit. */
#include "proto/link/quic/address.h"
#include "proto/link/quic/conn.h"
#include "proto/link/quic/hub.h"

#include <string.h>

enum {
    FRAGMENTS_MAX = 8,
    LARGE_EVERY = 8,
    WRITE_AGAIN = 1, /* verdicts of write_stream and write_dgram besides ngtcp2's */
    /* Around the payload of a DATAGRAM frame that is alone in its packet: first byte, packet
     * number, tag, frame type, length (14 bits). */
    DGRAM_OVERHEAD = 1 + 4 + 16 + 1 + 2,
    NEXT_OVERHEAD = 3, /* of one more in the same packet */
};

/* One packet being written. */
struct packet_place {
    ngtcp2_path_storage path;
    uint8_t *bytes;
    size_t capacity; /* it may become that large */
    size_t used;     /* by frames that were added, roughly */
    struct mono now;
    bool again; /* something was added, or proved impossible: ask for more */
};

/* Largest UDP payload that is sent now: what ngtcp2 found, less where it is found to be lost. */
static size_t packet_size(const struct link_conn *c)
{
    return path_size_cap(&c->path_size, ngtcp2_conn_get_path_max_tx_udp_payload_size2(c->quic));
}

static size_t dgram_overhead(const struct link_conn *c)
{
    return DGRAM_OVERHEAD + ngtcp2_conn_get_dcid2(c->quic)->datalen;
}

size_t conn_datagram_size(const struct link_conn *c)
{
    const ngtcp2_transport_params *peer = ngtcp2_conn_get_remote_transport_params2(c->quic);
    size_t overhead = dgram_overhead(c);
    size_t size = packet_size(c);

    if (peer == NULL || !c->h3.peer_datagrams || size <= overhead) {
        return 0;
    }
    size -= overhead;
    if (peer->max_datagram_frame_size < size + 3) {
        size = peer->max_datagram_frame_size < 3 ? 0 : (size_t)peer->max_datagram_frame_size - 3;
    }
    return size;
}

/*
 * How large the next packet may be. Only datagrams tell what becomes of large packets, so stream
 * bytes, which no loss of large packets may hold up, travel in small ones. ngtcp2 repeats lost ones
 * in whatever packet comes next; while any may be lost, all are small that need not be large. But
 * for one in a few: with more room than the path's size, ngtcp2 sends its own probes.
 */
static size_t packet_capacity(struct link_conn *c, bool stream, const struct session_dgram *dgram)
{
    bool large = dgram != NULL && dgram->size + dgram_overhead(c) > PATH_SIZE_BASE;

    if (c->phase == CONN_PHASE_OPEN && (stream || (!large && h3_session_waiting(&c->h3) > 0))) {
        c->large_turn++;
        if (c->large_turn % LARGE_EVERY != 0) {
            return PATH_SIZE_BASE;
        }
    }
    return c->path_size.limit != 0 ? c->path_size.limit : CONN_PACKET_SIZE_MAX;
}

static ngtcp2_ssize write_stream(struct link_conn *c, struct packet_place *p, int64_t id, int fin,
                                 const nghttp3_vec *pieces, size_t count)
{
    ngtcp2_vec vec[FRAGMENTS_MAX];
    ngtcp2_ssize taken = -1, n;
    uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_MORE |
                     (fin != 0 ? NGTCP2_WRITE_STREAM_FLAG_FIN : NGTCP2_WRITE_STREAM_FLAG_NONE);

    for (size_t i = 0; i < count; i++) {
        vec[i] = (ngtcp2_vec){.base = pieces[i].base, .len = pieces[i].len};
    }
    n = ngtcp2_conn_writev_stream(c->quic, &p->path.path, NULL, p->bytes, p->capacity, &taken,
                                  flags, id, vec, count, p->now.ns);
    p->again = true;
    switch (n) {
    case NGTCP2_ERR_STREAM_DATA_BLOCKED:
        nghttp3_conn_block_stream(c->h3.http, id);
        return 0;
    case NGTCP2_ERR_STREAM_SHUT_WR:
    case NGTCP2_ERR_STREAM_NOT_FOUND:
        nghttp3_conn_shutdown_stream_write(c->h3.http, id);
        return 0;
    default:
        break;
    }
    if (taken >= 0 && nghttp3_conn_add_write_offset(c->h3.http, id, (size_t)taken) != 0) {
        return NGTCP2_ERR_INTERNAL;
    }
    p->again = n == NGTCP2_ERR_WRITE_MORE;
    p->used += p->again ? (size_t)(taken < 0 ? 0 : taken) + NEXT_OVERHEAD : 0;
    return p->again ? 0 : n;
}

static ngtcp2_ssize write_dgram(struct link_conn *c, struct packet_place *p,
                                const struct session_dgram *dgram)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } borrowed = {.in = dgram->bytes};
    ngtcp2_vec vec = {.base = borrowed.out, .len = dgram->size};
    size_t used = p->used + (p->used == 0 ? dgram_overhead(c) : NEXT_OVERHEAD) + dgram->size;
    uint64_t packet_id = path_size_id(&c->path_size, used);
    int accepted = 0;
    ngtcp2_ssize n;

    n = ngtcp2_conn_writev_datagram(c->quic, &p->path.path, NULL, p->bytes, p->capacity, &accepted,
                                    NGTCP2_WRITE_DATAGRAM_FLAG_MORE, packet_id, &vec, 1, p->now.ns);
    p->used = accepted != 0 ? used : p->used;
    if (accepted != 0 || n == NGTCP2_ERR_INVALID_ARGUMENT || n == NGTCP2_ERR_INVALID_STATE) {
        link_session_dgram_sent(c); /* or one that this peer can never take: forget it */
        p->again = n < 0;
    }
    return n == NGTCP2_ERR_WRITE_MORE || p->again ? 0 : n;
}

/* A probe of the path's size, if one is due: a packet padded to it, whose loss or arrival ngtcp2
 * tells by the datagram inside. That is an HTTP datagram without payload, which nobody reads. */
static ngtcp2_ssize write_probe(struct link_conn *c, struct packet_place *p)
{
    size_t size = path_size_probe(&c->path_size, p->now);
    ngtcp2_vec vec = {.base = c->session.prefix, .len = c->session.prefix_size};
    uint64_t id;
    int accepted = 0;
    ngtcp2_ssize n;

    if (size == 0 || c->phase != CONN_PHASE_OPEN) {
        return 0;
    }
    if (size > ngtcp2_conn_get_path_max_tx_udp_payload_size2(c->quic)) {
        path_size_probe_sent(&c->path_size, 0, p->now); /* it would be cut to that */
        return 0;
    }
    id = path_size_id(&c->path_size, size);
    n = ngtcp2_conn_writev_datagram(c->quic, &p->path.path, NULL, p->bytes, size, &accepted,
                                    NGTCP2_WRITE_DATAGRAM_FLAG_PADDING, id, &vec, 1, p->now.ns);
    path_size_probe_sent(&c->path_size, accepted != 0 ? id : 0, p->now);
    return accepted == 0 && n < 0 ? 0 : n;
}

/* One packet. 0: the window is shut or nothing is left to say. */
static ngtcp2_ssize write_packet(struct link_conn *c, struct packet_place *p)
{
    nghttp3_vec pieces[FRAGMENTS_MAX];
    const struct session_dgram *dgram;
    nghttp3_ssize count;
    ngtcp2_ssize n;
    int64_t id;
    int fin;

    n = write_probe(c, p);
    if (n != 0) {
        return n;
    }
    p->used = 0;
    do {
        id = -1;
        fin = 0;
        count = 0;
        p->again = false;
        dgram = link_session_dgram_next(c, conn_datagram_size(c));
        if (c->h3.http != NULL && ngtcp2_conn_get_max_data_left2(c->quic) > 0) {
            count = nghttp3_conn_writev_stream(c->h3.http, &id, &fin, pieces, FRAGMENTS_MAX);
            if (count < 0) {
                return NGTCP2_ERR_INTERNAL;
            }
        }
        if (p->used == 0) {
            p->capacity = packet_capacity(c, id >= 0, dgram);
        }
        if (id >= 0) {
            n = write_stream(c, p, id, fin, pieces, (size_t)count);
        } else if (dgram != NULL) {
            n = write_dgram(c, p, dgram);
        } else {
            n = ngtcp2_conn_writev_stream(c->quic, &p->path.path, NULL, p->bytes, p->capacity, NULL,
                                          NGTCP2_WRITE_STREAM_FLAG_NONE, -1, NULL, 0, p->now.ns);
        }
    } while (p->again);
    return n;
}

/* A dialled connection leaves from its true address, an accepted one from where it was asked. */
static void commit(struct link_conn *c, const struct packet_place *p, struct outbox *out,
                   size_t size)
{
    struct endpoint local = c->local;
    struct endpoint remote = address_endpoint(&p->path.path.remote);

    if (!c->dialled) {
        local = address_endpoint(&p->path.path.local);
    }
    outbox_commit(out, &local, &remote, size);
}

static uint64_t bytes_in_flight(const struct link_conn *c)
{
    ngtcp2_conn_info info;

    ngtcp2_conn_get_conn_info2(c->quic, &info);
    return info.bytes_in_flight;
}

/* Packets were written: does the peer owe an answer from now on? Flight grows by packets that ask
 * for an acknowledgement only. Probes for a larger path do, but most die on the way, and nothing
 * repeats them: silence after them says nothing about the peer. */
static void note_unanswered(struct link_conn *c, uint64_t flight_before, uint64_t probes,
                            struct mono now)
{
    if (bytes_in_flight(c) > flight_before + probes) {
        c->unanswered_since = now;
    }
}

/* Write packets until the burst is full (1), nothing can be written (0), or it fails. */
static ngtcp2_ssize write_burst(struct link_conn *c, struct outbox *out, struct mono now)
{
    size_t burst = ngtcp2_conn_get_send_quantum2(c->quic), sent = 0;
    size_t path_size = ngtcp2_conn_get_path_max_tx_udp_payload_size2(c->quic);
    bool watched = c->dialled && c->unanswered_since.ns == MONO_NEVER.ns;
    uint64_t flight = watched ? bytes_in_flight(c) : 0, probes = 0;
    struct packet_place p = {.now = now};
    ngtcp2_ssize n = 1;

    ngtcp2_path_storage_zero(&p.path);
    burst = burst == 0 ? 1 : burst; /* or a turn would pass without progress */
    while (sent < burst && n > 0) {
        if (!hub_outbox_has_room(out)) {
            break;
        }
        p.bytes = outbox_reserve(out, CONN_PACKET_SIZE_MAX);
        if (p.bytes == NULL) {
            break;
        }
        n = write_packet(c, &p);
        if (n > 0) {
            commit(c, &p, out, (size_t)n);
            sent += (size_t)n;
            probes += (size_t)n > path_size ? (size_t)n : 0;
        }
    }
    if (sent > 0) {
        ngtcp2_conn_update_pkt_tx_time(c->quic, now.ns);
    }
    if (watched && sent > 0) {
        note_unanswered(c, flight, probes, now);
    }
    return n;
}

/* The last packet. */
static void write_close(struct link_conn *c, struct outbox *out, struct mono now)
{
    struct packet_place p = {.now = now};
    ngtcp2_ccerr err;
    ngtcp2_ssize n;

    ngtcp2_ccerr_default(&err);
    if (c->close_liberr != 0) {
        if (c->close_liberr == NGTCP2_ERR_CRYPTO) {
            ngtcp2_ccerr_set_tls_alert(&err, ngtcp2_conn_get_tls_alert2(c->quic), NULL, 0);
        } else {
            ngtcp2_ccerr_set_liberr(&err, c->close_liberr, NULL, 0);
        }
    } else {
        ngtcp2_ccerr_set_application_error(&err, c->close_code, (const uint8_t *)c->close_text,
                                           strlen(c->close_text));
    }
    ngtcp2_path_storage_zero(&p.path);
    p.bytes = outbox_reserve(out, CONN_PACKET_SIZE_MAX);
    if (p.bytes != NULL) {
        n = ngtcp2_conn_write_connection_close(c->quic, &p.path.path, NULL, p.bytes,
                                               CONN_PACKET_SIZE_MAX, &err, now.ns);
        if (n > 0) {
            commit(c, &p, out, (size_t)n);
        }
    }
}

void conn_write(struct link_conn *c, struct outbox *out, struct mono now)
{
    ngtcp2_ssize n = 0;

    if (!hub_outbox_has_room(out)) {
        conn_ready(c);
        return;
    }
    if (c->phase != CONN_PHASE_CLOSING || c->reason == LINK_REASON_LOCAL) {
        n = write_burst(c, out, now);
    }
    if (c->phase == CONN_PHASE_CLOSING) {
        if (hub_outbox_has_room(out)) {
            write_close(c, out, now);
            conn_die(c);
        } else {
            conn_ready(c);
        }
        return;
    }
    if (n < 0) {
        conn_failed(c, (int)n);
        return;
    }
    if (n > 0) {
        conn_ready(c);
    } else {
        conn_rearm(c, now);
    }
}
