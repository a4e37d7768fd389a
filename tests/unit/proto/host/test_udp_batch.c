/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proto/host/udp_batch over loopback: both families, trains, mixed sizes, refusals. */
#include "proto/host/udp_batch.h"
#include "proto/host/udp_send.h"

#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct udp_batch *open_at(const char *address, bool no_offload)
{
    struct udp_options options = {.no_offload = no_offload};
    struct udp_batch *udp = NULL;
    struct fault fault = {0};

    if (address != NULL) {
        assert_true(endpoint_parse(&options.local, address, 0));
    }
    if (udp_batch_open(&udp, &options, &fault) != ERR_OK) {
        fail_msg("%s", fault.text);
    }
    return udp;
}

static struct endpoint at_loopback(const struct udp_batch *udp, const char *ip)
{
    struct endpoint e;

    assert_true(endpoint_parse(&e, ip, udp_batch_local(udp)->port));
    return e;
}

/* Datagram number i holds i in its first bytes and a pattern after them. */
static void pattern_write(uint8_t *at, size_t size, uint32_t i)
{
    for (size_t k = 0; k < size; k++) {
        at[k] = (uint8_t)(i * 31 + k);
    }
    if (size >= 4) {
        memcpy(at, &i, 4);
    }
}

/* Receive until `want` datagrams came or 2 s passed; checks order, content and addresses. */
static void expect_datagrams(struct udp_batch *udp, size_t want, const size_t *sizes,
                             size_t sizes_count, const struct endpoint *from,
                             const struct endpoint *to)
{
    static uint8_t expected[65536];
    size_t have = 0;

    while (have < want) {
        struct pollfd p = {.fd = udp_batch_fd(udp), .events = POLLIN};
        const struct dgram *items;
        size_t count;

        assert_int_equal(poll(&p, 1, 2000), 1);
        count = udp_batch_receive(udp, &items);
        for (size_t i = 0; i < count; i++) {
            assert_true(have < want);
            pattern_write(expected, sizes[have % sizes_count], (uint32_t)have);
            assert_int_equal(items[i].size, sizes[have % sizes_count]);
            assert_memory_equal(items[i].data, expected, items[i].size);
            assert_true(endpoint_equal(&items[i].remote, from));
            assert_true(endpoint_equal(&items[i].local, to));
            have++;
        }
    }
}

static void transfer(const char *bind_a, const char *bind_b, const char *loopback,
                     const size_t *sizes, size_t sizes_count, size_t count, bool no_offload_a,
                     bool no_offload_b)
{
    struct udp_batch *a = open_at(bind_a, no_offload_a);
    struct udp_batch *b = open_at(bind_b, no_offload_b);
    struct endpoint from = at_loopback(a, loopback);
    struct endpoint to = at_loopback(b, loopback);
    struct outbox box;
    size_t sent = 0;

    assert_int_equal(outbox_init(&box, 8 << 20, 4096), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        uint8_t *at = outbox_reserve(&box, sizes[i % sizes_count]);

        assert_non_null(at);
        pattern_write(at, sizes[i % sizes_count], (uint32_t)i);
        outbox_commit(&box, &from, &to, sizes[i % sizes_count]);
    }
    sent = udp_batch_send(a, &box, 0, count);
    assert_int_equal(sent, count);
    expect_datagrams(b, count, sizes, sizes_count, &from, &to);
    assert_int_equal(udp_batch_counters(a)->sent_datagrams, count);
    assert_int_equal(udp_batch_counters(b)->received_datagrams, count);
    if (!no_offload_a && sizes_count == 1) {
        assert_true(udp_batch_counters(a)->send_calls < count / 8 + 2);
    }
    outbox_fini(&box);
    udp_batch_close(a);
    udp_batch_close(b);
}

