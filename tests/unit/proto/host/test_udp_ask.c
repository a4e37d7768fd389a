/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel tells about addresses from which nothing comes back, on real sockets. */
#include "proto/host/udp_ask.h"

#include "proto/host/os_env.h"

#include "tests/support/fixture.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint8_t request[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};

/* A socket at a port of this machine. */
static int bound(struct endpoint *at)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(name);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&name, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &size), 0);
    *at = endpoint_v4((const uint8_t *)&name.sin_addr, ntohs(name.sin_port));
    return fd;
}

static void a_silent_port_gets_three_packets_and_a_closed_one_is_known_at_once(void **state)
{
    struct endpoint to[3];
    enum udp_verdict verdicts[3];
    int silent = bound(&to[0]);
    int closed = bound(&to[1]);
    uint8_t got[64];

    (void)state;
    (void)close(closed);
    assert_true(endpoint_parse(&to[2], "255.255.255.255:4433", 0)); /* not without SO_BROADCAST */
    struct mono begin = clock_mono();
    udp_ask(to, 2, request, sizeof(request), verdicts);
    assert_true(mono_ms_between(begin, clock_mono()) >= UDP_ASK_PACKETS * UDP_ASK_EVERY_MS);
    assert_int_equal(verdicts[0], UDP_VERDICT_SILENT);
    assert_int_equal(verdicts[1], UDP_VERDICT_CLOSED);
    for (int i = 0; i < UDP_ASK_PACKETS; i++) {
        assert_int_equal(recv(silent, got, sizeof(got), MSG_DONTWAIT), sizeof(request));
        assert_memory_equal(got, request, sizeof(request));
    }
    assert_int_equal(recv(silent, got, sizeof(got), MSG_DONTWAIT), -1);
    udp_ask(to + 1, 2, request, sizeof(request), verdicts);
    assert_int_equal(verdicts[0], UDP_VERDICT_CLOSED);
    assert_int_equal(verdicts[1], UDP_VERDICT_UNREACHABLE);
    (void)close(silent);
}

static void who_answers_is_heard(void **state)
{
    struct endpoint to[1];
    enum udp_verdict verdict = UDP_VERDICT_SILENT;
    int relay = bound(&to[0]);
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        struct sockaddr_in from;
        socklen_t size = sizeof(from);
        uint8_t got[64];

        if (recvfrom(relay, got, sizeof(got), 0, (struct sockaddr *)&from, &size) > 0) {
            (void)!sendto(relay, got, 1, 0, (const struct sockaddr *)&from, size);
        }
        _exit(0);
    }
    assert_true(child > 0);
    udp_ask(to, 1, request, sizeof(request), &verdict);
    assert_int_equal(verdict, UDP_VERDICT_ANSWERED);
    (void)close(relay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_port_gets_three_packets_and_a_closed_one_is_known_at_once),
        cmocka_unit_test(who_answers_is_heard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
