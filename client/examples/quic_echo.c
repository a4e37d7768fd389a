/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * QUIC over a hole that libstun2 punched: who gives a KEY sends its standard input to the one that
 * has it, which echoes it. Nobody in between can read it or forge it.     quic_echo RELAY [KEY]
 */
#include "quic_peer.h" /* tidy-ok: layers the two are compiled side by side, anywhere */

#include <ev.h>
#include <stdio.h>
#include <string.h>
#include <stun2/stun2_ev.h>
#include <unistd.h>

static struct stun2_ev *stun2;
static struct stun2_event peer; /* as OPEN told it; punch 0: none yet */
static struct quic_peer quic;
static struct ev_timer timer;
static int64_t stream = -1, asks;
static uint8_t out[1 << 20]; /* all that was ever sent, so that QUIC can repeat it */
static size_t out_size, out_sent;

static void flush(void)
{
    uint8_t packet[1200];
    ngtcp2_ssize size = 1, taken = 0;
    uint64_t now = stun2_ev_now(), at;

    if (quic.conn == NULL) {
        return;
    }
    if (asks && quic.proved && stream < 0) {
        ngtcp2_conn_open_bidi_stream(quic.conn, &stream, NULL);
    }
    while (size > 0) {
        ngtcp2_vec data = {out + out_sent, out_size - out_sent};
        int64_t on = data.len > 0 ? stream : -1;

        size = ngtcp2_conn_writev_stream(quic.conn, &quic_peer_path, NULL, packet, sizeof(packet),
                                         &taken, 0, on, &data, 1, now);
        out_sent += on >= 0 && taken > 0 ? (size_t)taken : 0;
        if (size > 0) {
            stun2_ev_send(stun2, peer.punch, packet, (size_t)size);
        }
    }
    ngtcp2_conn_update_pkt_tx_time(quic.conn, now);
    at = ngtcp2_conn_get_expiry(quic.conn);
    timer.repeat = at > now ? (double)(at - now) / 1e9 : 0.001;
    ev_timer_again(EV_DEFAULT, &timer);
}

static void on_timer(struct ev_loop *loop, struct ev_timer *w, int events)
{
    (void)w, (void)events;
    if (ngtcp2_conn_handle_expiry(quic.conn, stun2_ev_now()) != 0) {
        ev_break(loop, EVBREAK_ALL);
    }
    flush();
}

static int on_stream(ngtcp2_conn *conn, uint32_t flags, int64_t id, uint64_t offset,
                     const uint8_t *data, size_t size, void *user, void *stream_user)
{
    (void)conn, (void)flags, (void)offset, (void)user, (void)stream_user;
    stream = id;
    if (asks) {
        dprintf(STDOUT_FILENO, "%.*s", (int)size, (const char *)data);
    } else if (size <= sizeof(out) - out_size) {
        memcpy(out + out_size, data, size);
        out_size += size;
    }
    return 0;
}

static void on_data(void *context, uint64_t punch, const struct stun2_address *from,
                    const uint8_t *data, size_t size)
{
    ngtcp2_pkt_hd first;

    (void)context, (void)from;
    if (punch == 0 || punch != peer.punch ||
        (quic.conn == NULL && (!peer.listens || ngtcp2_accept(&first, data, size) != 0 ||
                               quic_peer_begin(&quic, stun2_ev_agent(stun2), peer.key, &first,
                                               on_stream, stun2_ev_now()) != 0))) {
        return;
    }
    if (ngtcp2_conn_read_pkt(quic.conn, &quic_peer_path, NULL, data, size, stun2_ev_now()) != 0) {
        ev_break(EV_DEFAULT, EVBREAK_ALL);
    }
    flush();
}

static void on_event(void *context, const struct stun2_event *event)
{
    (void)context;
    if (event->type == STUN2_EVENT_ASKED) {
        stun2_answer(stun2_ev_agent(stun2), event->punch, 1, stun2_ev_now());
        stun2_ev_kick(stun2);
    } else if (event->type == STUN2_EVENT_OPEN && peer.punch == 0) {
        peer = *event;
        fprintf(stderr, "open, we %s\n", peer.listens ? "listen" : "dial");
        if (!peer.listens) {
            quic_peer_begin(&quic, stun2_ev_agent(stun2), peer.key, NULL, on_stream,
                            stun2_ev_now());
        }
        flush();
    }
}

static void on_input(struct ev_loop *loop, struct ev_io *w, int events)
{
    ssize_t size = read(w->fd, out + out_size, sizeof(out) - out_size);

    (void)events;
    if (size <= 0) {
        ev_io_stop(loop, w);
    } else {
        out_size += (size_t)size;
        flush();
    }
}

int main(int count, char **arguments)
{
    const struct stun2_ev_options options = {
        .size = sizeof(options), .loop = EV_DEFAULT, .on_event = on_event, .on_data = on_data};
    char text[STUN2_TEXT_SIZE] = "usage: quic_echo RELAY [KEY]", name[STUN2_KEY_TEXT_SIZE];
    uint8_t key[STUN2_KEY_SIZE];
    uint64_t relay, punch, now = stun2_ev_now();
    struct ev_io input;

    asks = count == 3;
    if (count < 2 || (asks && stun2_key_parse(key, arguments[2]) != STUN2_OK) ||
        stun2_ev_new(&stun2, &options, text) != STUN2_OK ||
        stun2_relay_add(stun2_ev_agent(stun2), arguments[1], &relay, text, now) != STUN2_OK) {
        fprintf(stderr, "quic_echo: %s\n", text);
        return 2;
    }
    fprintf(stderr, "our key is %s\n", stun2_key_text(stun2_key(stun2_ev_agent(stun2)), name));
    ev_init(&timer, on_timer);
    ev_io_init(&input, on_input, STDIN_FILENO, EV_READ);
    if (asks) {
        stun2_punch(stun2_ev_agent(stun2), relay, key, &punch, now);
        ev_io_start(EV_DEFAULT, &input);
    }
    ev_run(EV_DEFAULT, 0);
    stun2_ev_free(stun2);
    return 0;
}
