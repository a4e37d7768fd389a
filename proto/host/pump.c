/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The loop's watchers, and the order in which they call the core and send what it wrote to the
 * outbox.
 */
#include "proto/host/pump.h"

#include "proto/base/bytes.h"
#include "proto/host/os_env.h"
#include "proto/host/udp_limit.h"
#include "proto/host/udp_send.h"

#include <ev.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
    PUMP_BOX_BYTES = 2 << 20,
    PUMP_BOX_ITEMS = 4096,
    PUMP_TURNS_MAX = 16, /* outboxes sent in one loop turn; the rest waits for the next */
    LATE_MS = 50,
    PUT_OFF_MS = 5,
    PUT_OFFS_MAX = 10,
};

struct pump_socket {
    struct pump *pump;
    struct udp_batch *udp;
    struct ev_io readable, writable;
};

struct pump {
    struct ev_loop *loop;
    struct pump_core core;
    struct pump_socket *sockets; /* those that it was made with */
    size_t sockets_count;
    struct pump_socket **added; /* further ones, by port */
    size_t added_count, added_room;
    struct ev_timer timer;
    struct mono asleep_until; /* as the timer was set last */
    struct outbox box;
    size_t box_at;               /* items before this one are sent ... */
    uint64_t box_clears;         /* ... since it was emptied so often: the core may do that, too */
    bool elsewhere;              /* another thread receives from the first socket */
    int put_offs;                /* of the timer, because that one goes first */
    struct pump_socket *blocked; /* whose buffer is full, NULL: none */
};

