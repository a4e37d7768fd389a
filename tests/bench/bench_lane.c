/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a frame on a lane costs a relay: CPU time of the relay's process for each forwarded frame of
 * 1300 bytes, kernel included, over loopback in a network namespace of its own (needs root). The
 * relay is a core with its engine and real sockets; the sessions of the two hosts, which the lane
 * needs, were made before in memory. A window keeps the load below what would be lost.
 *     bulk     trains of 48 frames (UDP_SEGMENT), as hosts send them
 *     single   datagrams that come one by one
 * --bare measures, instead of the relay, a forwarder that looks at nothing: what came in by
 * recvmmsg and UDP_GRO leaves by UDP_SEGMENT and sendmmsg.
 * usage: bench_lane bulk|single [--bare] [--workers N] [SECONDS]
 */
#include "proto/base/bytes.h"
#include "proto/crypto/lane_frame.h"
#include "proto/host/os_env.h"
#include "proto/host/udp_batch.h"
#include "proto/host/udp_send.h"
#include "relayd/engine/engine.h"
#include "tests/support/relay_fixture.h"

#include <ev.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    FRAME_BYTES = 1300,
    DGRAM_BYTES = LANE_HEADER_SIZE + FRAME_BYTES,
    TRAIN = 48,
    WINDOW = 6 * TRAIN,
    HOSTS = 2,
    PORT = 4433,
    SECONDS_DEFAULT = 3,
    BEHIND_MS = 5000, /* virtual time must not be ahead of the clock when the engine starts */
};

/* A host: its socket, and its end of the lane. */
struct end {
    struct udp_batch *udp;
    struct outbox box;
    uint64_t label, nonce;
    uint8_t secret[LANE_SECRET_SIZE];
};

struct run {
    bool bare, single;
    unsigned workers, seconds;
    struct endpoint relay;
    struct end ends[HOSTS];
    struct world *world;
};

static struct endpoint loopback(uint8_t last, uint16_t port)
{
    const uint8_t ip[4] = {127, 0, 0, last};

    return endpoint_v4(ip, port);
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* Nothing that the relay sends leaves this machine. */
static void namespace_enter(void)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd;

    if (unshare(CLONE_NEWNET) != 0) {
        fail("a network namespace needs root");
    }
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) != 0) {
        fail("lo");
    }
    (void)close(fd);
}

static struct udp_batch *socket_open(const struct endpoint *at)
{
    const struct udp_options options = {.local = *at};
    struct udp_batch *udp = NULL;
    struct fault fault;

    if (udp_batch_open(&udp, &options, &fault) != ERR_OK) {
        (void)fprintf(stderr, "%s\n", fault.text);
        exit(1);
    }
    return udp;
}

/* ---- the relay ---- */

/* Two members, and a lane between them. */
static void lane_make(struct run *run)
{
    Ziglan__LaneOpen body = ZIGLAN__LANE_OPEN__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct relay_config cfg = {.workers = run->workers};
    struct world *w = world_new(&cfg);
    const Ziglan__Control *got;

    world_run(w, mono_ms_between(w->now, clock_mono()) - BEHIND_MS);
    world_members(w, HOSTS);
    body.dst = control_bytes(w->clients[1].identity.public_key, KEY_SIZE);
    message.body_case = ZIGLAN__CONTROL__BODY_LANE_OPEN;
    message.lane_open = &body;
    client_send(&w->clients[0], &message);
    world_run(w, 50);
    got = client_got(w, &w->clients[0], ZIGLAN__CONTROL__BODY_LANE_OPENED);
    CHECK(got != NULL);
    run->ends[0].label = got->lane_opened->label;
    memcpy(run->ends[0].secret, got->lane_opened->secret.data, LANE_SECRET_SIZE);
    got = client_got(w, &w->clients[1], ZIGLAN__CONTROL__BODY_LANE_INCOMING);
    CHECK(got != NULL);
    run->ends[1].label = got->lane_incoming->label;
    memcpy(run->ends[1].secret, got->lane_incoming->secret.data, LANE_SECRET_SIZE);
    run->world = w;
}

