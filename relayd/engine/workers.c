/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The threads: receive a batch, let the switch look at it, send what is to be sent. */
#include "relayd/engine/workers.h"

#include "proto/base/bytes.h"
#include "proto/base/ring.h"
#include "proto/crypto/lane_frame.h"
#include "proto/host/file.h"
#include "proto/host/os_env.h"
#include "proto/host/thread.h"
#include "proto/host/udp_send.h"
#include "proto/host/udp_share.h"
#include "proto/wire/frame.h"
#include "relayd/service/lane_switch.h"
#include "relayd/service/stun_switch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    SOCKETS_MAX = LANE_BOARD_PORTS_MAX,
    FILES_BESIDE = 20,     /* descriptors that stay for the rest of the program, at least */
    RING_SIZE = 1 << 18,   /* 190 datagrams of 1,300 bytes */
    BLOCKED_MS_MAX = 5,    /* what waits longer for a full socket is dropped */
    SENDS_MAX = 256,       /* trains to one socket in one call */
    BATCH_LARGE = 1 << 18, /* bytes: a batch should not be longer than what the cache holds */
    TELL_MS = 1000,        /* of STUN the control thread is told so often */
    COUNTERS = sizeof(struct udp_counters) / sizeof(uint64_t),
};

_Static_assert(sizeof(struct udp_counters) % sizeof(uint64_t) == 0, "counters of 64 bits only");

struct workers;

struct worker {
    struct workers *all;
    pthread_t thread;
    bool started;
    struct udp_batch *sockets[SOCKETS_MAX];
    struct lane_switch lanes;
    struct ring *ring;
    size_t most; /* messages in one call: many where they are small */
    bool wakes;  /* the control thread, at the end of the batch */
    /* What goes out by one socket. */
    struct udp_batch *sends_by;
    struct dgram_train sends[SENDS_MAX];
    size_t sends_count;
    uint8_t answers[SENDS_MAX][STUN_ANSWER_SIZE_MAX]; /* the data of those that are answers */
    struct mono now, told_at;            /* of STUN: read once in a batch, {0} before; last told */
    _Atomic uint64_t counters[COUNTERS]; /* of its sockets; for the control thread */
};

struct workers {
    unsigned count;
    size_t sockets_count;
    int wake_fd; /* the control thread waits for it */
    int stop_fd; /* the workers wait for it */
    const struct stun_board *stun;
    struct worker list[LANE_WORKERS_MAX];
};

/* What stands in a ring before a datagram. */
struct handed {
    struct endpoint local, remote;
};

/* ---- in the workers' threads ---- */