static void trains_pass_in_every_offload_mode_and_family(void **state)
{
    static const size_t equal[] = {1200};
    static const size_t mixed[] = {1200, 1200, 1200, 70, 1200, 9, 9, 1, 1452, 1452, 16000};
    static const char *const binds[][2] = {
        {"127.0.0.1", "127.0.0.1"}, {"[::1]", "::1"}, {NULL, "127.0.0.1"}, {NULL, "::1"}};

    (void)state;
    for (size_t b = 0; b < sizeof(binds) / sizeof(binds[0]); b++) {
        for (int mode = 0; mode < 4; mode++) {
            print_message("bind %s, loopback %s, mode %d\n", binds[b][0] ? binds[b][0] : "any",
                          binds[b][1], mode);
            transfer(binds[b][0], binds[b][0], binds[b][1], equal, 1, 300, (mode & 1) != 0,
                     (mode & 2) != 0);
            transfer(binds[b][0], binds[b][0], binds[b][1], mixed, 11, 330, (mode & 1) != 0,
                     (mode & 2) != 0);
        }
    }
}

/* Receive `want` datagrams as trains, and check content and addresses; returns their number. */
/* Two threads may each have one: what one received stays while the other receives, and to close it
 * closes no socket. */
static void a_twin_is_the_same_socket_with_a_room_of_its_own(void **state)
{
    struct udp_batch *a = open_at("127.0.0.1", false);
    struct udp_batch *b = open_at("127.0.0.1", false);
    struct udp_batch *twin;
    const struct dgram *first, *second;
    struct pollfd p = {.fd = udp_batch_fd(b), .events = POLLIN};
    struct outbox box;

    (void)state;
    assert_int_equal(udp_batch_twin(&twin, b), ERR_OK);
    assert_int_equal(outbox_init(&box, 64, 2), ERR_OK);
    outbox_put(&box, udp_batch_local(a), udp_batch_local(b), (const uint8_t *)"one", 3);
    outbox_put(&box, udp_batch_local(a), udp_batch_local(b), (const uint8_t *)"other", 5);
    assert_int_equal(udp_batch_send(a, &box, 0, 1), 1);
    assert_int_equal(poll(&p, 1, 1000), 1);
    assert_int_equal(udp_batch_receive(b, &first), 1);
    assert_int_equal(udp_batch_send(a, &box, 1, 1), 1);
    assert_int_equal(poll(&p, 1, 1000), 1);
    assert_int_equal(udp_batch_receive(twin, &second), 1);
    assert_memory_equal(first->data, "one", 3);
    assert_memory_equal(second->data, "other", 5);
    assert_int_equal(udp_batch_counters(b)->received_datagrams, 1);
    assert_int_equal(udp_batch_counters(twin)->received_datagrams, 1);
    assert_true(endpoint_equal(udp_batch_local(twin), udp_batch_local(b)));
    udp_batch_close(twin);
    assert_int_equal(udp_batch_send(a, &box, 0, 1), 1);
    assert_int_equal(poll(&p, 1, 1000), 1);
    assert_int_equal(udp_batch_receive(b, &first), 1);
    outbox_fini(&box);
    udp_batch_close(a);
    udp_batch_close(b);
}

static size_t expect_trains(struct udp_batch *udp, size_t want, size_t size,
                            const struct endpoint *from)
{
    size_t have = 0, trains_count = 0;

    while (have < want) {
        struct pollfd p = {.fd = udp_batch_fd(udp), .events = POLLIN};
        struct dgram_train trains[UDP_TRAINS_MAX];
        size_t count;

        assert_int_equal(poll(&p, 1, 2000), 1);
        count = udp_batch_receive_trains(udp, trains, UDP_TRAINS_MAX);
        for (size_t i = 0; i < count; i++) {
            assert_true(endpoint_equal(&trains[i].remote, from));
            assert_true(endpoint_equal(&trains[i].local, udp_batch_local(udp)));
            for (size_t at = 0; at < trains[i].size; at += size, have++) {
                uint8_t expected[2000];

                assert_int_equal(trains[i].segment_size, size);
                pattern_write(expected, size, (uint32_t)have);
                assert_memory_equal(trains[i].data + at, expected, size);
            }
        }
        trains_count += count;
    }
    assert_int_equal(have, want);
    return trains_count;
}

/* Trains and single datagrams to one address leave as long trains, in their order; without offload
 * one by one. */
