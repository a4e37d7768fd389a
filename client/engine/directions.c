/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is rare stays with the loop. `in` answers nobody itself: what the core wants to send then
 * goes to the pump's outbox. `out` writes nothing to the device itself: what the core tells the
 * sender of a packet goes to the interface's box. In both cases, and if the core wants to be called
 * earlier than the pump knows, the loop is woken.
 */
#include "client/engine/directions.h"

#include "client/platform/tun.h"
#include "proto/host/os_env.h"
#include "proto/host/thread.h"
#include "proto/host/udp_send.h"
#include "proto/wire/frame.h"

#include <errno.h>
#include <ev.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static const struct timespec loop_first = {.tv_nsec = 100000};

enum {
    LOOP_FIRST_MAX = 1000, /* times that a thread stands back */
    OUT_BYTES = 3 << 20,   /* a batch of super-packets, cut and sealed */
    OUT_ITEMS = 8192,      /* fragments of 128 bytes and more */
    IN_BYTES = 2 << 20,
    IN_ITEMS = 1024,
};

/* TUN to UDP, of one queue. */
struct out {
    struct directions *all;
    size_t queue;
    struct udp_batch *udp; /* a twin */
    struct outbox net;
    pthread_t thread;
    bool started;
};

/* UDP to TUN. */
struct in {
    struct udp_batch *udp; /* a twin */
    struct packet_box tun;
    pthread_t thread;
    bool started;
};

struct directions {
    struct directions_options with;
    uint16_t port; /* of the first socket */
    pthread_mutex_t turn;
    struct ev_async wake;
    int stop_fd; /* readable when all threads are to end */
    atomic_bool stop, gone;
    size_t outs_count;
    struct in in;
    struct out outs[TUN_QUEUES_MAX];
};

/* ---- the turn ---- */

/* A thread must not seal with what the loop is about to be told to forget: that this machine is a
 * copy of another (proto/host/generation.h). */
static bool loop_goes_first(const struct directions *d)
{
    struct pollfd first = {.fd = d->with.first_fd, .events = POLLIN};

    return first.fd >= 0 && poll(&first, 1, 0) == 1 && (first.revents & POLLIN) != 0;
}

static void turn_take(struct directions *d)
{
    (void)pthread_mutex_lock(&d->turn);
    for (int i = 0; i < LOOP_FIRST_MAX && loop_goes_first(d); i++) {
        (void)pthread_mutex_unlock(&d->turn);
        (void)nanosleep(&loop_first, NULL);
        (void)pthread_mutex_lock(&d->turn);
    }
}

/* `rest`: something is left for the loop to do. */
static void turn_give(struct directions *d, bool rest)
{
    bool earlier =
        mono_ns_between(host_core_deadline(d->with.core), pump_asleep_until(d->with.pump)) > 0;

    (void)pthread_mutex_unlock(&d->turn);
    if (rest || earlier) {
        ev_async_send(d->with.loop, &d->wake);
    }
}

static void loop_waits(struct ev_loop *loop)
{
    struct directions *d = ev_userdata(loop);

    (void)pthread_mutex_unlock(&d->turn);
}

static void loop_waited(struct ev_loop *loop)
{
    struct directions *d = ev_userdata(loop);

    (void)pthread_mutex_lock(&d->turn);
}

static void on_wake(struct ev_loop *loop, struct ev_async *w, int events)
{
    struct directions *d = w->data;

    (void)loop;
    (void)events;
    if (atomic_exchange(&d->gone, false)) {
        interface_lost(d->with.interface);
        return;
    }
    pump_kick(d->with.pump);
}

/* False when the thread is to end. */
static bool readable_wait(struct directions *d, int fd)
{
    struct pollfd waits[2] = {{.fd = fd, .events = POLLIN}, {.fd = d->stop_fd, .events = POLLIN}};

    (void)poll(waits, 2, -1);
    return waits[1].revents == 0;
}

/* ---- TUN to UDP ---- */

/* Whether an item leaves from another socket than the first, as to a peer whose NAT let in only
 * what a guess brought there. The loop's thread opens and closes those, so it sends that. */
static bool is_of_others(const struct directions *d, const struct outbox_item *item)
{
    return item->local.port != d->port && item->local.port != 0;
}