static void fd_signal(int fd)
{
    const uint64_t one = 1;

    while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

static void hand(struct worker *worker, const struct dgram *in)
{
    const struct handed head = {.local = in->local, .remote = in->remote};
    uint8_t *to = ring_reserve(worker->ring, sizeof(head) + in->size);

    worker->wakes = true;
    if (to == NULL) {
        worker->lanes.counts.drop_ring++;
        return;
    }
    memcpy(to, &head, sizeof(head));
    memcpy(to + sizeof(head), in->data, in->size);
    ring_commit(worker->ring, sizeof(head) + in->size);
    worker->lanes.counts.handed++;
}

static void sends_flush(struct worker *worker)
{
    size_t sent = 0;

    while (sent < worker->sends_count) {
        struct pollfd wait = {.fd = udp_batch_fd(worker->sends_by), .events = POLLOUT};

        sent += udp_batch_send_trains(worker->sends_by, &worker->sends[sent],
                                      worker->sends_count - sent);
        if (sent < worker->sends_count && poll(&wait, 1, BLOCKED_MS_MAX) <= 0) {
            break;
        }
    }
    for (; sent < worker->sends_count; sent++) {
        worker->lanes.counts.drop_blocked += dgram_train_count(&worker->sends[sent]);
    }
    worker->sends_count = 0;
}

/* How well a train with this local end leaves from a socket: best if bound to just that, then to
 * any address of its family, then of both. */
static int fitness(const struct endpoint *bound, const struct endpoint *local)
{
    if (bound->port != local->port) {
        return 0;
    }
    if (endpoint_same_ip(bound, local)) {
        return 3;
    }
    return endpoint_is_v4(bound) == endpoint_is_v4(local) ? 2 : 1;
}

static struct udp_batch *socket_for(const struct worker *worker, const struct dgram_train *train)
{
    struct udp_batch *best = worker->sockets[0];
    int most = 0;

    for (size_t i = 0; i < worker->all->sockets_count; i++) {
        int fits = fitness(udp_batch_local(worker->sockets[i]), &train->local);

        if (fits > most) {
            most = fits;
            best = worker->sockets[i];
        }
    }
    return best;
}

static void send_add(struct worker *worker, const struct dgram_train *train)
{
    struct udp_batch *by = socket_for(worker, train);

    if (worker->sends_count == SENDS_MAX || (worker->sends_count > 0 && worker->sends_by != by)) {
        sends_flush(worker);
    }
    worker->sends_by = by;
    worker->sends[worker->sends_count++] = *train;
}

/* Answer a STUN request. False if it is not for a worker to answer. */
static bool stun_take(struct worker *worker, const struct dgram *in)
{
    uint8_t answer[STUN_ANSWER_SIZE_MAX];
    struct dgram_train out = {.local = in->local, .remote = in->remote};
    enum stun_fate fate;

    if (worker->now.ns == 0) {
        worker->now = clock_mono();
        if (mono_due(mono_add_ms(worker->told_at, TELL_MS), worker->now)) {
            worker->told_at = worker->now;
            worker->lanes.used = true;
        }
    }
    fate = stun_switch_take(worker->all->stun, &worker->lanes.counts, in, worker->now, answer,
                            &out.size);
    if (fate == STUN_FATE_ANSWER) {
        out.segment_size = out.size;
        out.data = answer;
        send_add(worker, &out);
        out.data = worker->answers[worker->sends_count - 1];
        memcpy(out.data, answer, out.size);
        worker->sends[worker->sends_count - 1].data = out.data;
    }
    return fate != STUN_FATE_CONTROL;
}

/* What is no frame of a lane, or not for a worker to forward. */
static void others_take(struct worker *worker, const struct dgram_train *train, bool lanes)
{
    for (size_t at = 0; at < train->size; at += train->segment_size) {
        size_t left = train->size - at;
        const struct dgram in = {.local = train->local,
                                 .remote = train->remote,
                                 .data = train->data + at,
                                 .size = left < train->segment_size ? left : train->segment_size};

        if (lanes || in.data[0] > FRAME_STUN_LAST || !stun_take(worker, &in)) {
            hand(worker, &in);
        }
    }
}

static void counters_tell(struct worker *worker)
{
    for (size_t k = 0; k < COUNTERS; k++) {
        uint64_t sum = 0;

        for (size_t i = 0; i < worker->all->sockets_count; i++) {
            uint64_t words[COUNTERS];

            memcpy(words, udp_batch_counters(worker->sockets[i]), sizeof(words));
            sum += words[k];
        }
        atomic_store_explicit(&worker->counters[k], sum, memory_order_relaxed);
    }
}

/* One batch of one socket. True if there may be more. */
static bool batch_take(struct worker *worker, struct udp_batch *udp)
{
    struct dgram_train trains[UDP_TRAINS_MAX], out;
    size_t most = worker->most, bytes = 0;
    size_t count = udp_batch_receive_trains(udp, trains, most);

    worker->now = (struct mono){0};
    for (size_t i = 0; i < count; i++) {
        enum lane_fate fate;

        bytes += trains[i].size;
        while ((fate = lane_switch_next(&worker->lanes, &trains[i], &out)) != LANE_FATE_NONE) {
            if (fate == LANE_FATE_SEND) {
                send_add(worker, &out);
            } else {
                others_take(worker, &out, fate == LANE_FATE_CONTROL);
            }
        }
    }
    sends_flush(worker);
    if (lane_switch_end(&worker->lanes) || worker->wakes) {
        worker->wakes = false;
        fd_signal(worker->all->wake_fd);
    }
    worker->most = bytes > BATCH_LARGE ? UDP_TRAINS_USUAL : UDP_TRAINS_MAX;
    return count == most;
}

static void *worker_run(void *context)
{
    struct worker *worker = context;
    size_t sockets_count = worker->all->sockets_count;
    struct pollfd waits[SOCKETS_MAX + 1];

    for (size_t i = 0; i < sockets_count; i++) {
        waits[i] = (struct pollfd){.fd = udp_batch_fd(worker->sockets[i]), .events = POLLIN};
    }
    waits[sockets_count] = (struct pollfd){.fd = worker->all->stop_fd, .events = POLLIN};
    for (;;) {
        int timeout_ms = -1;

        if (waits[sockets_count].revents != 0) {
            return NULL;
        }
        for (size_t i = 0; i < sockets_count; i++) {
            if (waits[i].revents != 0 && batch_take(worker, worker->sockets[i])) {
                timeout_ms = 0;
            }
        }
        counters_tell(worker);
        (void)poll(waits, sockets_count + 1, timeout_ms);
    }
}

/* ---- in the control thread ---- */

static int sockets_open(struct worker *worker, const struct workers_options *options,
                        struct fault *fault)
{
    for (size_t i = 0; i < options->sockets_count; i++) {
        const struct udp_options socket = {.local = *udp_batch_local(options->sockets[i]),
                                           .joins = true,
                                           .over = udp_batch_over(options->sockets[i]),
                                           .room_of = i > 0 ? worker->sockets[0] : NULL};
        int rc = udp_batch_open(&worker->sockets[i], &socket, fault);

        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

static int worker_open(struct workers *workers, unsigned number,
                       const struct workers_options *options, struct fault *fault)
{
    struct worker *worker = &workers->list[number];

    worker->all = workers;
    worker->most = UDP_TRAINS_MAX;
    lane_switch_init(&worker->lanes, options->board, number);
    workers->count++;
    if (ring_new(&worker->ring, RING_SIZE) != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    return sockets_open(worker, options, fault);
}

/* Let the kernel deal lane data, by the label, and binding requests, by the end of their
 * transaction, to the sockets of the workers. */
static int deal(const struct workers_options *options, struct fault *fault)
{
    const struct udp_dealing dealing = {
        .deals = {{.word = (uint32_t)FRAME_TYPE_LANE_DATA << 24,
                   .mask = UINT32_C(0xff) << 24,
                   .number_at = LANE_LABEL_AT,
                   .number_mask = LANE_WORKERS_MAX - 1},
                  {.word = STUN_BINDING_REQUEST << 16,
                   .mask = UINT32_C(0xffff) << 16,
                   .cookie = STUN_COOKIE,
                   .number_at = STUN_HEADER_SIZE - sizeof(uint32_t)}},
        .deals_count = 2,
        .joined = options->count};

    for (size_t i = 0; i < options->sockets_count; i++) {
        if (udp_deal(options->sockets[i], &dealing) != ERR_OK) {
            fault_set_errno(fault, "the kernel does not deal datagrams to workers");
            return ERR_SYSTEM;
        }
    }
    return ERR_OK;
}

static int share(const struct workers_options *options, struct fault *fault)
{
    uint16_t ports[SOCKETS_MAX];

    CHECK(options->sockets_count <= SOCKETS_MAX);
    for (size_t i = 0; i < options->sockets_count; i++) {
        ports[i] = udp_batch_local(options->sockets[i])->port;
        if (udp_share(options->sockets[i], true) != ERR_OK) {
            fault_set_errno(fault, "the kernel does not share UDP ports");
            return ERR_SYSTEM;
        }
    }
    lane_board_set_ports(options->board, ports, options->sockets_count);
    return ERR_OK;
}

static int threads_start(struct workers *workers, struct fault *fault)
{
    int rc = 0;

    for (unsigned i = 0; rc == 0 && i < workers->count; i++) {
        rc = thread_start(&workers->list[i].thread, worker_run, &workers->list[i]);
        workers->list[i].started = rc == 0;
    }
    if (rc != 0) {
        errno = rc;
        fault_set_errno(fault, "cannot start a thread");
        return ERR_SYSTEM;
    }
    return ERR_OK;
}

static int events_open(struct workers *workers, struct fault *fault)
{
    workers->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    workers->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (workers->wake_fd < 0 || workers->stop_fd < 0) {
        fault_set_errno(fault, "cannot make an eventfd");
        return ERR_SYSTEM;
    }
    return ERR_OK;
}

static int all_open(struct workers *workers, const struct workers_options *options,
                    struct fault *fault)
{
    int rc = files_check(FILES_BESIDE + options->count * options->sockets_count, fault);

    if (rc == ERR_OK) {
        rc = events_open(workers, fault);
    }
    if (rc == ERR_OK) {
        rc = share(options, fault);
    }
    for (unsigned i = 0; rc == ERR_OK && i < options->count; i++) {
        rc = worker_open(workers, i, options, fault);
    }
    if (rc == ERR_OK) {
        rc = deal(options, fault);
    }
    if (rc == ERR_OK && options->opened != NULL) {
        options->opened(options->context);
    }
    return rc == ERR_OK ? threads_start(workers, fault) : rc;
}

int workers_start(struct workers **out, const struct workers_options *options, struct fault *fault)
{
    static const uint16_t no_ports[1];
    struct workers *workers = calloc(1, sizeof(*workers));
    int rc;

    CHECK(options->count > 0 && options->count <= LANE_WORKERS_MAX);
    *out = NULL;
    if (workers == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    workers->sockets_count = options->sockets_count;
    workers->stun = options->stun;
    workers->wake_fd = -1;
    workers->stop_fd = -1;
    rc = all_open(workers, options, fault);
    if (rc == ERR_OK) {
        *out = workers;
        return ERR_OK;
    }
    workers_stop(workers);
    lane_board_set_ports(options->board, no_ports, 0);
    for (size_t i = 0; i < options->sockets_count; i++) {
        (void)!udp_share(options->sockets[i], false);
    }
    return rc;
}

void workers_stop(struct workers *workers)
{
    if (workers == NULL) {
        return;
    }
    fd_signal(workers->stop_fd);
    for (unsigned i = 0; i < workers->count; i++) {
        struct worker *worker = &workers->list[i];

        if (worker->started) {
            (void)pthread_join(worker->thread, NULL);
        }
        for (size_t k = workers->sockets_count; k > 0; k--) { /* the first one has the room */
            udp_batch_close(worker->sockets[k - 1]);
        }
        ring_free(worker->ring);
    }
    (void)close(workers->wake_fd);
    (void)close(workers->stop_fd);
    free(workers);
}

int workers_fd(const struct workers *workers)
{
    return workers->wake_fd;
}

static bool ring_drain(struct ring *ring, size_t most,
                       void (*take)(void *context, const struct dgram *in), void *context)
{
    size_t size;
    uint8_t *record;

    while ((record = ring_peek(ring, &size)) != NULL) {
        struct handed head;

        if (most == 0) {
            return true;
        }
        most--;
        memcpy(&head, record, sizeof(head));
        const struct dgram in = {.local = head.local,
                                 .remote = head.remote,
                                 .data = record + sizeof(head),
                                 .size = size - sizeof(head)};

        take(context, &in);
        ring_release(ring);
    }
    return false;
}

bool workers_drain(struct workers *workers, size_t most,
                   void (*take)(void *context, const struct dgram *in), void *context)
{
    uint64_t times;
    bool more = false;

    while (read(workers->wake_fd, &times, sizeof(times)) < 0 && errno == EINTR) {
    }
    for (unsigned i = 0; i < workers->count; i++) {
        more = ring_drain(workers->list[i].ring, most, take, context) || more;
    }
    if (more) {
        fd_signal(workers->wake_fd); /* the rest in the next turn of the loop */
    }
    return more;
}

void workers_socket_counters(const struct workers *workers, struct udp_counters *sum)
{
    uint64_t words[COUNTERS];

    memcpy(words, sum, sizeof(words));
    for (unsigned i = 0; workers != NULL && i < workers->count; i++) {
        for (size_t k = 0; k < COUNTERS; k++) {
            words[k] += atomic_load_explicit(&workers->list[i].counters[k], memory_order_relaxed);
        }
    }
    memcpy(sum, words, sizeof(words));
}
