/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long a program that brings up a tunnel takes until a ping through it is answered. Starts the
 * program, sends an ICMP echo every millisecond through the interface as soon as it exists, and
 * prints one line at the first reply:
 *     pid=PID started_ms=SINCE_1970 interface_us=SINCE_START first_us=SINCE_START
 * Then it sends 50 pings per second until it is killed, so that the program has a reason to look
 * for a better path. The program goes on. Needs CAP_NET_RAW. The program's output goes to stderr.
 * usage: bench_first_reply INTERFACE IPV4 PROGRAM [ARGUMENT...]
 */
#include "tests/support/naive_sum.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS_MAX = 20000, FAST_MS = 1, SLOW_MS = 20 };

struct pinger {
    int fd;
    bool bound;
    struct sockaddr_in target;
    uint16_t id, sequence;
    int64_t start_us;
    int64_t interface_us; /* since the start */
};

static int64_t clock_us(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void ping(struct pinger *p, const char *interface)
{
    struct icmphdr echo = {.type = ICMP_ECHO};

    if (!p->bound) {
        if (setsockopt(p->fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
                       (socklen_t)strlen(interface)) != 0) {
            return; /* not there yet */
        }
        p->bound = true;
        p->interface_us = clock_us(CLOCK_MONOTONIC) - p->start_us;
    }
    echo.un.echo.id = htons(p->id);
    echo.un.echo.sequence = htons(++p->sequence);
    echo.checksum = htons(naive_checksum((const uint8_t *)&echo, sizeof(echo)));
    /* It fails while there is no address or no route; the next one is sent in a moment. */
    (void)sendto(p->fd, &echo, sizeof(echo), MSG_DONTWAIT, (const struct sockaddr *)&p->target,
                 sizeof(p->target));
}

/* Whether a reply to one of our pings came within this time. */
static bool answered(struct pinger *p, int wait_ms)
{
    struct pollfd ready = {.fd = p->fd, .events = POLLIN};
    uint8_t packet[2048];
    const size_t echo_at = sizeof(struct iphdr); /* no options come from a ping's target */
    bool found = false;

    if (poll(&ready, 1, wait_ms) <= 0) {
        return false;
    }
    for (;;) {
        struct icmphdr echo;
        ssize_t size = recv(p->fd, packet, sizeof(packet), MSG_DONTWAIT);

        if (size < (ssize_t)(echo_at + sizeof(echo))) {
            return found;
        }
        memcpy(&echo, packet + echo_at, sizeof(echo));
        found |= p->bound && echo.type == ICMP_ECHOREPLY && ntohs(echo.un.echo.id) == p->id &&
                 memcmp(packet + 12, &p->target.sin_addr, 4) == 0;
    }
}

static pid_t start(char **command)
{
    pid_t pid = fork();

    if (pid == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        execvp(command[0], command);
        fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
        _exit(127);
    }
    return pid;
}

int main(int argc, char **argv)
{
    struct pinger p = {.id = (uint16_t)getpid(), .target.sin_family = AF_INET};
    int64_t started_ms;
    pid_t pid;

    if (argc < 4 || inet_pton(AF_INET, argv[2], &p.target.sin_addr) != 1) {
        fputs("usage: bench_first_reply INTERFACE IPV4 PROGRAM [ARGUMENT...]\n", stderr);
        return 2;
    }
    p.fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
    if (p.fd < 0) {
        perror("raw socket");
        return 1;
    }
    started_ms = clock_us(CLOCK_REALTIME) / 1000;
    p.start_us = clock_us(CLOCK_MONOTONIC);
    pid = start(argv + 3);
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    do {
        if (clock_us(CLOCK_MONOTONIC) - p.start_us > WAIT_MS_MAX * 1000LL) {
            fputs("no reply\n", stderr);
            return 1;
        }
        ping(&p, argv[1]);
    } while (!answered(&p, FAST_MS));
    printf("pid=%d started_ms=%lld interface_us=%lld first_us=%lld\n", (int)pid,
           (long long)started_ms, (long long)p.interface_us,
           (long long)(clock_us(CLOCK_MONOTONIC) - p.start_us));
    fflush(stdout);
    for (;;) {
        ping(&p, argv[1]);
        (void)answered(&p, SLOW_MS);
    }
}