static bool others_put(struct out *out)
{
    struct outbox *to = pump_outbox(out->all->with.pump);
    bool some = false;

    for (size_t i = 0; i < out->net.items_count; i++) {
        const struct outbox_item *item = &out->net.items[i];

        if (is_of_others(out->all, item)) {
            outbox_put_hops(to, &item->local, &item->remote, out->net.bytes + item->offset,
                            item->size, item->hops);
            some = true;
        }
    }
    return some;
}

/* While the socket's buffer is full, packets wait in the device's queue, where TCP notices. False
 * when the thread is to end. */
static bool writable_wait(struct out *out)
{
    struct pollfd waits[2] = {{.fd = udp_batch_fd(out->udp), .events = POLLOUT},
                              {.fd = out->all->stop_fd, .events = POLLIN}};

    (void)poll(waits, 2, -1);
    return waits[1].revents == 0;
}

/* Send these items. False when the thread is to end. */
static bool run_send(struct out *out, size_t first, size_t count)
{
    for (;;) {
        size_t sent = udp_batch_send(out->udp, &out->net, first, count);

        first += sent;
        count -= sent;
        if (count == 0) {
            return true;
        }
        if (!writable_wait(out)) {
            return false;
        }
    }
}

static bool box_send(struct out *out)
{
    const struct outbox *box = &out->net;
    size_t first = 0;

    while (first < box->items_count) {
        size_t end = first;

        while (end < box->items_count && !is_of_others(out->all, &box->items[end])) {
            end++;
        }
        if (end > first && !run_send(out, first, end - first)) {
            return false;
        }
        first = end + 1;
    }
    return true;
}

static bool packets_take(struct out *out, struct packet *packets, size_t count)
{
    struct directions *d = out->all;
    struct packet_box *answers = &d->with.interface->box;
    struct host_io io = {.net = &out->net, .tun = answers};
    bool rest, full;

    turn_take(d);
    host_core_packets(d->with.core, packets, count, &io, clock_mono());
    rest = others_put(out) || answers->items_count > 0;
    full = pump_blocked(d->with.pump); /* by what goes in sessions to relays */
    turn_give(d, rest);
    bool goes_on = box_send(out) && (!full || writable_wait(out));
    outbox_clear(&out->net);
    return goes_on;
}

static void *out_run(void *context)
{
    struct out *out = context;
    struct directions *d = out->all;
    struct tun *tun = d->with.interface->tun;
    bool goes_on = true;

    (void)prctl(PR_SET_NAME, "ziglan-out");
    while (goes_on && !atomic_load_explicit(&d->stop, memory_order_relaxed)) {
        struct packet *packets;
        size_t count = tun_receive(tun, out->queue, &packets);

        if (count > 0) {
            goes_on = packets_take(out, packets, count);
        }
        if (tun_gone(tun, out->queue)) {
            if (out->queue == 0) { /* of all queues one tells it */
                atomic_store(&d->gone, true);
                ev_async_send(d->with.loop, &d->wake);
            }
            return NULL;
        }
        if (goes_on && count < TUN_BATCH_MAX) {
            goes_on = readable_wait(d, tun_fd(tun, out->queue));
        }
    }
    return NULL;
}

/* ---- UDP to TUN ---- */

/* Packets for the device, and else nothing as a rule, as told by the first byte (RFC 9443). */
static bool is_data(const struct dgram *in)
{
    return in->size > 0 && (in->data[0] == FRAME_TYPE_DATA || in->data[0] == FRAME_TYPE_LANE_DATA);
}

/* Hand over as many datagrams as there is room for what comes of them. Returns their number. */
static size_t datagrams_take(struct directions *d, const struct dgram *list, size_t count)
{
    struct packet_box *box = &d->in.tun;
    struct outbox *answers = pump_outbox(d->with.pump);
    struct host_io io = {.net = answers, .tun = box};
    size_t taken = 0;
    bool rest = false;

    turn_take(d);
    struct mono now = clock_mono();
    while (taken < count && box->items_count <= box->items_capacity / 2 &&
           box->bytes_used <= box->bytes_capacity / 2) {
        host_core_receive(d->with.core, &list[taken], &io, now);
        rest = rest || !is_data(&list[taken]);
        taken++;
    }
    turn_give(d, rest || (answers->items_count > 0 && !pump_blocked(d->with.pump)));
    return taken;
}

