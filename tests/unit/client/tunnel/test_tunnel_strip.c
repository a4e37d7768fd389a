/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one host sends is what the other receives, with nothing but the addresses changed: every
 * packet is built twice from one description, once for each host, and the carried packet must be
 * the second to the byte.
 */
#include "client/tunnel/strip.h"
#include "proto/base/err.h"
#include "tests/support/fixture.h"
#include "tests/support/tunnel_carry.h"

static void random_packets_arrive_as_the_other_host_sees_them(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {1};

    (void)state;
    for (int i = 0; i < 8000; i++) {
        spec_random(&spec, &rng);
        expect_carried(&two, &spec);
    }
}

static void wrong_checksums_stay_wrong_by_as_much(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {2};

    (void)state;
    for (int i = 0; i < 3000; i++) {
        spec_random(&spec, &rng);
        spec.spoil = (uint16_t)(1 + rng_below(&rng, 0xfffd));

        uint8_t sent[SPEC_PACKET_MAX];
        uint8_t wanted[SPEC_PACKET_MAX];
        uint8_t *memory;
        uint16_t next_id = 0;
        struct packet got = {0};
        struct packet packet = {.data = sent, .size = spec_build(sent, &spec, &two, !spec.back)};
        size_t size = spec_build(wanted, &spec, &two, spec.back);
        size_t place = size - spec.payload_size + (size_t)checksum_place(spec.v6, spec.protocol);

        assert_int_equal(
            carry(&got, &memory, sender(&two, &spec), receiver(&two, &spec), &packet, &next_id),
            ERR_OK);
        assert_int_equal(got.size, size);
        /* 0 and 0xffff are one number here; otherwise it must be the very same wrong value. */
        unsigned a = (unsigned)got.data[place] << 8 | got.data[place + 1];
        unsigned b = (unsigned)wanted[place] << 8 | wanted[place + 1];

        assert_int_equal(a % 0xffff, b % 0xffff);
        put16(wanted + place, a);
        assert_memory_equal(got.data, wanted, size);
        free(memory);
    }
}

static void udp_without_checksum_stays_without(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {3};

    (void)state;
    for (int i = 0; i < 500; i++) {
        spec_random_of(&spec, &rng, 17);
        spec.udp_zero = true;
        expect_carried(&two, &spec);
    }
}

/* Choose a payload word so that the checksum computes to zero at one of the two hosts. */
static void udp_checksums_that_compute_to_zero_are_sent_as_ones(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {4};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint8_t built[SPEC_PACKET_MAX];

        spec_random_of(&spec, &rng, 17);
        put16(spec.payload + 8, 0);

        size_t size = spec_build(built, &spec, &two, i % 2 == 0);
        size_t place = size - spec.payload_size + 6;

        put16(spec.payload + 8, (unsigned)built[place] << 8 | built[place + 1]);
        spec_build(built, &spec, &two, i % 2 == 0);
        assert_int_equal(built[place], 0xff);
        assert_int_equal(built[place + 1], 0xff);
        expect_carried(&two, &spec);
    }
}

/* The same in a whole packet, where zero would read as "no checksum" on the wire as well. */
static void udp_checksums_of_whole_packets_never_become_none(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {22};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint8_t built[SPEC_PACKET_MAX];

        spec_random_of(&spec, &rng, 17);
        set_options(&spec, &rng);
        put16(spec.payload + 8, 0);

        size_t size = spec_build(built, &spec, &two, i % 2 == 0);
        uint8_t *udp = built + size - spec.payload_size;
        unsigned word = (unsigned)udp[6] << 8 | udp[7];

        if (i % 4 >= 2) { /* as it travels, without the addresses' share */
            const uint8_t tail[4] = {0, 17, udp[4], udp[5]};

            put16(udp + 6, 0);
            word = (uint16_t)~naive_sum(naive_sum(0, tail, 4), udp, spec.payload_size);
        }
        put16(spec.payload + 8, word);
        expect_carried(&two, &spec);
    }
}

