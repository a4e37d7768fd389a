/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whatever a peer sends, either a packet from one of its addresses to one of ours comes out, or
 * nothing. And what our own kernel gives us that is malformed, of others, or not to be carried is
 * not sent.
 */
#include "client/tunnel/rebuild.h"
#include "proto/base/err.h"
#include "tests/support/fixture.h"
#include "tests/support/tunnel_carry.h"

/* ---- plaintexts of the peer ---- */

static unsigned try_hostile(const struct tunnel_pair *pair, const uint8_t *plain, size_t size)
{
    uint8_t *memory;
    struct packet got = {0};
    uint16_t next_id = 0;
    unsigned accepted = 0;
    int rc = rebuild_copy(&got, &memory, pair, plain, size, &next_id);

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

/* ---- packets of our own side ---- */

static void packets_not_of_this_pair_are_refused(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {16};

    (void)state;
    for (int i = 0; i < 500; i++) {
        uint8_t sent[SPEC_PACKET_MAX];
        uint8_t plain[SPEC_PACKET_MAX];
        size_t size = 4711;

        spec_random(&spec, &rng);
        struct packet packet = {.data = sent, .size = spec_build(sent, &spec, &two, !spec.back)};
        size_t at = (spec.v6 ? 8 : 12) + rng_below(&rng, spec.v6 ? 32 : 8);
        bool source = at < (spec.v6 ? 24u : 16u);
        bool fixed = (source ? spec.source : spec.destination) == SPEC_FIXED;

        sent[at] ^= 0x40;
        size_t in_address = (at - 8) % 16;

        if (spec.v6 && fixed && in_address >= 4 && in_address < 8) {
            continue; /* the middle bits all belong to the host */
        }
        assert_int_equal(strip_one(plain, sizeof(plain), &size, sender(&two, &spec), &packet),
                         ERR_DROP);
        assert_int_equal(size, 4711);
    }
}

static void malformed_packets_are_refused(void **state)
{
    struct two_hosts two = two_hosts_make();
    static const struct {
        const char *name;
        bool v6;
        size_t at;
        uint8_t value;
    } cases[] = {
        {"version 5", false, 0, 0x55},
        {"header of 16 bytes", false, 0, 0x44},
        {"header beyond the packet", false, 0, 0x4f},
        {"length beyond the packet", false, 2, 0xff},
        {"length below the header", false, 3, 19},
        {"version 7", true, 0, 0x75},
        {"payload beyond the packet", true, 4, 0xff},
    };
    struct rng rng = {17};
    static struct spec spec;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t sent[SPEC_PACKET_MAX];
        struct tunnel_cut cut;

        do {
            spec_random(&spec, &rng);
        } while (spec.v6 != cases[i].v6 || spec.protocol != 17);
        spec.payload_size = 30;
        struct packet packet = {.data = sent, .size = spec_build(sent, &spec, &two, !spec.back)};

        assert_int_equal(tunnel_open(&cut, &packet), ERR_OK);
        assert_int_equal(cut.destination.size, spec.v6 ? 16 : 4);
        assert_memory_equal(cut.destination.ip, sent + (spec.v6 ? 24 : 16), cut.destination.size);
        if (!spec.v6 && cases[i].at == 3) {
            sent[2] = 0;
        }
        sent[cases[i].at] = cases[i].value;
        if (tunnel_open(&cut, &packet) != ERR_DROP) {
            fail_msg("accepted: %s", cases[i].name);
        }
    }
}

