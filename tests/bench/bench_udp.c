/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many datagrams a second pass: one side counts, the other sends at a steady rate, then asks
 * how many arrived. Without a rate it looks for the highest one of which at most 0.5 % is lost, in
 * steps of a quarter of a second, and each rate that fails gets a second try. By --turn the
 * datagrams go on a channel of a TURN server without password to the receiver. By --trains the
 * kernel is handed many at once (UDP_SEGMENT), or hands over many (UDP_GRO), as QUIC does it.
 *
 * usage: bench_udp receive [--trains] PORT
 *        bench_udp send [--turn IP4 PORT] IP PORT SIZE [RATE SECONDS]
 *        bench_udp send --trains IP PORT SIZE RATE SECONDS
 *
 * Prints "per_s=N sent=N received=N": datagrams that arrived a second, and all of them.
 */
#include "proto/base/bytes.h"
#include "tests/support/turn_channel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SIZE_MIN = 16, /* mark, run */
    SIZE_MAX_BYTES = 1472,
    MARK_COUNT = 0x7a6c636f, /* in a datagram to be counted */
    MARK_ASK = 0x7a6c6173,
    BATCH_MAX = 64,
    TRAIN_MAX = 40, /* datagrams */
    TICK_NS = 50000,
    STEP_MS = 250,
    SETTLE_MS = 60,
    ASKS_MAX = 20,
    RATE_FIRST = 16000,
    BISECTIONS = 3,
    LOST_PER_1000 = 5,
    BUFFER_SIZE = 4 << 20,
};

struct sender {
    int fd;
    bool turn;
    size_t train; /* datagrams in one send; 0: each by itself */
    size_t size;
    uint32_t run;
    uint8_t bytes[TURN_CHANNEL_HEADER_SIZE + SIZE_MAX_BYTES];
};

struct outcome {
    uint64_t sent, received;
    double seconds;
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void sleep_ns(uint64_t ns)
{
    struct timespec t = {.tv_sec = (time_t)(ns / 1000000000U), .tv_nsec = (long)(ns % 1000000000U)};

    (void)nanosleep(&t, NULL);
}

/* ---- the side that counts ---- */

static int receiver_open(const char *port, bool trains)
{
    struct sockaddr_in6 own = {.sin6_family = AF_INET6,
                               .sin6_port = htons((uint16_t)strtoul(port, NULL, 10))};
    int fd = socket(AF_INET6, SOCK_DGRAM, 0), off = 0, size = BUFFER_SIZE, on = 1;

    if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0 ||
        bind(fd, (struct sockaddr *)&own, sizeof(own)) != 0) {
        fail("UDP socket");
    }
    if (trains && setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on)) != 0) {
        fail("UDP_GRO");
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    return fd;
}

/* How many datagrams are in a message that the kernel joined. */
static uint64_t datagrams_in(struct mmsghdr *message)
{
    struct msghdr *header = &message->msg_hdr;
    int size = (int)message->msg_len;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            memcpy(&size, CMSG_DATA(c), sizeof(size));
        }
    }
    return size > 0 ? (message->msg_len + (unsigned)size - 1) / (unsigned)size : 1;
}

static void receive(const char *port, bool trains)
{
    static _Alignas(struct cmsghdr) uint8_t ancillary[BATCH_MAX][CMSG_SPACE(sizeof(int))];
    static uint8_t bytes[BATCH_MAX][SIZE_MIN];
    struct mmsghdr messages[BATCH_MAX] = {0};
    struct sockaddr_in6 froms[BATCH_MAX];
    struct iovec parts[BATCH_MAX];
    int fd = receiver_open(port, trains);
    uint64_t count = 0;
    uint32_t run = 0;

    for (;;) {
        int got;

        for (size_t i = 0; i < BATCH_MAX; i++) {
            parts[i] = (struct iovec){.iov_base = bytes[i], .iov_len = SIZE_MIN};
            messages[i].msg_hdr = (struct msghdr){.msg_name = &froms[i],
                                                  .msg_namelen = sizeof(froms[i]),
                                                  .msg_iov = &parts[i],
                                                  .msg_iovlen = 1,
                                                  .msg_control = ancillary[i],
                                                  .msg_controllen = sizeof(ancillary[i])};
        }
        got = recvmmsg(fd, messages, BATCH_MAX, MSG_WAITFORONE | MSG_TRUNC, NULL);
        for (int i = 0; i < got; i++) {
            uint32_t mark = be32_read(bytes[i]);

            if (mark == MARK_COUNT || mark == MARK_ASK) {
                count = be32_read(bytes[i] + 4) == run ? count : 0;
                run = be32_read(bytes[i] + 4);
                count += mark == MARK_COUNT ? datagrams_in(&messages[i]) : 0;
            }
            if (mark == MARK_ASK) {
                be64_write(bytes[i] + 8, count);
                (void)sendto(fd, bytes[i], SIZE_MIN, 0, (struct sockaddr *)&froms[i],
                             sizeof(froms[i]));
            }
        }
    }
}