static void *in_run(void *context)
{
    struct directions *d = context;
    struct in *in = &d->in;

    (void)prctl(PR_SET_NAME, "ziglan-in");
    while (!atomic_load_explicit(&d->stop, memory_order_relaxed)) {
        const struct dgram *list;
        size_t count = udp_batch_receive(in->udp, &list);

        for (size_t at = 0; at < count;) {
            at += datagrams_take(d, list + at, count - at);
            tun_send(d->with.interface->tun, &in->tun);
            packet_box_clear(&in->tun);
        }
        if (count == 0 && !readable_wait(d, udp_batch_fd(in->udp))) {
            break;
        }
    }
    return NULL;
}

/* ---- in the loop's thread ---- */

static int in_open(struct directions *d)
{
    int rc = udp_batch_twin(&d->in.udp, d->with.udp);

    return rc == ERR_OK ? packet_box_init(&d->in.tun, IN_BYTES, IN_ITEMS) : rc;
}

static int out_open(struct directions *d, size_t queue)
{
    struct out *out = &d->outs[queue];
    int rc = udp_batch_twin(&out->udp, d->with.udp);

    out->all = d;
    out->queue = queue;
    d->outs_count = queue + 1;
    return rc == ERR_OK ? outbox_init(&out->net, OUT_BYTES, OUT_ITEMS) : rc;
}

static int parts_open(struct directions *d, struct fault *fault)
{
    size_t queues = tun_queues(d->with.interface->tun);
    int rc = in_open(d);

    for (size_t i = 0; rc == ERR_OK && i < queues; i++) {
        rc = out_open(d, i);
    }
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return rc;
    }
    d->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (d->stop_fd < 0) {
        fault_set_errno(fault, "cannot make an eventfd");
        return ERR_SYSTEM;
    }
    return ERR_OK;
}

static int threads_start(struct directions *d, struct fault *fault)
{
    int rc = thread_start(&d->in.thread, in_run, d);

    d->in.started = rc == 0;
    for (size_t i = 0; rc == 0 && i < d->outs_count; i++) {
        rc = thread_start(&d->outs[i].thread, out_run, &d->outs[i]);
        d->outs[i].started = rc == 0;
    }
    if (rc != 0) {
        errno = rc;
        fault_set_errno(fault, "cannot start a thread");
        return ERR_SYSTEM;
    }
    return ERR_OK;
}

/* From now on the loop has the turn but while it waits. */
static void turn_begin(struct directions *d)
{
    struct ev_loop *loop = d->with.loop;

    turn_take(d);
    ev_set_userdata(loop, d);
    ev_set_loop_release_cb(loop, loop_waits, loop_waited);
    ev_async_init(&d->wake, on_wake);
    d->wake.data = d;
    ev_async_start(loop, &d->wake);
}

int directions_start(struct directions **out, const struct directions_options *options,
                     struct fault *fault)
{
    struct directions *d = calloc(1, sizeof(*d));
    int rc;

    *out = NULL;
    if (d == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    d->with = *options;
    d->port = udp_batch_local(options->udp)->port;
    d->stop_fd = -1;
    (void)pthread_mutex_init(&d->turn, NULL);
    turn_begin(d);
    rc = parts_open(d, fault);
    if (rc == ERR_OK) {
        rc = threads_start(d, fault);
    }
    if (rc != ERR_OK) {
        directions_stop(d);
        tun_queues_end(options->interface->tun);
        return rc;
    }
    pump_receive_elsewhere(options->pump);
    interface_receive_elsewhere(options->interface);
    *out = d;
    return ERR_OK;
}

static void threads_stop(struct directions *d)
{
    const uint64_t one = 1;

    atomic_store(&d->stop, true);
    while (d->stop_fd >= 0 && write(d->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    (void)pthread_mutex_unlock(&d->turn); /* for those that want it once more */
    if (d->in.started) {
        (void)pthread_join(d->in.thread, NULL);
    }
    for (size_t i = 0; i < d->outs_count; i++) {
        if (d->outs[i].started) {
            (void)pthread_join(d->outs[i].thread, NULL);
        }
    }
}

void directions_stop(struct directions *d)
{
    if (d == NULL) {
        return;
    }
    threads_stop(d);
    ev_set_loop_release_cb(d->with.loop, NULL, NULL);
    ev_async_stop(d->with.loop, &d->wake);
    udp_batch_close(d->in.udp);
    packet_box_fini(&d->in.tun);
    for (size_t i = 0; i < d->outs_count; i++) {
        udp_batch_close(d->outs[i].udp);
        outbox_fini(&d->outs[i].net);
    }
    if (d->stop_fd >= 0) {
        (void)close(d->stop_fd);
    }
    (void)pthread_mutex_destroy(&d->turn);
    free(d);
}