static void relay_run(struct run *run)
{
    struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
    struct os_env *os = NULL;
    struct relay_engine *engine = NULL;
    struct fault fault;

    CHECK(os_env_new(&os, TRACE_LEVEL_WARN) == ERR_OK);
    const struct relay_engine_options options = {
        .loop = loop,
        .core = run->world->relay.core,
        .env = os_env_port(os),
        .listen = &run->relay,
        .listen_count = 1,
        .portmap = PORTMAP_MODE_OFF,
        .identity = &run->world->relay.identity,
        .workers = run->workers,
    };
    if (relay_engine_open(&engine, &options, &fault) != ERR_OK) {
        (void)fprintf(stderr, "%s\n", fault.text);
        exit(1);
    }
    relay_engine_kick(engine);
    (void)ev_run(loop, 0);
}

/* To the other host, whoever it is. */
static void bare_run(const struct run *run)
{
    struct udp_batch *udp = socket_open(&run->relay);
    struct pollfd wait = {.fd = udp_batch_fd(udp), .events = POLLIN};
    struct endpoint hosts[HOSTS] = {loopback(2, PORT), loopback(3, PORT)};
    struct dgram_train trains[UDP_TRAINS_MAX];

    for (;;) {
        size_t count = udp_batch_receive_trains(udp, trains, UDP_TRAINS_MAX);

        if (count == 0) {
            (void)poll(&wait, 1, -1);
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            trains[i].remote = hosts[endpoint_equal(&trains[i].remote, &hosts[0]) ? 1 : 0];
        }
        (void)udp_batch_send_trains(udp, trains, count);
    }
}

static pid_t relay_start(struct run *run)
{
    pid_t pid = fork();

    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (run->bare) {
            bare_run(run);
        } else {
            relay_run(run);
        }
        exit(1);
    }
    return pid;
}

/* ---- the hosts ---- */

static void send_all(struct end *end)
{
    size_t sent = 0;

    while (sent < end->box.items_count) {
        sent += udp_batch_send(end->udp, &end->box, sent, end->box.items_count - sent);
    }
    outbox_clear(&end->box);
}

/* What comes within a second; 0: nothing. */
static size_t receive_soon(const struct end *end, const struct dgram **items)
{
    struct pollfd wait = {.fd = udp_batch_fd(end->udp), .events = POLLIN};

    return poll(&wait, 1, 1000) == 1 ? udp_batch_receive(end->udp, items) : 0;
}

static void lane_bind(const struct run *run, struct end *end)
{
    struct lane_message m = {.label = end->label}, answer;
    const struct dgram *items;
    uint8_t bytes[LANE_BIND_SIZE];

    for (int i = 0; i < 2; i++) {
        m.nonce = ++end->nonce;
        lane_bind_encode(bytes, &m, end->secret);
        outbox_put(&end->box, udp_batch_local(end->udp), &run->relay, bytes, sizeof(bytes));
        send_all(end);
        if (receive_soon(end, &items) == 0) {
            fail("the relay does not answer a bind");
        }
        if (lane_challenge_decode(&answer, items[0].data, items[0].size) == ERR_OK) {
            memcpy(m.cookie, answer.cookie, sizeof(m.cookie));
        }
    }
}

static void train_send(const struct run *run, struct end *end)
{
    for (int i = 0; i < TRAIN; i++) {
        uint8_t *to = outbox_reserve(&end->box, DGRAM_BYTES);

        CHECK(to != NULL);
        lane_header_write(to, end->label);
        to[LANE_HEADER_SIZE] = FRAME_TYPE_DATA;
        outbox_commit(&end->box, udp_batch_local(end->udp), &run->relay, DGRAM_BYTES);
    }
    send_all(end);
}