static void partial_checksums_are_completed_by_the_receiver(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {5};

    (void)state;
    for (int i = 0; i < 2000; i++) {
        uint8_t sent[SPEC_PACKET_MAX];
        uint8_t wanted[SPEC_PACKET_MAX];
        uint8_t *memory;
        uint16_t next_id = 0;
        struct packet got = {0};

        do {
            spec_random(&spec, &rng);
        } while (spec.protocol != 17 && spec.protocol != 6);

        struct packet packet = {.data = sent, .size = spec_build(sent, &spec, &two, !spec.back)};
        size_t size = spec_build(wanted, &spec, &two, spec.back);
        size_t at = size - spec.payload_size;
        size_t place = (size_t)checksum_place(spec.v6, spec.protocol);

        put16(sent + at + place,
              naive_pseudo(spec.v6, sent + (spec.v6 ? 8 : 12), sent + (spec.v6 ? 24 : 16),
                           spec.protocol, spec.payload_size));
        packet.checksum_partial = true;
        packet.checksum_start = (uint16_t)at;
        packet.checksum_offset = (uint16_t)place;
        assert_int_equal(
            carry(&got, &memory, sender(&two, &spec), receiver(&two, &spec), &packet, &next_id),
            ERR_OK);
        assert_true(got.checksum_partial);
        assert_int_equal(got.checksum_start, at);
        assert_int_equal(got.checksum_offset, place);
        assert_int_equal((got.data[at + place] << 8 | got.data[at + place + 1]) % 0xffff,
                         naive_pseudo(spec.v6, wanted + (spec.v6 ? 8 : 12),
                                      wanted + (spec.v6 ? 24 : 16), spec.protocol,
                                      spec.payload_size) %
                             0xffff);
        assert_int_equal(packet_checksum_complete(&got), ERR_OK);
        assert_false(got.checksum_partial);
        if (spec.protocol == 6 && got.data[at + 16] == 0xff && got.data[at + 17] == 0xff) {
            put16(got.data + at + 16, 0);
        }
        assert_memory_equal(got.data, wanted, size);
        free(memory);
    }
}

static void options_and_extension_headers_travel_whole(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {6};

    (void)state;
    for (int i = 0; i < 2000; i++) {
        spec_random(&spec, &rng);
        set_options(&spec, &rng);
        spec.udp_zero = spec.protocol == 17 && rng_below(&rng, 4) == 0;
        expect_carried(&two, &spec);
    }
}

static void fragments_first_middle_and_last_travel_whole(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {7};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        do {
            spec_random(&spec, &rng);
        } while (spec.payload_size < 100);

        size_t third = spec.payload_size / 3 / 8 * 8;

        set_fragment(&spec, &rng, 0, third);
        expect_carried(&two, &spec);
        set_fragment(&spec, &rng, third, third);
        expect_carried(&two, &spec);
        set_fragment(&spec, &rng, 2 * third, spec.payload_size - 2 * third);
        expect_carried(&two, &spec);
        spec.df = !spec.v6; /* a fragment that may not be fragmented again */
        expect_carried(&two, &spec);
        if (spec.v6) {
            set_fragment(&spec, &rng, 0, spec.payload_size); /* atomic fragment, RFC 6946 */
            expect_carried(&two, &spec);
        }
    }
}

static void other_protocols_travel_whole(void **state)
{
    static const uint8_t protocols[] = {2, 47, 50, 132, 33, 136, 4, 41, 59, 255};
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {8};

    (void)state;
    for (int i = 0; i < 2000; i++) {
        spec_random(&spec, &rng);
        spec.protocol = protocols[rng_below(&rng, sizeof(protocols))];
        spec.id = (uint16_t)rng_u64(&rng);
        spec.flow = spec.v6 ? rng_below(&rng, 1 << 20) : 0;
        expect_carried(&two, &spec);
    }
}