/* ---- the side that sends ---- */

static int sender_open(const char *ip, const char *port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    bool is_v4 = inet_pton(AF_INET, ip, &v4.sin_addr) == 1;
    int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0), size = BUFFER_SIZE;

    v4.sin_port = v6.sin6_port = htons((uint16_t)strtoul(port, NULL, 10));
    if (!is_v4 && inet_pton(AF_INET6, ip, &v6.sin6_addr) != 1) {
        fail(ip);
    }
    if (fd < 0 || connect(fd, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
                          is_v4 ? sizeof(v4) : sizeof(v6)) != 0) {
        fail("UDP socket");
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    return fd;
}

static void turn_request(int fd, const uint8_t *request, size_t size)
{
    for (int try = 0; try < ASKS_MAX; try++) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        uint8_t response[SIZE_MAX_BYTES];

        (void)send(fd, request, size, 0);
        while (poll(&poller, 1, 200) > 0) {
            ssize_t got = recv(fd, response, sizeof(response), 0);

            if (got > 0 && turn_succeeded(response, (size_t)got, request)) {
                return;
            }
        }
    }
    fputs("the TURN server refuses\n", stderr);
    exit(1);
}

static void turn_open(struct sender *s, const char *ip, const char *port)
{
    struct sockaddr_in peer = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    uint8_t request[TURN_MESSAGE_MAX];

    if (inet_pton(AF_INET, ip, &peer.sin_addr) != 1) {
        fail(ip);
    }
    turn_request(s->fd, request, turn_allocate_write(request));
    turn_request(s->fd, request, turn_bind_write(request, &peer));
    s->turn = true;
}

/* Fill in the datagram; the result is what is sent, *size bytes. */
static uint8_t *datagram(struct sender *s, uint32_t mark, size_t *size)
{
    uint8_t *body = s->bytes + TURN_CHANNEL_HEADER_SIZE;

    *size = mark == MARK_ASK ? (size_t)SIZE_MIN : s->size;
    be32_write(body, mark);
    be32_write(body + 4, s->run);
    if (!s->turn) {
        return body;
    }
    turn_header_write(s->bytes, *size);
    *size += TURN_CHANNEL_HEADER_SIZE;
    return s->bytes;
}

/* How many arrived; 0 if nobody says. */
static uint64_t ask(struct sender *s)
{
    size_t size, skip = s->turn ? TURN_CHANNEL_HEADER_SIZE : 0;
    uint8_t answer[TURN_CHANNEL_HEADER_SIZE + SIZE_MIN];
    struct pollfd poller = {.fd = s->fd, .events = POLLIN};
    const uint8_t *question = datagram(s, MARK_ASK, &size);

    sleep_ns((uint64_t)SETTLE_MS * 1000000U);
    for (int try = 0; try < ASKS_MAX; try++) {
        (void)send(s->fd, question, size, 0);
        while (poll(&poller, 1, 200) > 0) {
            ssize_t got = recv(s->fd, answer, sizeof(answer), 0);

            if (got >= (ssize_t)(skip + SIZE_MIN) && be32_read(answer + skip) == MARK_ASK &&
                be32_read(answer + skip + 4) == s->run) {
                return be64_read(answer + skip + 8);
            }
        }
    }
    return 0;
}

/* Send a train of datagrams if as many are due; returns how many went out. */
static uint64_t send_train(struct sender *s, uint64_t due)
{
    static uint8_t bytes[TRAIN_MAX * SIZE_MAX_BYTES];
    size_t size;
    const uint8_t *one = datagram(s, MARK_COUNT, &size);

    if (due < s->train) {
        sleep_ns(TICK_NS);
        return 0;
    }
    for (size_t i = 0; i < s->train; i++) {
        memcpy(bytes + i * size, one, size);
    }
    return send(s->fd, bytes, s->train * size, 0) < 0 ? 0 : s->train;
}

/* Send what is due; returns how many went out. */
static uint64_t send_due(struct sender *s, uint64_t due)
{
    struct mmsghdr messages[BATCH_MAX] = {0};
    size_t size;
    uint8_t *bytes = datagram(s, MARK_COUNT, &size);
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    unsigned count = due < BATCH_MAX ? (unsigned)due : BATCH_MAX;
    int sent;

    if (s->train > 0) {
        return send_train(s, due);
    }
    for (unsigned i = 0; i < count; i++) {
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1};
    }
    sent = sendmmsg(s->fd, messages, count, 0);
    return sent < 0 ? 0 : (uint64_t)sent;
}