/* Both ends send to each other for so long, at most WINDOW frames ahead. Returns how many arrived.
 */
static uint64_t frames_pass(struct run *run, uint64_t ms)
{
    struct mono until = mono_add_ms(clock_mono(), ms);
    struct pollfd waits[HOSTS];
    uint64_t sent[HOSTS] = {0}, got[HOSTS] = {0};

    for (size_t i = 0; i < HOSTS; i++) {
        waits[i] = (struct pollfd){.fd = udp_batch_fd(run->ends[i].udp), .events = POLLIN};
    }
    while (!mono_due(until, clock_mono())) {
        for (size_t i = 0; i < HOSTS; i++) {
            while (sent[i] + TRAIN <= got[1 - i] + WINDOW) {
                train_send(run, &run->ends[i]);
                sent[i] += TRAIN;
            }
        }
        if (poll(waits, HOSTS, 100) == 0) { /* something was lost: begin anew */
            sent[0] = got[1];
            sent[1] = got[0];
        }
        for (size_t i = 0; i < HOSTS; i++) {
            const struct dgram *items;

            got[i] += udp_batch_receive(run->ends[i].udp, &items);
        }
    }
    return got[0] + got[1];
}

static uint64_t cpu_ns(clockid_t clock)
{
    struct timespec t;

    if (clock_gettime(clock, &t) != 0) {
        fail("the relay's CPU time");
    }
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void measure(struct run *run, pid_t pid)
{
    clockid_t clock;
    uint64_t before, frames, used;

    if (clock_getcpuclockid(pid, &clock) != 0) {
        fail("the relay's CPU time");
    }
    (void)frames_pass(run, 200);
    before = cpu_ns(clock);
    frames = frames_pass(run, (uint64_t)run->seconds * 1000);
    used = cpu_ns(clock) - before;
    (void)printf("%s %s workers=%u frames_per_s=%.0f cpu_ns_per_frame=%.0f\n",
                 run->bare ? "bare" : "relay", run->single ? "single" : "bulk", run->workers,
                 (double)frames / run->seconds, (double)used / (double)frames);
}

static bool options_read(struct run *run, int argc, char **argv)
{
    bool load = false;

    run->seconds = SECONDS_DEFAULT;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "bulk") == 0 || strcmp(argv[i], "single") == 0) {
            run->single = argv[i][0] == 's';
            load = true;
        } else if (strcmp(argv[i], "--bare") == 0) {
            run->bare = true;
        } else if (strcmp(argv[i], "--workers") == 0 && i + 1 < argc) {
            run->workers = (unsigned)strtoul(argv[++i], NULL, 10);
        } else {
            run->seconds = (unsigned)strtoul(argv[i], NULL, 10);
        }
    }
    return load && run->seconds > 0;
}

int main(int argc, char **argv)
{
    static struct run run;
    pid_t pid;

    if (!options_read(&run, argc, argv)) {
        (void)fprintf(stderr, "usage: bench_lane bulk|single [--bare] [--workers N] [SECONDS]\n");
        return 2;
    }
    namespace_enter();
    run.relay = loopback(1, PORT);
    if (!run.bare) {
        lane_make(&run);
    }
    for (size_t i = 0; i < HOSTS; i++) {
        const struct endpoint at = loopback((uint8_t)(i + 2), PORT);
        const struct udp_options options = {.local = at, .no_offload = run.single};
        struct fault fault;

        CHECK(udp_batch_open(&run.ends[i].udp, &options, &fault) == ERR_OK);
        CHECK(outbox_init(&run.ends[i].box, (size_t)TRAIN * DGRAM_BYTES, TRAIN) == ERR_OK);
    }
    pid = relay_start(&run);
    (void)usleep(300000);
    for (size_t i = 0; !run.bare && i < HOSTS; i++) {
        lane_bind(&run, &run.ends[i]);
    }
    measure(&run, pid);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    return 0;
}