static void whole_packets_have_their_partial_checksum_completed(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {9};
    uint8_t sent[SPEC_PACKET_MAX];
    uint8_t wanted[SPEC_PACKET_MAX];
    uint8_t *memory;
    uint16_t next_id = 0;
    struct packet got = {0};

    (void)state;
    spec_random_of(&spec, &rng, 17);
    set_options(&spec, &rng);

    struct packet packet = {.data = sent, .size = spec_build(sent, &spec, &two, !spec.back)};
    size_t size = spec_build(wanted, &spec, &two, spec.back);
    size_t at = size - spec.payload_size;

    put16(sent + at + 6, naive_pseudo(spec.v6, sent + (spec.v6 ? 8 : 12),
                                      sent + (spec.v6 ? 24 : 16), 17, spec.payload_size));
    packet.checksum_partial = true;
    packet.checksum_start = (uint16_t)at;
    packet.checksum_offset = 6;
    assert_int_equal(
        carry(&got, &memory, sender(&two, &spec), receiver(&two, &spec), &packet, &next_id),
        ERR_OK);
    assert_false(got.checksum_partial);
    assert_memory_equal(got.data, wanted, size);
    free(memory);
}

static void partial_checksums_elsewhere_are_refused(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {21};

    (void)state;
    for (int i = 0; i < 300; i++) {
        uint8_t sent[SPEC_PACKET_MAX];
        uint8_t plain[SPEC_PACKET_MAX];
        size_t size;

        spec_random(&spec, &rng);
        if (i % 2 == 0) {
            set_options(&spec, &rng);
        }
        struct packet packet = {.data = sent, .size = spec_build(sent, &spec, &two, !spec.back)};
        uint16_t at = (uint16_t)(packet.size - spec.payload_size);
        uint16_t place = (uint16_t)checksum_place(spec.v6, spec.protocol);

        packet.checksum_partial = true;
        packet.checksum_start = i % 3 == 0 ? at : (uint16_t)rng_below(&rng, at);
        packet.checksum_offset = i % 3 == 0 ? (uint16_t)(place + 1) : place;
        assert_int_equal(strip_one(plain, sizeof(plain), &size, sender(&two, &spec), &packet),
                         ERR_DROP);
        packet.checksum_start = at;
        packet.checksum_offset = place;
        assert_int_equal(strip_one(plain, sizeof(plain), &size, sender(&two, &spec), &packet),
                         ERR_OK);
    }
}

static void headers_carry_hop_limit_class_and_the_right_identification(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {10};
    uint16_t next_id = 0xffff;

    (void)state;
    do {
        spec_random(&spec, &rng);
    } while (spec.v6);
    spec.hop_limit = 1;
    spec.df = true;
    expect_carried(&two, &spec); /* hop limit 1 is delivered, identification 0 */

    for (int i = 0; i < 3; i++) {
        uint8_t sent[SPEC_PACKET_MAX];
        uint8_t *memory;
        struct packet got = {0};

        spec.df = false;
        spec.id = 4711;
        struct packet packet = {.data = sent, .size = spec_build(sent, &spec, &two, !spec.back)};

        assert_int_equal(
            carry(&got, &memory, sender(&two, &spec), receiver(&two, &spec), &packet, &next_id),
            ERR_OK);
        assert_int_equal(got.data[4] << 8 | got.data[5], (0xffff + i) & 0xffff);
        assert_int_equal(got.data[6] << 8 | got.data[7], 0);
        assert_int_equal(naive_sum(0, got.data, 20), 0xffff);
        free(memory);
    }
    assert_int_equal(next_id, 2);
}

static bool allow_documentation(void *context, enum tunnel_real_use use, const uint8_t *ip,
                                size_t size)
{
    static const uint8_t v4[3] = {203, 0, 113};
    static const uint8_t v6[4] = {0x20, 0x01, 0x0d, 0xb8};
    unsigned *seen = context;

    *seen |= 1u << use;
    return size == 4 ? memcmp(ip, v4, 3) == 0 : memcmp(ip, v6, 4) == 0;
}

