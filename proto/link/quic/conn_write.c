/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A packet is filled with stream bytes first (control is small and urgent), then with as many
 * datagrams as fit. */
#include "proto/link/quic/conn_write.h"

#include "proto/link/quic/address.h"
#include "proto/link/quic/conn_carrier.h"
#include "proto/link/quic/conn_received.h"
#include "proto/link/quic/conn_settle.h"
#include "proto/link/quic/conn_timer.h"
#include "proto/link/quic/h3.h"

#include <string.h>

enum {
    PIECES_MAX = 8,    /* of a stream, taken from nghttp3 at once */
    LARGE_EVERY = 8,   /* one in so many packets that could be small may be large */
    NEXT_OVERHEAD = 3, /* of one more frame in the same packet: its type and length */
};

/* One packet being written. */
struct packet_place {
    ngtcp2_path_storage path;
    uint8_t *bytes;
    size_t capacity; /* how large the packet may become */
    size_t used;     /* bytes of the frames added so far, roughly; 0: none */
    struct mono now;
    bool again; /* a frame was added, or could not be: ask for the next one */
};

/*
 * How large the next packet may be. ngtcp2 tells us only of datagrams that their packet was lost,
 * so a path that swallows large packets is noticed only if datagrams travel in them. Stream bytes
 * must not be held up until then: they travel in small packets. ngtcp2 repeats lost stream bytes in
 * whatever packet comes next, so while any are not acknowledged, every packet that can be small is
 * small. One in LARGE_EVERY is excepted, because ngtcp2 sends its own trials of larger sizes only
 * when it is offered the room.
 */
static size_t packet_capacity(struct link_conn *c, bool stream, struct dgram_bytes dgram)
{
    bool large = dgram.bytes != NULL &&
                 c->prefix_size + dgram.size + conn_datagram_overhead(c) > PATH_SIZE_BASE;

    if (c->phase == CONN_PHASE_OPEN && (stream || (!large && h3_session_waiting(&c->h3) > 0))) {
        c->path.large_turn++;
        if (c->path.large_turn % LARGE_EVERY != 0) {
            return PATH_SIZE_BASE;
        }
    }
    return c->path.size.limit != 0 ? c->path.size.limit : LINK_PACKET_SIZE_MAX;
}

static ngtcp2_ssize write_stream(struct link_conn *c, struct packet_place *p, int64_t id, int fin,
                                 const nghttp3_vec *pieces, size_t count)
{
    ngtcp2_vec vec[PIECES_MAX];
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

/* ngtcp2_vec has no const, but ngtcp2 only reads these bytes. */
static ngtcp2_vec vec_of(const uint8_t *bytes, size_t size)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } borrowed = {.in = bytes};

    return (ngtcp2_vec){.base = borrowed.out, .len = size};
}

static ngtcp2_ssize write_dgram(struct link_conn *c, struct packet_place *p,
                                struct dgram_bytes dgram)
{
    const ngtcp2_vec vec[2] = {vec_of(c->prefix, c->prefix_size), vec_of(dgram.bytes, dgram.size)};
    size_t used = p->used + (p->used == 0 ? conn_datagram_overhead(c) : NEXT_OVERHEAD) +
                  c->prefix_size + dgram.size;
    uint64_t packet_id = path_size_id(&c->path.size, used, p->now);
    int accepted = 0;
    ngtcp2_ssize n;

    n = ngtcp2_conn_writev_datagram(c->quic, &p->path.path, NULL, p->bytes, p->capacity, &accepted,
                                    NGTCP2_WRITE_DATAGRAM_FLAG_MORE, packet_id, vec, 2, p->now.ns);
    p->used = accepted != 0 ? used : p->used;
    if (accepted != 0 || n == NGTCP2_ERR_INVALID_ARGUMENT || n == NGTCP2_ERR_INVALID_STATE) {
        link_session_datagram_sent(&c->session); /* or it is one that this peer never takes */
        p->again = n < 0;
    }
    return n == NGTCP2_ERR_WRITE_MORE || p->again ? 0 : n;
}

/* Write an HTTP datagram that the peer ignores into a packet of that size. An older ngtcp2 does not
 * pad, so that the datagram is filled, of a kind that nobody knows; for a shorter packet number the
 * packet is up to three bytes smaller then. */
static ngtcp2_ssize write_filler(struct link_conn *c, struct packet_place *p, size_t size,
                                 uint64_t id, int *accepted)
{
#if OLDER_QUIC
    static const uint8_t filler[LINK_PACKET_SIZE_MAX];
    const ngtcp2_vec vec[2] = {vec_of(c->prefix, c->prefix_size),
                               vec_of(filler, size - conn_datagram_overhead(c) - c->prefix_size)};

    return ngtcp2_conn_writev_datagram(c->quic, &p->path.path, NULL, p->bytes, size, accepted,
                                       NGTCP2_WRITE_DATAGRAM_FLAG_NONE, id, vec, 2, p->now.ns);
#else
    const ngtcp2_vec vec = vec_of(c->prefix, c->prefix_size);

    return ngtcp2_conn_writev_datagram(c->quic, &p->path.path, NULL, p->bytes, size, accepted,
                                       NGTCP2_WRITE_DATAGRAM_FLAG_PADDING, id, &vec, 1, p->now.ns);
#endif
}

