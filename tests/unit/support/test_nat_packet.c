/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole packets through a router with NAT (tests/support/nat_packet.h), checksums by the naive
 * reference. */
#include "tests/support/fixture.h"
#include "tests/support/naive_sum.h"
#include "tests/support/nat_packet.h"
#include "tests/support/nat_text.h"

#include "proto/base/bytes.h"

enum { ICMP = 1, TCP = 6, UDP = 17, IP_SIZE = 20, UDP_SIZE = 8, TCP_SIZE = 20, PAYLOAD = 33 };

static struct nat_router router;
static uint8_t error[NAT_PACKET_ERROR_SIZE_MAX];
static size_t error_size;
static const struct mono now = {NS_PER_S};

static void make(const char *kind_text)
{
    struct nat_kind kind;
    struct endpoint address;
    struct rng rng = {7};

    assert_true(nat_kind_parse(&kind, kind_text));
    assert_true(endpoint_parse_ip(&address, "198.51.100.1", 0));
    nat_router_init(&router, &kind, &address, &rng);
}

static uint16_t folded(uint32_t sum)
{
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void address(uint8_t *to, const char *text, uint16_t *port)
{
    struct endpoint e;

    assert_true(endpoint_parse(&e, text, 0));
    memcpy(to, e.ip + 12, 4);
    *port = e.port;
}

static uint32_t pseudo(const uint8_t *packet, size_t size)
{
    return naive_sum(0, packet + 12, 8) + packet[9] + (uint32_t)(size - IP_SIZE);
}

static size_t packet_make(uint8_t *packet, uint8_t protocol, const char *from, const char *to)
{
    size_t header = protocol == TCP ? TCP_SIZE : UDP_SIZE;
    size_t size = IP_SIZE + header + PAYLOAD, sum_at = IP_SIZE + (protocol == TCP ? 16U : 6U);
    uint16_t port[2];

    memset(packet, 0xa5, size);
    memset(packet, 0, IP_SIZE + header);
    packet[0] = 0x45;
    be16_write(packet + 2, (uint16_t)size);
    be16_write(packet + 6, 0x4000);
    packet[8] = 64;
    packet[9] = protocol;
    address(packet + 12, from, &port[0]);
    address(packet + 16, to, &port[1]);
    be16_write(packet + 10, (uint16_t)~folded(naive_sum(0, packet, IP_SIZE)));
    be16_write(packet + IP_SIZE, port[0]);
    be16_write(packet + IP_SIZE + 2, port[1]);
    if (protocol == UDP) {
        be16_write(packet + IP_SIZE + 4, (uint16_t)(size - IP_SIZE));
    }
    be16_write(packet + sum_at, (uint16_t)~folded(pseudo(packet, size) +
                                                  naive_sum(0, packet + IP_SIZE, size - IP_SIZE)));
    return size;
}

static bool sums_are_right(const uint8_t *packet, size_t size)
{
    uint32_t sum = packet[9] == ICMP ? 0 : pseudo(packet, size);

    return folded(naive_sum(0, packet, IP_SIZE)) == 0xffff &&
           folded(sum + naive_sum(0, packet + IP_SIZE, size - IP_SIZE)) == 0xffff;
}

static enum nat_packet_fate take(uint8_t *packet, size_t size)
{
    uint8_t *copy = fixture_copy(packet, size); /* of exactly this size, so that none is exceeded */
    enum nat_packet_fate fate = nat_router_take(&router, copy, size, error, &error_size, now);

    memcpy(packet, copy, size);
    free(copy);
    return fate;
}

static bool is_from(const uint8_t *packet, const char *text)
{
    uint8_t ip[4];
    uint16_t port;

    address(ip, text, &port);
    return memcmp(packet + 12, ip, 4) == 0 && (port == 0 || be16_read(packet + IP_SIZE) == port);
}

static bool is_to(const uint8_t *packet, const char *text)
{
    uint8_t ip[4];
    uint16_t port;

    address(ip, text, &port);
    return memcmp(packet + 16, ip, 4) == 0 &&
           (port == 0 || be16_read(packet + IP_SIZE + 2) == port);
}

static void a_flow_passes_both_ways(void **state)
{
    static const uint8_t protocols[] = {UDP, TCP};
    uint8_t packet[256];

    (void)state;
    make("map=EI,filter=APD,ports=keep");
    for (size_t i = 0; i < sizeof(protocols); i++) {
        size_t size = packet_make(packet, protocols[i], "192.168.1.2:4000", "192.0.2.9:53");

        assert_int_equal(take(packet, size), NAT_PACKET_PASSED);
        assert_true(is_from(packet, "198.51.100.1:4000") && is_to(packet, "192.0.2.9:53"));
        assert_true(sums_are_right(packet, size));
        size = packet_make(packet, protocols[i], "192.0.2.9:53", "198.51.100.1:4000");
        assert_int_equal(take(packet, size), NAT_PACKET_PASSED);
        assert_true(is_from(packet, "192.0.2.9:53") && is_to(packet, "192.168.1.2:4000"));
        assert_true(sums_are_right(packet, size));
        size = packet_make(packet, protocols[i], "192.0.2.9:54", "198.51.100.1:4000");
        assert_int_equal(take(packet, size), NAT_PACKET_DROPPED);
    }
}

static void a_wrong_checksum_stays_wrong_and_none_stays_none(void **state)
{
    uint8_t packet[256];
    size_t size;

    (void)state;
    make("map=EI,filter=EI,ports=keep");
    size = packet_make(packet, UDP, "192.168.1.2:4000", "192.0.2.9:53");
    packet[size - 1] ^= 1;
    assert_int_equal(take(packet, size), NAT_PACKET_PASSED);
    assert_false(sums_are_right(packet, size));
    size = packet_make(packet, UDP, "192.168.1.2:4000", "192.0.2.9:53");
    be16_write(packet + IP_SIZE + 6, 0);
    assert_int_equal(take(packet, size), NAT_PACKET_PASSED);
    assert_int_equal(be16_read(packet + IP_SIZE + 6), 0);
}

/* An ICMP error of that type about packet, from a router on its way or from its receiver. */
static size_t error_make(uint8_t *out, uint8_t type, const uint8_t *about, size_t about_size,
                         const char *from, const char *to)
{
    size_t size = IP_SIZE + 8 + about_size;
    uint16_t port;

    memset(out, 0, size);
    out[0] = 0x45;
    be16_write(out + 2, (uint16_t)size);
    out[8] = 64;
    out[9] = ICMP;
    address(out + 12, from, &port);
    address(out + 16, to, &port);
    be16_write(out + 10, (uint16_t)~folded(naive_sum(0, out, IP_SIZE)));
    out[IP_SIZE] = type;
    memcpy(out + IP_SIZE + 8, about, about_size);
    be16_write(out + IP_SIZE + 2, (uint16_t)~folded(naive_sum(0, out + IP_SIZE, size - IP_SIZE)));
    return size;
}

static void an_error_finds_who_sent_what_it_is_about(void **state)
{
    uint8_t packet[256], about[512];
    size_t size, error_bytes;

    (void)state;
    make("map=APD,filter=APD,ports=step:1");
    size = packet_make(packet, UDP, "192.168.1.2:4000", "192.0.2.9:53");
    assert_int_equal(take(packet, size), NAT_PACKET_PASSED);
    error_bytes = error_make(about, 11, packet, IP_SIZE + UDP_SIZE, "203.0.113.77", "198.51.100.1");
    assert_int_equal(take(about, error_bytes), NAT_PACKET_PASSED);
    assert_true(is_from(about, "203.0.113.77") && is_to(about, "192.168.1.2"));
    assert_true(is_from(about + IP_SIZE + 8, "192.168.1.2:4000"));
    assert_true(sums_are_right(about, error_bytes));
    assert_int_equal(folded(naive_sum(0, about + IP_SIZE + 8, IP_SIZE)), 0xffff);

    /* The other way: a host inside has no such port. */
    uint16_t external = be16_read(packet + IP_SIZE);
    size = packet_make(packet, UDP, "192.0.2.9:53", "198.51.100.1:1");
    be16_write(packet + IP_SIZE + 2, external);
    assert_int_equal(take(packet, size), NAT_PACKET_PASSED);
    error_bytes = error_make(about, 3, packet, IP_SIZE + UDP_SIZE, "192.168.1.2", "192.0.2.9");
    assert_int_equal(take(about, error_bytes), NAT_PACKET_PASSED);
    assert_true(is_from(about, "198.51.100.1") && is_to(about, "192.0.2.9"));
    assert_int_equal(be16_read(about + IP_SIZE + 8 + IP_SIZE + 2), external);
    assert_true(sums_are_right(about, error_bytes));

    /* About a packet that nobody sent. */
    size = packet_make(packet, UDP, "198.51.100.1:9", "192.0.2.9:53");
    error_bytes = error_make(about, 3, packet, IP_SIZE + UDP_SIZE, "192.0.2.9", "198.51.100.1");
    assert_int_equal(take(about, error_bytes), NAT_PACKET_DROPPED);
    assert_int_equal(size, IP_SIZE + UDP_SIZE + PAYLOAD);
}

static void neighbours_meet_outside_only_with_hairpin(void **state)
{
    uint8_t packet[256];
    char to[ENDPOINT_TEXT_SIZE];
    size_t size;

    (void)state;
    for (int hairpin = 0; hairpin < 2; hairpin++) {
        make(hairpin ? "map=EI,filter=EI,hairpin" : "map=EI,filter=EI");
        size = packet_make(packet, UDP, "100.64.0.3:5000", "192.0.2.9:53");
        assert_int_equal(take(packet, size), NAT_PACKET_PASSED);
        (void)snprintf(to, sizeof(to), "198.51.100.1:%u", be16_read(packet + IP_SIZE));
        size = packet_make(packet, UDP, "100.64.0.2:4000", to);
        assert_int_equal(take(packet, size), hairpin ? NAT_PACKET_PASSED : NAT_PACKET_DROPPED);
        if (hairpin) {
            assert_true(is_from(packet, "198.51.100.1:0") && is_to(packet, "100.64.0.3:5000"));
            assert_true(sums_are_right(packet, size));
        }
    }
}

static void what_is_refused_is_answered_where_the_kind_says_so(void **state)
{
    uint8_t packet[256];
    size_t size;

    (void)state;
    make("map=EI,filter=APD");
    size = packet_make(packet, UDP, "203.0.113.5:7", "198.51.100.1:9");
    assert_int_equal(take(packet, size), NAT_PACKET_DROPPED);
    make("map=EI,filter=APD,prohibits");
    size = packet_make(packet, UDP, "203.0.113.5:7", "198.51.100.1:9");
    assert_int_equal(take(packet, size), NAT_PACKET_REFUSED);
    assert_true(is_from(error, "198.51.100.1") && is_to(error, "203.0.113.5"));
    assert_int_equal(error[IP_SIZE], 3);
    assert_int_equal(error[IP_SIZE + 1], 13);
    assert_true(sums_are_right(error, error_size));
    assert_memory_equal(error + IP_SIZE + 8, packet, IP_SIZE + 8);
}

static void garbage_and_fragments_end_here(void **state)
{
    uint8_t packet[256], whole[256];
    size_t size = packet_make(whole, UDP, "192.168.1.2:4000", "192.0.2.9:53");
    struct rng rng = {3};

    (void)state;
    make("map=EI,filter=EI,prohibits,hairpin");
    for (size_t cut = 0; cut < size; cut++) {
        memcpy(packet, whole, size);
        assert_int_equal(take(packet, cut), NAT_PACKET_DROPPED);
    }
    memcpy(packet, whole, size);
    be16_write(packet + 6, 0x2000);
    assert_int_equal(take(packet, size), NAT_PACKET_DROPPED);
    for (int i = 0; i < 20000; i++) {
        rng_fill(&rng, packet, sizeof(packet));
        size = rng_below(&rng, sizeof(packet));
        packet[0] = (uint8_t)(0x40 | (packet[0] & 15));
        be16_write(packet + 2, (uint16_t)size);
        be16_write(packet + 6, 0);
        packet[9] = (uint8_t[]){ICMP, TCP, UDP}[i % 3];
        (void)take(packet, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flow_passes_both_ways),
        cmocka_unit_test(a_wrong_checksum_stays_wrong_and_none_stays_none),
        cmocka_unit_test(an_error_finds_who_sent_what_it_is_about),
        cmocka_unit_test(neighbours_meet_outside_only_with_hairpin),
        cmocka_unit_test(what_is_refused_is_answered_where_the_kind_says_so),
        cmocka_unit_test(garbage_and_fragments_end_here),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