static void real_addresses_travel_only_where_they_are_allowed(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {11};
    unsigned seen = 0;
    struct tunnel_real real = {.context = &seen, .allowed = allow_documentation};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        static const uint8_t doc4[4] = {203, 0, 113, 5};
        static const uint8_t doc6[16] = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4};

        spec_random(&spec, &rng);
        spec.id = (uint16_t)rng_u64(&rng);
        if (i % 2 == 0) {
            spec.destination = SPEC_REAL;
            memcpy(spec.destination_real, spec.v6 ? doc6 : doc4, spec.v6 ? 16 : 4);
        } else {
            spec.source = SPEC_REAL;
            memcpy(spec.source_real, spec.v6 ? doc6 : doc4, spec.v6 ? 16 : 4);
        }
        two.a.real = two.b.real = NULL;
        assert_int_equal(strip_result(&two, &spec), ERR_DROP);
        two.a.real = two.b.real = &real;
        expect_carried(&two, &spec);
        spec.destination_real[0] ^= 1;
        spec.source_real[0] ^= 1;
        assert_int_equal(strip_result(&two, &spec), ERR_DROP);
    }
    assert_int_equal(seen, 0x0f); /* every use was asked for */

    /* Allowed here, but not there. */
    spec_random(&spec, &rng);
    do {
        spec_random(&spec, &rng);
    } while (spec.v6);
    spec.source = SPEC_REAL;
    memcpy(spec.source_real, (uint8_t[]){203, 0, 113, 9}, 4);

    uint8_t sent[SPEC_PACKET_MAX];
    uint8_t *memory;
    uint16_t next_id = 0;
    struct packet got = {0};
    struct packet packet = {.data = sent, .size = spec_build(sent, &spec, &two, !spec.back)};
    struct tunnel_pair closed = *receiver(&two, &spec);

    closed.real = NULL;
    assert_int_equal(carry(&got, &memory, sender(&two, &spec), &closed, &packet, &next_id),
                     ERR_DROP);
    assert_null(got.data);
    free(memory);
}

static void second_fixed_addresses_travel_as_real_ones(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {12};

    (void)state;
    do {
        spec_random(&spec, &rng);
    } while (!spec.v6 || spec.back);
    spec.source = SPEC_FIXED_SECOND; /* A has two */
    expect_carried(&two, &spec);
    two.b.peer.fixed_count = 1; /* B granted it to somebody else */

    uint8_t sent[SPEC_PACKET_MAX];
    uint8_t *memory;
    uint16_t next_id = 0;
    struct packet got = {0};
    struct packet packet = {.data = sent, .size = spec_build(sent, &spec, &two, true)};

    assert_int_equal(carry(&got, &memory, &two.a, &two.b, &packet, &next_id), ERR_DROP);
    free(memory);
}

static void a_host_without_ipv4_address_has_no_4in6_either(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {13};

    (void)state;
    memset(two.b.peer.v4, 0, 4); /* B's pool is full */
    for (int i = 0; i < 200; i++) {
        uint8_t sent[SPEC_PACKET_MAX];
        uint8_t *memory;
        uint16_t next_id = 0;
        struct packet got = {0};

        spec_random(&spec, &rng);
        spec.back = false;
        struct packet packet = {.data = sent, .size = spec_build(sent, &spec, &two, true)};
        bool needs = spec.v6 ? spec.source == SPEC_4IN6 : true;

        assert_int_equal(carry(&got, &memory, &two.a, &two.b, &packet, &next_id),
                         needs ? ERR_DROP : ERR_OK);
        free(memory);
        if (needs) { /* and B cannot send to 0.0.0.0 as if it were A */
            spec.back = true;
            spec.destination = spec.source;
            spec.source = SPEC_OWN;
            assert_int_equal(strip_result(&two, &spec), ERR_DROP);
        }
    }
}