/* The place among the added ones of the first whose port is not below this. */
static size_t added_place(const struct pump *pump, uint16_t port)
{
    size_t low = 0, high = pump->added_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (udp_batch_local(pump->added[middle]->udp)->port < port) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct pump_socket *added_find(const struct pump *pump, uint16_t port)
{
    size_t at = added_place(pump, port);

    return at < pump->added_count && udp_batch_local(pump->added[at]->udp)->port == port
               ? pump->added[at]
               : NULL;
}

/* The socket that a datagram leaves from: an added one with its local port, else the one bound to
 * its local address and port, else the first one with that port that can reach its remote's family,
 * else the first that can. */
static struct pump_socket *socket_for(struct pump *pump, const struct outbox_item *item)
{
    struct pump_socket *fallback = &pump->sockets[0];
    struct pump_socket *added = pump->added_count > 0 ? added_find(pump, item->local.port) : NULL;
    bool found = false;

    if (added != NULL) {
        return added;
    }
    if (pump->sockets_count == 1) {
        return fallback;
    }
    for (size_t i = 0; i < pump->sockets_count; i++) {
        struct pump_socket *s = &pump->sockets[i];
        const struct endpoint *bound = udp_batch_local(s->udp);
        static const uint8_t zero[16];
        bool wildcard6 = memcmp(bound->ip, zero, 16) == 0;
        bool family_fits = endpoint_is_v4(&item->remote) == endpoint_is_v4(bound) || wildcard6;

        if (family_fits && bound->port == item->local.port &&
            endpoint_same_ip(bound, &item->local)) {
            return s;
        }
        if (family_fits && (!found || (bound->port == item->local.port &&
                                       udp_batch_local(fallback->udp)->port != bound->port))) {
            fallback = s;
            found = true;
        }
    }
    return fallback;
}

/* Send what is in the box. True if it is empty afterwards; false if a socket's buffer is full. */
static bool box_send(struct pump *pump)
{
    if (pump->box_clears != pump->box.clears) {
        pump->box_clears = pump->box.clears;
        pump->box_at = 0;
    }
    while (pump->box_at < pump->box.items_count) {
        struct pump_socket *s = socket_for(pump, &pump->box.items[pump->box_at]);
        size_t end = pump->box_at + 1;
        size_t taken;

        if (pump->sockets_count == 1 && pump->added_count == 0) {
            end = pump->box.items_count;
        }
        while (end < pump->box.items_count && socket_for(pump, &pump->box.items[end]) == s) {
            end++;
        }
        taken = udp_batch_send(s->udp, &pump->box, pump->box_at, end - pump->box_at);
        pump->box_at += taken;
        if (pump->box_at < end) {
            pump->blocked = s;
            ev_io_start(pump->loop, &s->writable);
            return false;
        }
    }
    outbox_clear(&pump->box);
    pump->box_clears = pump->box.clears;
    pump->box_at = 0;
    return true;
}

static bool box_is_half_full(const struct pump *pump)
{
    return pump->box.items_count > pump->box.items_capacity / 2 ||
           pump->box.bytes_used > pump->box.bytes_capacity / 2;
}

static void timer_set(struct pump *pump, struct mono now)
{
    /* The rest of the box waits for nobody if the socket that was blocked is gone. */
    struct mono deadline =
        pump->box_at < pump->box.items_count ? now : pump->core.deadline(pump->core.context);
    uint64_t ns = mono_ns_between(now, deadline);

    pump->asleep_until = deadline;
    /* Its turn comes after the sockets' in this very turn of the loop; more datagrams must not put
     * it off. */
    if (ev_is_pending(&pump->timer) && mono_due(deadline, now)) {
        return;
    }
    ev_timer_stop(pump->loop, &pump->timer);
    /* While a socket's buffer is full, the core runs again when there is room, not by the clock. */
    if (deadline.ns == MONO_NEVER.ns || pump->blocked != NULL) {
        return;
    }
    ev_now_update(pump->loop);
    ev_timer_set(&pump->timer, (double)ns / (double)NS_PER_S, 0.0);
    ev_timer_start(pump->loop, &pump->timer);
}

/* Drain what the core wants to send, then sleep until its deadline. A batch cut short goes on at
 * the next loop turn, because the deadline is then already due. */
static void pump_run(struct pump *pump, struct mono now)
{
    for (int i = 0; i < PUMP_TURNS_MAX && pump->blocked == NULL; i++) {
        pump->core.transmit(pump->core.context, &pump->box, now);
        if (pump->box.items_count == 0 || !box_send(pump)) {
            break;
        }
    }
    if (pump->core.settle != NULL) {
        pump->core.settle(pump->core.context, now);
    }
    timer_set(pump, now);
}

static void on_readable(struct ev_loop *loop, struct ev_io *w, int events)
{
    struct pump_socket *s = w->data;
    struct pump *pump = s->pump;
    struct mono now = clock_mono();
    const struct dgram *items;
    size_t count = udp_batch_receive(s->udp, &items);

    (void)loop;
    (void)events;
    if (count == 0 && pump->core.prohibited != NULL && udp_batch_prohibited(s->udp)) {
        pump->core.prohibited(pump->core.context, udp_batch_local(s->udp)->port, now);
    }
    for (size_t i = 0; i < count; i++) {
        pump->core.receive(pump->core.context, &items[i], &pump->box, now);
        if (box_is_half_full(pump) && pump->blocked == NULL) {
            (void)box_send(pump);
        }
    }
    pump_run(pump, now);
}

static void on_writable(struct ev_loop *loop, struct ev_io *w, int events)
{
    struct pump_socket *s = w->data;
    struct pump *pump = s->pump;

    (void)events;
    ev_io_stop(loop, w);
    pump->blocked = NULL;
    if (box_send(pump)) {
        pump_run(pump, clock_mono());
    }
}

/* The other thread has something that came before the deadline, which is long over. */
static bool others_first(struct pump *pump, struct mono now)
{
    struct pollfd waits = {.fd = udp_batch_fd(pump->sockets[0].udp), .events = POLLIN};

    if (!pump->elsewhere || pump->put_offs == PUT_OFFS_MAX ||
        mono_ms_between(pump->asleep_until, now) < LATE_MS || poll(&waits, 1, 0) <= 0) {
        pump->put_offs = 0;
        return false;
    }
    pump->put_offs++;
    return true;
}

static void on_timer(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct pump *pump = w->data;
    struct mono now = clock_mono();

    (void)events;
    if (others_first(pump, now)) {
        ev_timer_set(w, PUT_OFF_MS / 1000.0, 0.0);
        ev_timer_start(loop, w);
        return;
    }
    pump->core.expire(pump->core.context, &pump->box, now);
    pump_run(pump, now);
}

static void socket_begin(struct pump_socket *s, struct pump *pump, struct udp_batch *udp)
{
    s->pump = pump;
    s->udp = udp;
    ev_io_init(&s->readable, on_readable, udp_batch_fd(s->udp), EV_READ);
    /* Before the timer: where the process did not run for a while, what came meanwhile was in
     * time, and the peer is not silent. */
    ev_set_priority(&s->readable, 1);
    ev_io_init(&s->writable, on_writable, udp_batch_fd(s->udp), EV_WRITE);
    s->readable.data = s;
    s->writable.data = s;
    ev_io_start(pump->loop, &s->readable);
}

static void socket_end(struct pump_socket *s)
{
    ev_io_stop(s->pump->loop, &s->readable);
    ev_io_stop(s->pump->loop, &s->writable);
    if (s->pump->blocked == s) {
        s->pump->blocked = NULL;
    }
}

int pump_new(struct pump **out, struct ev_loop *loop, const struct pump_core *core,
             struct udp_batch *const *sockets, size_t count)
{
    struct pump *pump = calloc(1, sizeof(*pump));
    int rc = ERR_NOMEM;

    CHECK(count > 0);
    *out = NULL;
    if (pump == NULL) {
        return ERR_NOMEM;
    }
    pump->loop = loop;
    pump->core = *core;
    ev_init(&pump->timer, on_timer);
    pump->timer.data = pump;
    pump->sockets = calloc(count, sizeof(*pump->sockets));
    if (pump->sockets == NULL) {
        goto out;
    }
    rc = outbox_init(&pump->box, PUMP_BOX_BYTES, PUMP_BOX_ITEMS);
    if (rc != ERR_OK) {
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        socket_begin(&pump->sockets[i], pump, sockets[i]);
    }
    pump->sockets_count = count;
    timer_set(pump, clock_mono());
out:
    if (rc != ERR_OK) {
        pump_free(pump);
        pump = NULL;
    }
    *out = pump;
    return rc;
}

void pump_free(struct pump *pump)
{
    if (pump == NULL) {
        return;
    }
    ev_timer_stop(pump->loop, &pump->timer);
    for (size_t i = 0; i < pump->sockets_count; i++) {
        socket_end(&pump->sockets[i]);
    }
    for (size_t i = 0; i < pump->added_count; i++) {
        socket_end(pump->added[i]);
        free(pump->added[i]);
    }
    free(pump->added);
    outbox_fini(&pump->box);
    free(pump->sockets);
    free(pump);
}

/* Room for one more pointer. */
static bool added_grow(struct pump *pump)
{
    enum { STEP = 64 };

    if (pump->added_count < pump->added_room) {
        return true;
    }
    struct pump_socket **more =
        realloc(pump->added, (pump->added_room + STEP) * sizeof(*pump->added));
    if (more == NULL) {
        return false;
    }
    pump->added = more;
    pump->added_room += STEP;
    return true;
}

int pump_add(struct pump *pump, struct udp_batch *udp)
{
    uint16_t port = udp_batch_local(udp)->port;
    size_t at = added_place(pump, port);
    struct pump_socket *s;

    if (added_find(pump, port) != NULL) {
        return ERR_LIMIT;
    }
    s = calloc(1, sizeof(*s));
    if (s == NULL || !added_grow(pump)) {
        free(s);
        return ERR_NOMEM;
    }
    memmove(&pump->added[at + 1], &pump->added[at],
            (pump->added_count - at) * sizeof(pump->added[0]));
    pump->added[at] = s;
    pump->added_count++;
    socket_begin(s, pump, udp);
    return ERR_OK;
}

struct udp_batch *pump_remove(struct pump *pump, uint16_t port)
{
    struct pump_socket *s = added_find(pump, port);
    size_t at = added_place(pump, port);
    struct udp_batch *udp = s == NULL ? NULL : s->udp;

    if (s != NULL) {
        socket_end(s);
        free(s);
        pump->added_count--;
        memmove(&pump->added[at], &pump->added[at + 1],
                (pump->added_count - at) * sizeof(pump->added[0]));
    }
    return udp;
}

void pump_receive_elsewhere(struct pump *pump)
{
    pump->elsewhere = true;
    ev_io_stop(pump->loop, &pump->sockets[0].readable);
}

struct mono pump_asleep_until(const struct pump *pump)
{
    return pump->asleep_until;
}

void pump_kick(struct pump *pump)
{
    pump_run(pump, clock_mono());
}

struct outbox *pump_outbox(struct pump *pump)
{
    return &pump->box;
}

bool pump_blocked(const struct pump *pump)
{
    return pump->blocked != NULL;
}

bool pump_prompt(const struct pump *pump)
{
    return udp_limit_applies(pump->sockets[0].udp);
}

static size_t smaller_portion(size_t a, size_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

size_t pump_portion(const struct pump *pump, struct mono now)
{
    size_t portion = 0;

    for (size_t i = 0; i < pump->sockets_count; i++) {
        portion = smaller_portion(portion, udp_limit_portion(pump->sockets[i].udp, now));
    }
    for (size_t i = 0; i < pump->added_count; i++) {
        portion = smaller_portion(portion, udp_limit_portion(pump->added[i]->udp, now));
    }
    return portion;
}

void pump_drain(struct pump *pump, unsigned budget_ms)
{
    struct mono end = mono_add_ms(clock_mono(), budget_ms);

    for (;;) {
        struct mono now = clock_mono();

        if (pump->blocked != NULL) { /* since the turn before, or since before the stop */
            ev_io_stop(pump->loop, &pump->blocked->writable);
            pump->blocked = NULL;
        }
        pump->core.transmit(pump->core.context, &pump->box, now);
        if (pump->box.items_count == 0 || mono_due(end, now)) {
            return;
        }
        if (!box_send(pump)) {
            struct pollfd wait = {.fd = udp_batch_fd(pump->blocked->udp), .events = POLLOUT};

            (void)poll(&wait, 1, 10);
        }
    }
}
