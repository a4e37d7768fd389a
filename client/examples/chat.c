/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A chat over UDP between two who are behind NATs: lines from standard input go to the other one.
 *
 *     chat RELAY           waits for others, and says yes to the first; prints the own key
 *     chat RELAY KEY       meets the one with this key
 *     chat RELAY @POOL     joins the pool, and meets who is in it, or who comes
 *
 * What is said is not encrypted: see quic_echo.c for that.
 *
 *     cc -o chat chat.c $(pkg-config --cflags --libs stun2) -lev
 */
#include <stun2/stun2.h>
#include <stun2/stun2_ev.h>

#include <ev.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct stun2_ev *stun2;
static uint64_t relay, punch_open; /* their numbers; 0: none yet */
static const char *whom;           /* key or @pool; NULL: anybody */

static void complain(const char *what, int error)
{
    fprintf(stderr, "chat: %s: %s\n", what, stun2_error_text(error));
}

static void meet(void)
{
    struct stun2 *agent = stun2_ev_agent(stun2);
    uint8_t key[STUN2_KEY_SIZE];
    uint64_t punch;
    int error = STUN2_ERROR_ARGUMENT;

    if (whom == NULL) {
        return;
    }
    if (whom[0] == '@') {
        error = stun2_pool_punch(agent, relay, whom + 1, &punch, stun2_ev_now());
    } else if (stun2_key_parse(key, whom) == STUN2_OK) {
        error = stun2_punch(agent, relay, key, &punch, stun2_ev_now());
    }
    if (error != STUN2_OK) {
        complain(whom, error);
    }
    stun2_ev_kick(stun2);
}

static void on_event(void *context, const struct stun2_event *event)
{
    char address[STUN2_ADDRESS_TEXT_SIZE];

    (void)context;
    switch (event->type) {
    case STUN2_EVENT_RELAY_OPEN:
        fprintf(stderr, "chat: the relay sees us at %s\n",
                stun2_address_text(&event->address, address));
        break;
    case STUN2_EVENT_REPORT:
        fprintf(stderr, "chat: our NAT is %s\n", stun2_nat_kind_text(event->nat_kind));
        break;
    case STUN2_EVENT_POOL_JOINED:
        fprintf(stderr, "chat: %u in the pool %s\n", event->pool_size, event->app);
        meet();
        break;
    case STUN2_EVENT_ASKED:
        stun2_answer(stun2_ev_agent(stun2), event->punch, punch_open == 0, stun2_ev_now());
        stun2_ev_kick(stun2);
        break;
    case STUN2_EVENT_OPEN:
    case STUN2_EVENT_MOVED:
        punch_open = event->punch;
        fprintf(stderr, "chat: open to %s, we %s\n", stun2_address_text(&event->address, address),
                event->listens ? "listen" : "dial");
        break;
    case STUN2_EVENT_LOST:
        fprintf(stderr, "chat: the way is lost, and sought again\n");
        break;
    case STUN2_EVENT_POOL_LEFT:
    case STUN2_EVENT_RELAY_CLOSED:
    case STUN2_EVENT_FAILED:
        fprintf(stderr, "chat: %s\n", event->text);
        break;
    default:
        break;
    }
}

static void on_data(void *context, uint64_t punch, const struct stun2_address *from,
                    const uint8_t *data, size_t size)
{
    (void)context;
    (void)from;
    if (punch != 0 && punch == punch_open) {
        fwrite(data, 1, size, stdout);
        fflush(stdout);
    }
}

static void on_line(struct ev_loop *loop, struct ev_io *w, int events)
{
    char line[1200];
    ssize_t size = read(w->fd, line, sizeof(line));

    (void)events;
    if (size <= 0) {
        ev_break(loop, EVBREAK_ALL);
    } else if (punch_open != 0) {
        stun2_ev_send(stun2, punch_open, line, (size_t)size);
    }
}

int main(int count, char **arguments)
{
    struct ev_loop *loop = ev_default_loop(0);
    const struct stun2_ev_options options = {.size = sizeof(options),
                                             .loop = loop,
                                             .on_event = on_event,
                                             .on_data = on_data,
                                             .locals = 1};
    char text[STUN2_TEXT_SIZE], key[STUN2_KEY_TEXT_SIZE];
    struct ev_io input;

    if (count < 2 || count > 3) {
        fprintf(stderr, "usage: chat RELAY [KEY|@POOL]\n");
        return 2;
    }
    whom = arguments[2];
    if (stun2_ev_new(&stun2, &options, text) != STUN2_OK ||
        stun2_relay_add(stun2_ev_agent(stun2), arguments[1], &relay, text, stun2_ev_now()) !=
            STUN2_OK) {
        fprintf(stderr, "chat: %s\n", text);
        return 1;
    }
    fprintf(stderr, "chat: our key is %s\n", stun2_key_text(stun2_key(stun2_ev_agent(stun2)), key));
    if (whom != NULL && whom[0] == '@') {
        stun2_pool_join(stun2_ev_agent(stun2), relay, whom + 1, stun2_ev_now());
    } else {
        meet();
    }
    ev_io_init(&input, on_line, STDIN_FILENO, EV_READ);
    ev_io_start(loop, &input);
    ev_run(loop, 0);
    stun2_ev_free(stun2);
    return 0;
}
