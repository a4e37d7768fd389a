/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Super-packets of TCP and UDP are cut into segments that are, at the receiver, what a plain
 * segmentation of the packet with the receiver's addresses gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/tunnel/strip.h"
#include "proto/base/err.h"

#include "tests/support/tunnel_packets.h"

enum { TCP_OPTIONS_SIZE = 12 };

/* Bytes of the transport header. */
static size_t header_of(const struct spec *spec)
{
    return spec->protocol == 17 ? 8 : 20 + TCP_OPTIONS_SIZE;
}

/* A random TCP packet with a timestamp option and the given flags; or a random UDP packet. */
static void super_random(struct spec *spec, struct rng *rng, uint8_t protocol, uint8_t flags)
{
    static const uint8_t options[TCP_OPTIONS_SIZE] = {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8};

    spec_random_of(spec, rng, protocol);
    spec->payload_size = 33 + rng_below(rng, SPEC_PAYLOAD_MAX - 33);
    rng_fill(rng, spec->payload, spec->payload_size);
    if (protocol == 17) {
        put16(spec->payload + 4, (unsigned)spec->payload_size);
        return;
    }
    spec->payload[12] = 0x80;
    spec->payload[13] = flags;
    memcpy(spec->payload + 20, options, sizeof(options));
}

static void segment_number(struct spec *part, size_t k, size_t at, bool last)
{
    uint8_t *sequence = part->payload + 4;
    uint32_t number = (uint32_t)sequence[0] << 24 | (uint32_t)sequence[1] << 16 |
                      (uint32_t)sequence[2] << 8 | sequence[3];

    number += (uint32_t)at;
    put16(sequence, number >> 16);
    put16(sequence + 2, number & 0xffff);
    if (!last) {
        part->payload[13] &= 0xf6; /* FIN and PSH belong to the last one */
    }
    if (k > 0) {
        part->payload[13] &= 0x7f; /* CWR to the first */
    }
}

/* Segment number k of the packet, described. */
static void segment_of(struct spec *part, const struct spec *whole, size_t k, size_t gso_size)
{
    size_t header = header_of(whole);
    size_t data_size = whole->payload_size - header;
    size_t at = k * gso_size;
    size_t size = data_size - at < gso_size ? data_size - at : gso_size;

    memcpy(part, whole, offsetof(struct spec, payload));
    memcpy(part->payload, whole->payload, header);
    memcpy(part->payload + header, whole->payload + header + at, size);
    part->payload_size = header + size;
    if (whole->protocol == 17) {
        put16(part->payload + 4, (unsigned)part->payload_size);
    } else {
        segment_number(part, k, at, at + size == data_size);
    }
}

static struct packet super_packet(uint8_t *data, const struct spec *spec,
                                  const struct two_hosts *two, uint16_t gso_size)
{
    struct packet packet = {.data = data, .size = spec_build(data, spec, two, !spec->back)};
    size_t ip = spec->v6 ? 40 : 20;
    bool udp = spec->protocol == 17;

    packet.gso = udp ? PACKET_GSO_UDP : spec->v6 ? PACKET_GSO_TCP6 : PACKET_GSO_TCP4;
    packet.gso_size = gso_size;
    packet.header_size = (uint16_t)(ip + header_of(spec));
    packet.checksum_partial = true;
    packet.checksum_start = (uint16_t)ip;
    packet.checksum_offset = udp ? 6 : 16;
    put16(data + ip + packet.checksum_offset,
          naive_pseudo(spec->v6, data + (spec->v6 ? 8 : 12), data + (spec->v6 ? 24 : 16),
                       spec->protocol, spec->payload_size));
    return packet;
}