static void trains_are_joined_where_they_can_be(void **state)
{
    enum { SIZE = 700, COUNT = 100 };
    static const size_t counts[] = {1, 1, 30, 40, 1, 1, 1, 20, 5};
    static uint8_t bytes[COUNT * SIZE];

    (void)state;
    for (int mode = 0; mode < 2; mode++) {
        struct udp_batch *a = open_at("127.0.0.1", mode == 1);
        struct udp_batch *b = open_at("127.0.0.1", false);
        struct dgram_train trains[sizeof(counts) / sizeof(counts[0])];
        size_t at = 0, came;

        for (size_t i = 0; i < COUNT; i++) {
            pattern_write(bytes + i * SIZE, SIZE, (uint32_t)i);
        }
        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
            trains[i] = (struct dgram_train){.local = *udp_batch_local(a),
                                             .remote = *udp_batch_local(b),
                                             .data = bytes + at * SIZE,
                                             .size = counts[i] * SIZE,
                                             .segment_size = SIZE};
            at += counts[i];
        }
        assert_int_equal(at, COUNT);
        assert_int_equal(udp_batch_send_trains(a, trains, sizeof(counts) / sizeof(counts[0])),
                         sizeof(counts) / sizeof(counts[0]));
        came = expect_trains(b, COUNT, SIZE, udp_batch_local(a));
        if (mode == 0) {
            assert_int_equal(udp_batch_counters(a)->send_calls, 1);
            assert_true(came <= 3); /* 32, 43 and 25 */
        }
        assert_int_equal(udp_batch_counters(a)->sent_datagrams, COUNT);
        assert_int_equal(udp_batch_counters(b)->received_datagrams, COUNT);
        udp_batch_close(a);
        udp_batch_close(b);
    }
}

static void an_empty_datagram_is_a_datagram(void **state)
{
    static const size_t sizes[] = {0, 5};

    (void)state;
    transfer("127.0.0.1", "127.0.0.1", "127.0.0.1", sizes, 2, 6, false, false);
}

static void the_source_address_is_the_one_the_item_names(void **state)
{
    struct udp_batch *a = open_at("0.0.0.0", false);
    struct udp_batch *b = open_at("127.0.0.1", false);
    struct endpoint from = at_loopback(a, "127.0.0.9");
    struct endpoint to = at_loopback(b, "127.0.0.1");
    const struct dgram *items;
    struct pollfd p = {.fd = udp_batch_fd(b), .events = POLLIN};
    struct outbox box;

    (void)state;
    assert_int_equal(outbox_init(&box, 4096, 4), ERR_OK);
    outbox_put(&box, &from, &to, (const uint8_t *)"hi", 2);
    assert_int_equal(udp_batch_send(a, &box, 0, 1), 1);
    assert_int_equal(poll(&p, 1, 2000), 1);
    assert_int_equal(udp_batch_receive(b, &items), 1);
    assert_true(endpoint_equal(&items[0].remote, &from));
    outbox_fini(&box);
    udp_batch_close(a);
    udp_batch_close(b);
}

static void refused_items_are_taken_and_counted(void **state)
{
    struct udp_batch *a = open_at("127.0.0.1", false);
    struct udp_batch *v4_only = open_at("0.0.0.0", false);
    struct endpoint none = {0};
    struct endpoint to = at_loopback(a, "127.0.0.1");
    struct endpoint v6;
    static uint8_t large[65535];
    struct outbox box;

    (void)state;
    assert_true(endpoint_parse(&v6, "[2001:db8::1]:5", 0));
    assert_int_equal(outbox_init(&box, 1 << 20, 8), ERR_OK);
    outbox_put(&box, &none, &to, large, 65535); /* more than UDP can carry */
    outbox_put(&box, &none, &to, large, 100);
    assert_int_equal(udp_batch_send(a, &box, 0, 2), 2);
    assert_int_equal(udp_batch_counters(a)->too_large, 1);
    assert_int_equal(udp_batch_counters(a)->sent_datagrams, 1);
    outbox_clear(&box);
    outbox_put(&box, &none, &v6, large, 100); /* an IPv6 target on an IPv4 socket */
    assert_int_equal(udp_batch_send(v4_only, &box, 0, 1), 1);
    assert_int_equal(udp_batch_counters(v4_only)->send_errors, 1);
    outbox_fini(&box);
    udp_batch_close(a);
    udp_batch_close(v4_only);
}