/* A question goes by itself. And "don't fragment" must be said, as QUIC does (RFC 9000, 14): by
 * itself the kernel leaves it out of trains, and then each datagram has a number that counts. */
static void trains_set(const struct sender *s, bool on)
{
    int size = on ? (int)s->size : 0, whole = IP_PMTUDISC_PROBE;

    if (s->train > 0 &&
        (setsockopt(s->fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)) != 0 ||
         setsockopt(s->fd, IPPROTO_IP, IP_MTU_DISCOVER, &whole, sizeof(whole)) != 0)) {
        fail("UDP_SEGMENT");
    }
}

static struct outcome send_at(struct sender *s, double rate, double seconds)
{
    uint64_t start = now_ns(), end = start + (uint64_t)(seconds * 1e9), now;
    struct outcome outcome = {0};

    s->run++;
    for (now = start; now < end; now = now_ns()) {
        uint64_t due = (uint64_t)((double)(now - start) * rate / 1e9);

        if (due > outcome.sent) {
            outcome.sent += send_due(s, due - outcome.sent);
        } else {
            sleep_ns(TICK_NS);
        }
    }
    outcome.seconds = (double)(now - start) / 1e9;
    trains_set(s, false);
    outcome.received = ask(s);
    trains_set(s, true);
    return outcome;
}

/* Whether a rate was kept up and nearly all arrived. */
static bool passes(struct sender *s, double rate, struct outcome *best)
{
    for (int try = 0; try < 2; try++) {
        struct outcome outcome = send_at(s, rate, STEP_MS / 1000.0);

        if (outcome.received * 1000 >= outcome.sent * (1000 - LOST_PER_1000) &&
            (double)outcome.sent >= 0.95 * rate * outcome.seconds) {
            *best = outcome;
            return true;
        }
    }
    return false;
}

static struct outcome search(struct sender *s)
{
    struct outcome best = {.seconds = 1};
    double good = 0, bad = RATE_FIRST;

    while (passes(s, bad, &best)) {
        good = bad;
        bad *= 1.6;
    }
    while (good == 0 && bad > 100) {
        bad /= 2;
        if (passes(s, bad, &best)) {
            good = bad;
            bad *= 2;
        }
    }
    for (int i = 0; i < BISECTIONS; i++) {
        double middle = (good + bad) / 2;

        if (passes(s, middle, &best)) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    return best;
}

static int send_all(int argc, char **argv)
{
    bool turn = argc > 2 && strcmp(argv[2], "--turn") == 0;
    bool trains = argc > 2 && strcmp(argv[2], "--trains") == 0;
    int skip = turn ? 5 : trains ? 3 : 2;
    char **args = argv + skip;
    int count = argc - skip;
    struct sender s = {.run = (uint32_t)now_ns(), .train = trains ? (size_t)TRAIN_MAX : 0};
    struct outcome outcome;

    if (count != 5 && (count != 3 || trains)) {
        return 2;
    }
    s.size = strtoul(args[2], NULL, 10);
    if (s.size < SIZE_MIN || s.size > SIZE_MAX_BYTES) {
        return 2;
    }
    s.fd = turn ? sender_open(argv[3], argv[4]) : sender_open(args[0], args[1]);
    if (turn) {
        turn_open(&s, args[0], args[1]);
    }
    trains_set(&s, true);
    outcome = count == 5 ? send_at(&s, strtod(args[3], NULL), strtod(args[4], NULL)) : search(&s);
    printf("per_s=%.0f sent=%llu received=%llu\n", (double)outcome.received / outcome.seconds,
           (unsigned long long)outcome.sent, (unsigned long long)outcome.received);
    return 0;
}

int main(int argc, char **argv)
{
    int code = 2;

    if (argc == 3 && strcmp(argv[1], "receive") == 0) {
        receive(argv[2], false);
    } else if (argc == 4 && strcmp(argv[1], "receive") == 0 && strcmp(argv[2], "--trains") == 0) {
        receive(argv[3], true);
    } else if (argc > 4 && strcmp(argv[1], "send") == 0) {
        code = send_all(argc, argv);
    }
    if (code == 2) {
        fputs("usage: bench_udp receive [--trains] PORT\n"
              "       bench_udp send [--turn IP4 PORT] IP PORT SIZE [RATE SECONDS]\n"
              "       bench_udp send --trains IP PORT SIZE RATE SECONDS\n",
              stderr);
    }
    return code;
}
