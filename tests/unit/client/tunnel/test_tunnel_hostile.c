/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whatever a peer sends, either a packet from one of its addresses to one of ours comes out, or
 * nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/tunnel/rebuild.h"
#include "proto/base/err.h"

#include "tests/support/tunnel_packets.h"

static unsigned try_hostile(const struct tunnel_pair *pair, const uint8_t *plain, size_t size)
{
    uint8_t *memory = malloc(PACKET_BOX_HEADROOM + size);
    struct packet got = {0};
    uint16_t next_id = 0;
    unsigned accepted = 0;

    memcpy(memory + PACKET_BOX_HEADROOM, plain, size);
    int rc = tunnel_rebuild(&got, pair, memory + PACKET_BOX_HEADROOM, size, &next_id);

    if (rc == ERR_OK) {
        bool v6 = got.data[0] >> 4 == 6;

        accepted = 1;
        assert_true(got.data >= memory + PACKET_BOX_HEADROOM - 36);
        assert_ptr_equal(got.data + got.size, memory + PACKET_BOX_HEADROOM + size);
        assert_true(of_host(&pair->peer, v6, got.data + (v6 ? 8 : 12)));
        assert_true(of_host(&pair->own, v6, got.data + (v6 ? 24 : 16)));
        if (v6) {
            assert_int_equal(got.data[4] << 8 | got.data[5], got.size - 40);
        } else {
            assert_int_equal(got.data[2] << 8 | got.data[3], got.size);
            assert_int_equal(naive_sum(0, got.data, (size_t)(got.data[0] & 15) * 4), 0xffff);
        }
    } else {
        assert_int_equal(rc, ERR_DROP);
        assert_null(got.data);
    }
    free(memory);
    return accepted;
}

static void hostile_plaintexts_never_yield_foreign_addresses(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {20};
    unsigned accepted = 0;
    unsigned tried = 0;

    (void)state;
    for (int i = 0; i < 400; i++) {
        uint8_t sent[SPEC_PACKET_MAX];
        uint8_t plain[SPEC_PACKET_MAX];
        size_t size = 0;

        spec_random(&spec, &rng);
        spec.back = false;
        spec.payload_size = 40 + rng_below(&rng, 40);
        put16(spec.payload + 4, (unsigned)spec.payload_size);
        if (i % 4 == 1) {
            set_options(&spec, &rng);
        } else if (i % 4 == 2) {
            set_fragment(&spec, &rng, (size_t)(i / 4 % 3) * 8, 24);
        } else if (i % 4 == 3 && spec.v6) {
            spec.source = SPEC_FIXED_SECOND;
        }
        struct packet packet = {.data = sent, .size = spec_build(sent, &spec, &two, true)};

        assert_int_equal(strip_one(plain, sizeof(plain), &size, &two.a, &packet), ERR_OK);
        for (size_t cut = 0; cut <= size; cut++) {
            accepted += try_hostile(&two.b, plain, cut);
        }
        for (size_t at = 0; at < size; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                plain[at] ^= (uint8_t)(1u << bit);
                accepted += try_hostile(&two.b, plain, size);
                plain[at] ^= (uint8_t)(1u << bit);
                tried++;
            }
        }
        rng_fill(&rng, plain + 4, size - 4);
        accepted += try_hostile(&two.b, plain, size);
        rng_fill(&rng, plain, size);
        accepted += try_hostile(&two.b, plain, size);
    }
    assert_true(accepted > tried / 4); /* the test reaches beyond the first check */
}

static void plaintexts_that_strip_never_makes_are_refused(void **state)
{
    static const struct {
        const char *name;
        uint8_t head[4];
    } cases[] = {
        {"keepalive", {0, 0, 0, 0}},
        {"fragment", {250, 0, 0, 0}},
        {"control", {254, 0, 0, 0}},
        {"real source in short form", {17, 0, 64, 0x60}},
        {"real destination in short form", {17, 0, 64, 0x18}},
        {"4in6 in IPv4", {17, 0, 64, 0x20}},
        {"fixed in IPv4", {17, 0, 64, 0x40}},
        {"DF in IPv6", {17, 0, 64, 0x81}},
        {"checksum form 3", {17, 0, 64, 0x06}},
        {"TCP without checksum", {6, 0, 64, 0x02}},
        {"ICMP in IPv6", {1, 0, 64, 0x80}},
        {"ICMPv6 in IPv4", {58, 0, 64, 0x00}},
        {"IPv4 whole with class", {4, 1, 0, 0}},
        {"IPv6 as protocol 4", {4, 0, 0, 0x80}},
    };
    struct two_hosts two = two_hosts_make();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t plain[60] = {0};

        memcpy(plain, cases[i].head, 4);
        plain[16] = 0x50;
        if (try_hostile(&two.b, plain, sizeof(plain)) != 0) {
            fail_msg("accepted: %s", cases[i].name);
        }
    }
    uint8_t good[60] = {17, 0, 64, 0x00};

    assert_int_equal(try_hostile(&two.b, good, sizeof(good)), 1);
    good[3] = 0x02; /* none: then the field is zero */
    assert_int_equal(try_hostile(&two.b, good, sizeof(good)), 1);
    good[10] = 1;
    assert_int_equal(try_hostile(&two.b, good, sizeof(good)), 0);
    good[3] = 0x04; /* to be completed: nor is anything in it */
    assert_int_equal(try_hostile(&two.b, good, sizeof(good)), 0);
    good[10] = 0;
    assert_int_equal(try_hostile(&two.b, good, sizeof(good)), 1);
}

/* A packet sent whole, whose address stands for one that its host does not have here: what the peer
 * wrote in its place must not be believed. */
static void whole_packets_with_an_address_nobody_has_are_refused(void **state)
{
    static const struct {
        const char *name;
        bool v6, source;
        uint8_t flags;
    } cases[] = {
        {"source without IPv4", false, true, 0x02},
        {"destination without IPv4", false, false, 0x02},
        {"4in6 source without IPv4", true, true, 0xa2},
        {"4in6 destination without IPv4", true, false, 0x8a},
        {"source without fixed address", true, true, 0xc2},
        {"destination without fixed address", true, false, 0x92},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct two_hosts two = two_hosts_make();
        struct tunnel_host *host = cases[i].source ? &two.b.peer : &two.b.own;
        uint8_t plain[4 + PLAIN_FIXED_SIZE + 60] = {cases[i].v6 ? 41 : 4, 0, 0, cases[i].flags};
        size_t head = 4 + ((cases[i].flags & 0x50) != 0 ? PLAIN_FIXED_SIZE : 0);
        uint8_t *body = plain + head;
        size_t size = cases[i].v6 ? 48 : 28;

        body[0] = cases[i].v6 ? 0x60 : 0x45;
        put16(body + (cases[i].v6 ? 4 : 2), cases[i].v6 ? 8 : 28);
        body[cases[i].v6 ? 6 : 9] = 253; /* a transport that nobody knows */
        body[cases[i].v6 ? 7 : 8] = 64;
        if (try_hostile(&two.b, plain, head + size) != 1) {
            fail_msg("refused although there is one: %s", cases[i].name);
        }
        memset(host->v4, 0, sizeof(host->v4));
        host->fixed_count = 0;
        if (try_hostile(&two.b, plain, head + size) != 0) {
            fail_msg("accepted: %s", cases[i].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_plaintexts_never_yield_foreign_addresses),
        cmocka_unit_test(plaintexts_that_strip_never_makes_are_refused),
        cmocka_unit_test(whole_packets_with_an_address_nobody_has_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