static void cut_packets_and_little_room_are_refused(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {18};

    (void)state;
    for (int i = 0; i < 60; i++) {
        uint8_t sent[SPEC_PACKET_MAX];
        size_t size = 4711;
        size_t full = 0;

        spec_random(&spec, &rng);
        spec.payload_size = 20 + rng_below(&rng, 20);
        put16(spec.payload + 4, (unsigned)spec.payload_size);
        if (i % 2 == 0) {
            set_options(&spec, &rng);
        }
        size_t sent_size = spec_build(sent, &spec, &two, !spec.back);
        uint8_t plain[SPEC_PACKET_MAX];

        for (size_t cut = 0; cut < sent_size; cut++) {
            uint8_t *copy = malloc(cut + 1);

            memcpy(copy, sent, cut);
            struct packet packet = {.data = copy, .size = cut};
            assert_int_equal(strip_one(plain, sizeof(plain), &size, sender(&two, &spec), &packet),
                             ERR_DROP);
            free(copy);
        }
        struct packet packet = {.data = sent, .size = sent_size};

        assert_int_equal(strip_one(plain, sizeof(plain), &full, sender(&two, &spec), &packet),
                         ERR_OK);
        assert_true(full <= tunnel_plain_size_max(sent_size));
        for (size_t room = 0; room < full; room++) {
            uint8_t *little = malloc(room + 1);

            assert_int_equal(strip_one(little, room, &size, sender(&two, &spec), &packet),
                             ERR_LIMIT);
            free(little);
        }
        assert_int_equal(size, 4711);
    }
}

static void messages_of_one_link_and_source_routes_are_refused(void **state)
{
    static const uint8_t types4[] = {5, 9, 10};
    static const uint8_t types6[] = {130, 131, 132, 133, 134, 135, 136, 137, 143};
    static const uint8_t loose_route[8] = {131, 7, 4, 1, 2, 3, 4, 0};
    static const uint8_t routing[8] = {6, 0, 2, 1};
    static const uint8_t home_address[24] = {6, 2, 1, 0, 201, 16, [23] = 7};
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {19};
    uint8_t plain[PACKET_BOX_HEADROOM + 64] = {0};
    uint8_t *at = plain + PACKET_BOX_HEADROOM;
    struct packet got;
    uint16_t next_id = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(types4) + sizeof(types6); i++) {
        bool v6 = i >= sizeof(types4);

        spec_random_of(&spec, &rng, v6 ? 58 : 1);
        spec.payload[0] = v6 ? types6[i - sizeof(types4)] : types4[i];
        assert_int_equal(strip_result(&two, &spec), ERR_DROP);
        set_options(&spec, &rng);
        assert_int_equal(strip_result(&two, &spec), ERR_DROP);
        memset(at, 0, 64);
        at[0] = spec.protocol;
        at[3] = v6 ? 0x80 : 0;
        at[4] = v6 ? 128 : 8;
        assert_int_equal(tunnel_rebuild(&got, &two.b, at, 40, &next_id), ERR_OK);
        memset(at, 0, 64);
        at[0] = spec.protocol;
        at[3] = v6 ? 0x80 : 0;
        at[4] = spec.payload[0];
        assert_int_equal(tunnel_rebuild(&got, &two.b, at, 40, &next_id), ERR_DROP);
    }
    do {
        spec_random(&spec, &rng);
    } while (spec.v6);
    spec.extra_size = 8;
    memcpy(spec.extra, loose_route, 8);
    assert_int_equal(strip_result(&two, &spec), ERR_DROP);
    do {
        spec_random(&spec, &rng);
    } while (!spec.v6 || spec.protocol != 6);
    spec.extra_first = 43;
    spec.extra_size = 8;
    memcpy(spec.extra, routing, 8);
    assert_int_equal(strip_result(&two, &spec), ERR_DROP);
    spec.extra[3] = 0; /* no segments left: an ordinary extension header */
    expect_carried(&two, &spec);
    spec.extra_first = 60; /* an option that says who really sent it */
    memcpy(spec.extra, home_address, sizeof(home_address));
    spec.extra_size = sizeof(home_address);
    assert_int_equal(strip_result(&two, &spec), ERR_DROP);
    spec.extra[4] = 30; /* one that means nothing to anybody */
    expect_carried(&two, &spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_plaintexts_never_yield_foreign_addresses),
        cmocka_unit_test(plaintexts_that_strip_never_makes_are_refused),
        cmocka_unit_test(whole_packets_with_an_address_nobody_has_are_refused),
        cmocka_unit_test(packets_not_of_this_pair_are_refused),
        cmocka_unit_test(malformed_packets_are_refused),
        cmocka_unit_test(cut_packets_and_little_room_are_refused),
        cmocka_unit_test(messages_of_one_link_and_source_routes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