static void plaintexts_hold_no_local_address(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {14};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint8_t sent[SPEC_PACKET_MAX];
        uint8_t plain[SPEC_PACKET_MAX];
        size_t size = 0;

        spec_random(&spec, &rng);
        memset(spec.payload + 20, 0, spec.payload_size - 20);
        spec.back = false;
        if (i % 2 == 0) {
            set_options(&spec, &rng);
        }
        struct packet packet = {.data = sent, .size = spec_build(sent, &spec, &two, true)};

        assert_int_equal(strip_one(plain, sizeof(plain), &size, &two.a, &packet), ERR_OK);
        assert_null(memmem(plain, size, two.a.own.v4, 4));
        assert_null(memmem(plain, size, two.a.peer.v4, 4));
        assert_null(memmem(plain, size, two.a.own.v6, 16));
        assert_null(memmem(plain, size, two.a.peer.v6, 16));
        if (i % 2 == 1) {
            assert_true(size <= packet.size - (spec.v6 ? 40 : 20) + PLAIN_HEADER_SIZE_MAX);
        }
    }
}

static void plaintext_layout_is_that_of_the_protocol(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {15};
    uint8_t sent[SPEC_PACKET_MAX];
    uint8_t plain[SPEC_PACKET_MAX];
    size_t size = 0;

    (void)state;
    do {
        spec_random(&spec, &rng);
    } while (!spec.v6 || spec.protocol != 6 || spec.back);
    spec.source = SPEC_FIXED;
    spec.destination = SPEC_4IN6;
    spec.traffic_class = 0xb8;
    spec.hop_limit = 63;
    struct packet packet = {.data = sent, .size = spec_build(sent, &spec, &two, true)};

    assert_int_equal(strip_one(plain, sizeof(plain), &size, &two.a, &packet), ERR_OK);
    assert_int_equal(size, 8 + spec.payload_size);
    /* family 1, source 10, destination 01, checksum 00, DF 0 */
    assert_memory_equal(plain, ((uint8_t[]){6, 0xb8, 63, 0xc8, 0xde, 0xad, 0, 7}), 8);
    assert_memory_equal(plain + 8, spec.payload, 16);

    do {
        spec_random(&spec, &rng);
    } while (spec.v6 || spec.protocol != 17);
    spec.udp_zero = true;
    packet.size = spec_build(sent, &spec, &two, !spec.back);
    assert_int_equal(strip_one(plain, sizeof(plain), &size, sender(&two, &spec), &packet), ERR_OK);
    assert_int_equal(plain[0], 17);
    assert_int_equal(plain[3], 0x03); /* family 0, kinds 0, checksum none, DF */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_packets_arrive_as_the_other_host_sees_them),
        cmocka_unit_test(wrong_checksums_stay_wrong_by_as_much),
        cmocka_unit_test(udp_without_checksum_stays_without),
        cmocka_unit_test(udp_checksums_that_compute_to_zero_are_sent_as_ones),
        cmocka_unit_test(udp_checksums_of_whole_packets_never_become_none),
        cmocka_unit_test(partial_checksums_are_completed_by_the_receiver),
        cmocka_unit_test(options_and_extension_headers_travel_whole),
        cmocka_unit_test(fragments_first_middle_and_last_travel_whole),
        cmocka_unit_test(other_protocols_travel_whole),
        cmocka_unit_test(whole_packets_have_their_partial_checksum_completed),
        cmocka_unit_test(partial_checksums_elsewhere_are_refused),
        cmocka_unit_test(headers_carry_hop_limit_class_and_the_right_identification),
        cmocka_unit_test(real_addresses_travel_only_where_they_are_allowed),
        cmocka_unit_test(second_fixed_addresses_travel_as_real_ones),
        cmocka_unit_test(a_host_without_ipv4_address_has_no_4in6_either),
        cmocka_unit_test(plaintexts_hold_no_local_address),
        cmocka_unit_test(plaintext_layout_is_that_of_the_protocol),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