static void a_port_in_use_and_a_foreign_address_are_explained(void **state)
{
    struct udp_batch *a = open_at("127.0.0.1", false);
    struct udp_options options = {.local = *udp_batch_local(a)};
    struct udp_batch *b = NULL;
    struct fault fault = {0};

    (void)state;
    assert_int_equal(udp_batch_open(&b, &options, &fault), ERR_SYSTEM);
    assert_null(b);
    assert_non_null(strstr(fault.text, "is in use by another program"));
    assert_true(endpoint_parse(&options.local, "192.0.2.77:0", 0));
    assert_int_equal(udp_batch_open(&b, &options, &fault), ERR_SYSTEM);
    assert_non_null(strstr(fault.text, "does not have that address"));
    udp_batch_close(a);
}

/* The TTL with which each of `count` datagrams came to a plain socket. */
static void receive_ttls(int fd, int *ttls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        _Alignas(struct cmsghdr) uint8_t ancillary[64];
        uint8_t bytes[64];
        struct iovec iov = {.iov_base = bytes, .iov_len = sizeof(bytes)};
        struct msghdr header = {.msg_iov = &iov,
                                .msg_iovlen = 1,
                                .msg_control = ancillary,
                                .msg_controllen = sizeof(ancillary)};
        struct pollfd p = {.fd = fd, .events = POLLIN};

        assert_int_equal(poll(&p, 1, 2000), 1);
        assert_int_equal(recvmsg(fd, &header, 0), 32);
        assert_non_null(CMSG_FIRSTHDR(&header));
        assert_int_equal(CMSG_FIRSTHDR(&header)->cmsg_type, IP_TTL);
        memcpy(&ttls[i], CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof(ttls[i]));
    }
}

/* Neighbours of one size are one train only if they travel equally far. */
static void a_datagram_travels_as_many_hops_as_its_item_says(void **state)
{
    static const char *const binds[] = {NULL, "127.0.0.1"};
    static const uint8_t hops[] = {0, 2, 2, 0, 5};
    static const uint8_t bytes[32] = {1};

    (void)state;
    for (size_t k = 0; k < sizeof(binds) / sizeof(binds[0]); k++) {
        struct udp_batch *udp = open_at(binds[k], false);
        struct endpoint from = at_loopback(udp, "127.0.0.1"), to = from;
        struct sockaddr_in name = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t name_size = sizeof(name);
        int fd = socket(AF_INET, SOCK_DGRAM, 0), yes = 1, ttls[sizeof(hops)];
        struct outbox box;

        assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &name_size), 0);
        assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &yes, sizeof(yes)), 0);
        to.port = ntohs(name.sin_port);
        assert_int_equal(outbox_init(&box, 4096, 16), ERR_OK);
        for (size_t i = 0; i < sizeof(hops); i++) {
            outbox_put_hops(&box, &from, &to, bytes, sizeof(bytes), hops[i]);
        }
        assert_int_equal(udp_batch_send(udp, &box, 0, sizeof(hops)), sizeof(hops));
        receive_ttls(fd, ttls, sizeof(hops));
        for (size_t i = 0; i < sizeof(hops); i++) {
            assert_true(hops[i] == 0 ? ttls[i] > 5 : ttls[i] == hops[i]);
        }
        outbox_fini(&box);
        udp_batch_close(udp);
        (void)close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_datagram_travels_as_many_hops_as_its_item_says),
        cmocka_unit_test(a_twin_is_the_same_socket_with_a_room_of_its_own),
        cmocka_unit_test(trains_pass_in_every_offload_mode_and_family),
        cmocka_unit_test(trains_are_joined_where_they_can_be),
        cmocka_unit_test(an_empty_datagram_is_a_datagram),
        cmocka_unit_test(the_source_address_is_the_one_the_item_names),
        cmocka_unit_test(refused_items_are_taken_and_counted),
        cmocka_unit_test(a_port_in_use_and_a_foreign_address_are_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