static void segments_are_those_of_a_plain_segmentation(void **state)
{
    static const uint8_t flags[] = {0x10, 0x18, 0x11, 0x19, 0x90, 0xd9, 0x58};
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    static struct spec part;
    struct rng rng = {1};

    (void)state;
    for (int i = 0; i < 600; i++) {
        uint8_t data[SPEC_PACKET_MAX];
        uint8_t wanted[SPEC_PACKET_MAX];
        uint16_t gso_size = (uint16_t)(200 + rng_below(&rng, 1300));
        uint16_t next_id = 0;

        super_random(&spec, &rng, i % 8 == 7 ? 17 : 6, flags[i % 7]);
        struct packet packet = super_packet(data, &spec, &two, gso_size);
        size_t count = (spec.payload_size - header_of(&spec) + gso_size - 1) / gso_size;
        struct tunnel_cut cut;

        assert_int_equal(tunnel_open(&cut, &packet), ERR_OK);
        assert_int_equal(cut.segments_left, count);
        for (size_t k = 0; k < count; k++) {
            struct packet got = {0};
            uint8_t *memory;

            segment_of(&part, &spec, k, gso_size);
            size_t size = spec_build(wanted, &part, &two, spec.back);

            assert_int_equal(carry_next(&got, &memory, spec.back ? &two.b : &two.a,
                                        spec.back ? &two.a : &two.b, &cut, &next_id),
                             ERR_OK);
            assert_int_equal(cut.segments_left, count - k - 1);
            assert_true(got.checksum_partial);
            assert_int_equal(got.gso, PACKET_GSO_NONE);
            assert_int_equal(packet_checksum_complete(&got), ERR_OK);
            assert_int_equal(got.size, size);
            assert_memory_equal(got.data, wanted, size);
            free(memory);
        }
        struct packet got = {0};
        uint8_t *memory;

        assert_int_equal(carry_next(&got, &memory, spec.back ? &two.b : &two.a,
                                    spec.back ? &two.a : &two.b, &cut, &next_id),
                         ERR_DROP); /* there is no such segment */
        free(memory);
    }
}

/* The plaintext of a packet with partial checksum, written field by field. */
static size_t naive_strip(uint8_t *out, const struct spec *spec)
{
    static const uint8_t middle[4] = {0xde, 0xad, 0, 7};
    size_t at = 4;

    out[0] = spec->protocol;
    out[1] = spec->traffic_class;
    out[2] = spec->hop_limit;
    out[3] = (uint8_t)((spec->v6 ? 0x80u : 0) | (unsigned)spec->source << 5 |
                       (unsigned)spec->destination << 3 | 2u << 1 | (spec->df ? 1u : 0));
    if (spec->source == SPEC_FIXED) {
        memcpy(out + at, middle, 4);
        at += 4;
    }
    if (spec->destination == SPEC_FIXED) {
        memcpy(out + at, middle, 4);
        at += 4;
    }
    memcpy(out + at, spec->payload, spec->payload_size);
    put16(out + at + (spec->protocol == 17 ? 6 : 16), 0);
    return at + spec->payload_size;
}

/* The plaintext of the packet when it comes from the TUN device alone. */
static size_t strip_alone(uint8_t out[SPEC_PACKET_MAX], const struct spec *spec,
                          const struct two_hosts *two)
{
    uint8_t data[SPEC_PACKET_MAX];
    struct packet packet = super_packet(data, spec, two, 1);
    size_t size = 0;

    packet.gso = PACKET_GSO_NONE;
    assert_int_equal(
        strip_one(out, SPEC_PACKET_MAX, &size, spec->back ? &two->b : &two->a, &packet), ERR_OK);
    return size;
}

static void plaintexts_are_those_of_segments_that_come_alone(void **state)
{
    static const uint8_t flags[] = {0x10, 0x18, 0x11, 0x19, 0x90, 0xd9, 0x58};
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    static struct spec part;
    struct rng rng = {5};

    (void)state;
    for (int i = 0; i < 600; i++) {
        uint8_t data[SPEC_PACKET_MAX];
        uint16_t gso_size = (uint16_t)(1 + rng_below(&rng, i % 8 == 0 ? 20 : 1500));

        super_random(&spec, &rng, i % 8 == 7 ? 17 : 6, flags[i % 7]);
        spec.df = !spec.v6 && i % 2 == 0;
        struct packet packet = super_packet(data, &spec, &two, gso_size);
        struct tunnel_cut cut;

        assert_int_equal(tunnel_open(&cut, &packet), ERR_OK);
        for (size_t k = 0; cut.segments_left > 0; k++) {
            uint8_t alone[SPEC_PACKET_MAX];
            uint8_t wanted[SPEC_PACKET_MAX];
            const uint8_t *plain = NULL;
            size_t size = 0;

            segment_of(&part, &spec, k, gso_size);
            size_t wanted_size = naive_strip(wanted, &part);

            assert_int_equal(strip_alone(alone, &part, &two), wanted_size);
            assert_memory_equal(alone, wanted, wanted_size);
            assert_int_equal(
                tunnel_next(&cut, spec.back ? &two.b : &two.a, alone, cut.room, &plain, &size),
                ERR_OK);
            assert_int_equal(size, wanted_size);
            assert_memory_equal(plain, wanted, wanted_size);
        }
    }
}