/* Write a trial of the path's size, if one is due. ngtcp2 tells us whether it arrived. */
static ngtcp2_ssize write_trial(struct link_conn *c, struct packet_place *p)
{
    size_t size = path_size_trial(&c->path.size, p->now);
    uint64_t id;
    int accepted = 0;
    ngtcp2_ssize n;

    if (size == 0 || c->phase != CONN_PHASE_OPEN) {
        return 0;
    }
    if (size > ngtcp2_conn_get_path_max_tx_udp_payload_size2(c->quic)) {
        path_size_trial_sent(&c->path.size, 0, p->now); /* ngtcp2 would make it smaller */
        return 0;
    }
    id = path_size_id(&c->path.size, size, p->now);
    n = write_filler(c, p, size, id, &accepted);
    path_size_trial_sent(&c->path.size, accepted != 0 ? id : 0, p->now);
    return accepted == 0 && n < 0 ? 0 : n;
}

/* Write an HTTP datagram that the peer ignores into a small packet, if it is time to ask whether
 * the large ones before it arrived. */
static ngtcp2_ssize write_question(struct link_conn *c, struct packet_place *p)
{
    const ngtcp2_vec vec = vec_of(c->prefix, c->prefix_size);
    int accepted = 0;
    ngtcp2_ssize n;

    if (!c->path.size.asks || c->phase != CONN_PHASE_OPEN) {
        return 0;
    }
    path_size_asked(&c->path.size);
    n = ngtcp2_conn_writev_datagram(c->quic, &p->path.path, NULL, p->bytes, PATH_SIZE_BASE,
                                    &accepted, NGTCP2_WRITE_DATAGRAM_FLAG_NONE, 0, &vec, 1,
                                    p->now.ns);
    return accepted == 0 && n < 0 ? 0 : n;
}

/* The next datagram to send, if any. */
static struct dgram_bytes next_dgram(struct link_conn *c)
{
    bool too_large = false;
    struct dgram_bytes dgram = link_session_next_datagram(&c->session, &too_large);

    if (too_large) {
        path_size_want(&c->path.size, ngtcp2_conn_get_path_max_tx_udp_payload_size2(c->quic),
                       c->shared->now);
    }
    return dgram;
}

/* True if this datagram fills a large packet for which the window has no room. What ngtcp2 lets out
 * in spite of a full window asks the peer for an acknowledgement. It must be small: if the path
 * swallows large packets, nothing would be acknowledged, and ngtcp2 would ask ever more rarely.
 * Some of the window stays for a small question. */
static bool must_wait(const struct link_conn *c, struct dgram_bytes dgram)
{
    size_t size = c->prefix_size + dgram.size + conn_datagram_overhead(c);

    /* Its newer name ends with 2. ngtcp2 1.11, to which deploy/setup falls back, has only this. */
    return size > PATH_SIZE_BASE && ngtcp2_conn_get_cwnd_left(c->quic) < size + PATH_SIZE_SMALL;
}

/* Write one packet and return its size; 0 if the window is shut or nothing is left to send; or
 * ngtcp2's error. */
static ngtcp2_ssize write_packet(struct link_conn *c, struct packet_place *p)
{
    nghttp3_vec pieces[PIECES_MAX];
    struct dgram_bytes dgram;
    nghttp3_ssize count;
    ngtcp2_ssize n;
    int64_t id;
    bool waits;
    int fin;

    n = write_trial(c, p);
    n = n == 0 ? write_question(c, p) : n;
    if (n != 0) {
        return n;
    }
    p->used = 0;
    do {
        id = -1;
        fin = 0;
        count = 0;
        p->again = false;
        dgram = next_dgram(c);
        waits = dgram.bytes != NULL && must_wait(c, dgram);
        if (waits) {
            dgram.bytes = NULL;
        }
        if (c->h3.http != NULL && ngtcp2_conn_get_max_data_left2(c->quic) > 0) {
            count = nghttp3_conn_writev_stream(c->h3.http, &id, &fin, pieces, PIECES_MAX);
            if (count < 0) {
                return NGTCP2_ERR_INTERNAL;
            }
        }
        if (p->used == 0) {
            p->capacity = waits ? PATH_SIZE_BASE : packet_capacity(c, id >= 0, dgram);
        }
        if (id >= 0) {
            n = write_stream(c, p, id, fin, pieces, (size_t)count);
        } else if (dgram.bytes != NULL) {
            n = write_dgram(c, p, dgram);
        } else {
            n = ngtcp2_conn_writev_stream(c->quic, &p->path.path, NULL, p->bytes, p->capacity, NULL,
                                          NGTCP2_WRITE_STREAM_FLAG_NONE, -1, NULL, 0, p->now.ns);
        }
    } while (p->again);
    return n;
}