static void segments_that_may_be_fragmented_get_different_identifications(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {2};
    uint8_t data[SPEC_PACKET_MAX];
    uint16_t next_id = 100;

    (void)state;
    do {
        super_random(&spec, &rng, 6, 0x10);
    } while (spec.v6 || spec.back || spec.payload_size < 4000);
    spec.df = false;
    struct packet packet = super_packet(data, &spec, &two, 1000);
    struct tunnel_cut cut;

    assert_int_equal(tunnel_open(&cut, &packet), ERR_OK);
    for (size_t k = 0; k < 3; k++) {
        struct packet got = {0};
        uint8_t *memory;

        assert_int_equal(carry_next(&got, &memory, &two.a, &two.b, &cut, &next_id), ERR_OK);
        assert_int_equal(got.data[4] << 8 | got.data[5], 100 + k);
        free(memory);
    }
}

/* One change of a right super-packet each. */
static void spoil(struct packet *packet, const struct spec *spec, int how)
{
    bool udp = spec->protocol == 17;

    switch (how) {
    case 0:
        packet->gso_size = 0;
        break;
    case 1:
        packet->header_size++;
        break;
    case 2:
        packet->gso = !udp ? PACKET_GSO_UDP : spec->v6 ? PACKET_GSO_TCP6 : PACKET_GSO_TCP4;
        break;
    case 3:
        packet->data[spec->v6 ? 6 : 9] = udp ? 6 : 17;
        break;
    case 4:
        packet->size = packet->header_size;
        break;
    case 5:
        packet->header_size = (uint16_t)(packet->header_size - (udp ? 8 : 32));
        break;
    case 6: /* TCP over the other family */
        packet->gso = spec->v6 ? PACKET_GSO_TCP4 : PACKET_GSO_TCP6;
        break;
    case 7: /* a TCP header that is all there is */
        packet->data[packet->header_size - 20] = 0xf0;
        break;
    default: /* a TCP header of 16 bytes */
        packet->data[packet->header_size - 20] = 0x40;
    }
}

static void wrong_super_packets_make_no_segment(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {3};

    (void)state;
    for (int i = 0; i < 400; i++) {
        uint8_t data[SPEC_PACKET_MAX];
        uint8_t room[SPEC_PACKET_MAX];
        const uint8_t *plain = NULL;
        size_t size = 0;
        struct tunnel_cut cut;

        super_random(&spec, &rng, i % 2 == 0 ? 6 : 17, 0x10);
        spec.back = false;
        struct packet packet = super_packet(data, &spec, &two, 1000);

        assert_int_equal(strip_one(room, sizeof(room), &size, &two.a, &packet), ERR_OK);
        assert_int_equal(tunnel_open(&cut, &packet), ERR_OK);
        assert_true(size <= cut.room);
        assert_int_equal(tunnel_next(&cut, &two.a, room, size - 1, &plain, &size), ERR_LIMIT);
        assert_null(plain);
        spoil(&packet, &spec, i / 2 % (spec.protocol == 17 ? 7 : 9));
        assert_int_equal(tunnel_open(&cut, &packet), ERR_DROP);
    }
}

static void super_packets_to_others_are_refused(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {4};
    uint8_t data[SPEC_PACKET_MAX];
    uint8_t room[SPEC_PACKET_MAX];
    const uint8_t *plain = NULL;
    struct tunnel_cut cut;
    size_t size;

    (void)state;
    for (int i = 0; i < 20; i++) {
        super_random(&spec, &rng, i % 2 == 0 ? 6 : 17, 0x10);
        spec.back = false;
        struct packet packet = super_packet(data, &spec, &two, 1000);

        assert_int_equal(tunnel_open(&cut, &packet), ERR_OK);
        assert_int_equal(tunnel_next(&cut, &two.b, room, sizeof(room), &plain, &size), ERR_DROP);
        assert_int_equal(tunnel_next(&cut, &two.a, room, sizeof(room), &plain, &size), ERR_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_are_those_of_a_plain_segmentation),
        cmocka_unit_test(plaintexts_are_those_of_segments_that_come_alone),
        cmocka_unit_test(segments_that_may_be_fragmented_get_different_identifications),
        cmocka_unit_test(wrong_super_packets_make_no_segment),
        cmocka_unit_test(super_packets_to_others_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