/* Put the packet into the outbox. A dialled connection sends from its true local address (ngtcp2
 * knows a virtual one), an accepted one from the address at which its peer reached it. */
static void commit(struct link_conn *c, const struct packet_place *p, struct outbox *out,
                   size_t size)
{
    struct endpoint local = c->path.local;
    struct endpoint remote = address_endpoint(&p->path.path.remote);

    if (!c->carrier.dialled) {
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

/* Packets were written: does the peer owe an answer from now on? Only packets that ask for an
 * acknowledgement count as in flight. ngtcp2's trials of larger sizes do, too, but they may well be
 * lost and are not repeated, so silence after them says nothing about the peer. */
static void note_unanswered(struct link_conn *c, uint64_t flight_before, uint64_t trials,
                            struct mono now)
{
    if (bytes_in_flight(c) > flight_before + trials) {
        c->watch.unanswered_since = now;
    }
}

/* Write packets until the burst or the outbox is full (returns a positive number), nothing can be
 * written (0), or ngtcp2 fails (its error). */
static ngtcp2_ssize write_burst(struct link_conn *c, struct outbox *out, struct mono now)
{
    size_t burst = ngtcp2_conn_get_send_quantum2(c->quic), sent = 0;
    size_t path_size = ngtcp2_conn_get_path_max_tx_udp_payload_size2(c->quic);
    bool watched = conn_is_watched(c) && c->watch.unanswered_since.ns == MONO_NEVER.ns;
    uint64_t flight = watched ? bytes_in_flight(c) : 0, trials = 0;
    struct packet_place p = {.now = now};
    ngtcp2_ssize n = 1;

    if (path_size_waits(&c->path.size)) {
        path_size_note_late(&c->path.size, conn_round_trip_ns(c), now);
    }
    ngtcp2_path_storage_zero(&p.path);
    burst = burst == 0 ? 1 : burst; /* each turn must make progress */
    while (sent < burst && n > 0) {
        if (!outbox_has_room(out, LINK_PACKET_SIZE_MAX)) {
            break;
        }
        p.bytes = outbox_reserve(out, LINK_PACKET_SIZE_MAX);
        if (p.bytes == NULL) {
            break;
        }
        n = write_packet(c, &p);
        if (n > 0) {
            commit(c, &p, out, (size_t)n);
            sent += (size_t)n;
            trials += (size_t)n > path_size ? (size_t)n : 0;
        }
    }
    if (sent > 0) {
        ngtcp2_conn_update_pkt_tx_time(c->quic, now.ns);
        if (c->watch.pinging) {
            ngtcp2_conn_set_keep_alive_timeout(c->quic, CONN_PING_EVERY_MS * NS_PER_MS);
        }
    }
    if (watched && sent > 0) {
        note_unanswered(c, flight, trials, now);
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
    if (c->farewell.liberr != 0) {
        if (c->farewell.liberr == NGTCP2_ERR_CRYPTO) {
            ngtcp2_ccerr_set_tls_alert(&err, ngtcp2_conn_get_tls_alert2(c->quic), NULL, 0);
        } else {
            ngtcp2_ccerr_set_liberr(&err, c->farewell.liberr, NULL, 0);
        }
    } else {
        ngtcp2_ccerr_set_application_error(
            &err, c->farewell.code, (const uint8_t *)c->farewell.text, strlen(c->farewell.text));
    }
    ngtcp2_path_storage_zero(&p.path);
    p.bytes = outbox_reserve(out, LINK_PACKET_SIZE_MAX);
    if (p.bytes != NULL) {
        n = ngtcp2_conn_write_connection_close(c->quic, &p.path.path, NULL, p.bytes,
                                               LINK_PACKET_SIZE_MAX, &err, now.ns);
        if (n > 0) {
            commit(c, &p, out, (size_t)n);
        }
    }
}

void conn_write(struct link_conn *c, struct outbox *out, struct mono now)
{
    ngtcp2_ssize n = 0;

    if (!outbox_has_room(out, LINK_PACKET_SIZE_MAX)) {
        conn_ready(c);
        return;
    }
    conn_settle(c); /* link_hub_respond may have noted an end since the last turn */
    if (c->phase != CONN_PHASE_CLOSING || c->session.reason == LINK_REASON_LOCAL) {
        n = write_burst(c, out, now);
        conn_settle(c);
    }
    if (c->phase == CONN_PHASE_CLOSING) {
        if (outbox_has_room(out, LINK_PACKET_SIZE_MAX)) {
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
