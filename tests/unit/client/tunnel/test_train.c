/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Joined segments of TCP and UDP, cut again in the plainest way, are the packets that came; and
 * what differs in anything but sequence and length is not joined.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/tunnel/packet.h"
#include "client/tunnel/train.h"
#include "proto/base/err.h"

#include "tests/support/tunnel_carry.h"

enum {
    BOX_BYTES = 1 << 20,
    BOX_ITEMS = 256,
    TCP_HEADER = 32, /* with a timestamp option */
};

static struct packet_train train_new(void)
{
    return (struct packet_train){.offload = {.tcp = true, .udp = true}};
}

/* Bytes of the transport header. */
static size_t header_of(const struct spec *spec)
{
    return spec->protocol == 17 ? 8 : TCP_HEADER;
}

/* The packet has so many bytes of payload. */
static void payload_set(struct spec *spec, size_t size)
{
    spec->payload_size = header_of(spec) + size;
    if (spec->protocol == 17) {
        put16(spec->payload + 4, (unsigned)spec->payload_size);
    }
}

static void flow_random(struct spec *spec, struct rng *rng, uint8_t protocol)
{
    static const uint8_t options[12] = {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8};

    spec_random_of(spec, rng, protocol);
    if (protocol == 6) {
        spec->payload[12] = 0x80;
        spec->payload[13] = 0x10;
        memcpy(spec->payload + 20, options, sizeof(options));
    }
    payload_set(spec, 0);
}

/* TCP goes on behind so many bytes. */
static void sequence_add(struct spec *spec, size_t size)
{
    uint32_t sequence = (uint32_t)spec->payload[4] << 24 | (uint32_t)spec->payload[5] << 16 |
                        (uint32_t)spec->payload[6] << 8 | spec->payload[7];

    if (spec->protocol == 6) {
        sequence += (uint32_t)size;
        put16(spec->payload + 4, sequence >> 16);
        put16(spec->payload + 6, sequence & 0xffff);
    }
}

/* Where the transport begins in a packet without options. */
static size_t transport_at(const struct packet *packet)
{
    return packet->data[0] >> 4 == 6 ? 40 : 20;
}

static uint32_t pseudo_of(const struct packet *packet)
{
    bool v6 = packet->data[0] >> 4 == 6;
    const uint8_t *source = packet->data + (v6 ? 8 : 12);

    return naive_pseudo(v6, source, source + (v6 ? 16 : 4), packet->data[v6 ? 6 : 9],
                        packet->size - transport_at(packet));
}

/* The plaintext of the packet as the sender makes it, with a partial checksum or a complete one. */
static size_t plain_of(uint8_t out[SPEC_PACKET_MAX], const struct spec *spec,
                       const struct two_hosts *two, bool partial)
{
    uint8_t data[SPEC_PACKET_MAX];
    struct packet packet = {.data = data, .size = spec_build(data, spec, two, !spec->back)};
    size_t size = 0;

    if (partial) {
        packet.checksum_partial = true;
        packet.checksum_start = (uint16_t)transport_at(&packet);
        packet.checksum_offset = (uint16_t)checksum_place(spec->v6, spec->protocol);
        put16(data + packet.checksum_start + packet.checksum_offset, pseudo_of(&packet));
    }
    assert_int_equal(strip_one(out, SPEC_PACKET_MAX, &size, sender(two, spec), &packet), ERR_OK);
    return size;
}

/* Put the packet's plaintext into the box; true if it joined the last packet. */
static bool offer_from(uint64_t source, struct packet_train *train, struct packet_box *box,
                       const struct spec *spec, const struct two_hosts *two, bool partial)
{
    uint8_t plain[SPEC_PACKET_MAX];
    size_t size = plain_of(plain, spec, two, partial);
    uint8_t *room = packet_box_reserve(box, size);
    size_t count = box->items_count;
    size_t packet_size = 0;

    assert_non_null(room);
    memcpy(room, plain, size);
    assert_int_equal(train_put(train, box, receiver(two, spec), source, room, size, &packet_size),
                     ERR_OK);
    assert_int_equal(packet_size, spec->payload_size + (spec->v6 ? 40 : 20));
    return box->items_count == count;
}

static bool offer(struct packet_train *train, struct packet_box *box, const struct spec *spec,
                  const struct two_hosts *two, bool partial)
{
    return offer_from(1, train, box, spec, two, partial);
}

static void sequence_write(uint8_t *tcp, size_t at, bool last)
{
    uint32_t sequence =
        (uint32_t)tcp[4] << 24 | (uint32_t)tcp[5] << 16 | (uint32_t)tcp[6] << 8 | tcp[7];

    sequence += (uint32_t)at;
    put16(tcp + 4, sequence >> 16);
    put16(tcp + 6, sequence & 0xffff);
    if (!last) {
        tcp[13] &= 0xf6;
    }
}

static void checksum_write(const struct packet *packet, size_t offset)
{
    size_t at = transport_at(packet);
    uint16_t checksum;

    put16(packet->data + at + offset, 0);
    checksum = (uint16_t)~naive_sum(pseudo_of(packet), packet->data + at, packet->size - at);
    put16(packet->data + at + offset, checksum == 0 && offset == 6 ? 0xffff : checksum);
}

/* Give every segment of a packet of the box to `seen`, with full checksums; returns how many. */
static size_t cut(const struct packet *packet, uint8_t seen[][SPEC_PACKET_MAX], size_t *sizes)
{
    size_t header = packet->gso != PACKET_GSO_NONE ? packet->header_size : packet->size;
    size_t data_size = packet->size - header;
    size_t step = packet->gso != PACKET_GSO_NONE ? packet->gso_size : 1;
    size_t count = packet->gso != PACKET_GSO_NONE ? (data_size + step - 1) / step : 1;
    size_t tcp = transport_at(packet);
    bool v6 = tcp == 40;

    for (size_t k = 0; k < count; k++) {
        size_t at = k * step;
        size_t size = packet->gso == PACKET_GSO_NONE ? 0
                      : data_size - at < step        ? data_size - at
                                                     : step;
        struct packet part = {.data = seen[k], .size = header + size};

        memcpy(seen[k], packet->data, header);
        memcpy(seen[k] + header, packet->data + header + at, size);
        sizes[k] = part.size;
        put16(seen[k] + (v6 ? 4 : 2), (unsigned)(part.size - (v6 ? 40 : 0)));
        if (!v6) {
            put16(seen[k] + 10, 0);
            put16(seen[k] + 10, (uint16_t)~naive_sum(0, seen[k], 20));
        }
        if (packet->gso == PACKET_GSO_UDP) {
            put16(seen[k] + tcp + 4, (unsigned)(part.size - tcp));
        } else if (packet->gso != PACKET_GSO_NONE) {
            sequence_write(seen[k] + tcp, at, k + 1 == count);
        }
        if (packet->checksum_partial) {
            checksum_write(&part, packet->checksum_offset);
        }
    }
    return count;
}

static void expect_super(const struct packet_box *box, const struct spec *spec, size_t data_size)
{
    const struct packet *super = &box->items[0];
    size_t at = transport_at(super);
    bool udp = spec->protocol == 17;
    size_t offset = udp ? 6 : 16;

    assert_int_equal(box->items_count, 1);
    assert_int_equal(super->size, at + header_of(spec) + data_size);
    assert_int_equal(super->gso, udp        ? PACKET_GSO_UDP
                                 : spec->v6 ? PACKET_GSO_TCP6
                                            : PACKET_GSO_TCP4);
    assert_int_equal(super->gso_size, 1400);
    assert_int_equal(super->header_size, at + header_of(spec));
    assert_true(super->checksum_partial);
    assert_int_equal(super->checksum_start, at);
    assert_int_equal(super->checksum_offset, offset);
    assert_int_equal((super->data[at + offset] << 8 | super->data[at + offset + 1]) % 0xffff,
                     pseudo_of(super) % 0xffff);
    if (udp) {
        assert_int_equal(super->data[at + 4] << 8 | super->data[at + 5], super->size - at);
    } else {
        assert_int_equal(super->data[at + 13], 0x18);
    }
    assert_int_equal(spec->v6 ? 0xffff : naive_sum(0, super->data, 20), 0xffff);
    assert_int_equal(box->bytes_used, (size_t)(super->data - box->bytes) + super->size);
}

static void a_train_of_segments_becomes_one_super_packet(void **state)
{
    struct two_hosts two = two_hosts_make();
    struct packet_train train = train_new();
    static struct spec spec;
    struct packet_box box;
    struct rng rng = {1};

    (void)state;
    assert_int_equal(packet_box_init(&box, BOX_BYTES, BOX_ITEMS), ERR_OK);
    for (int round = 0; round < 40; round++) {
        bool udp = round % 4 >= 2;

        packet_box_clear(&box);
        flow_random(&spec, &rng, udp ? 17 : 6);
        for (int k = 0; k < 40; k++) {
            payload_set(&spec, k == 39 ? 77 : 1400);
            rng_fill(&rng, spec.payload + header_of(&spec), 1400);
            if (!udp) {
                spec.payload[13] = k == 39 ? 0x18 : 0x10;
            }
            assert_int_equal(offer(&train, &box, &spec, &two, round % 2 == 0), k > 0);
            sequence_add(&spec, spec.payload_size - header_of(&spec));
        }
        expect_super(&box, &spec, 39 * 1400 + 77);

        /* PSH or a short segment ends it. */
        assert_false(offer(&train, &box, &spec, &two, true));
    }
    packet_box_fini(&box);
}

static void super_packets_stay_within_64_kib(void **state)
{
    struct two_hosts two = two_hosts_make();
    struct packet_train train = train_new();
    static struct spec spec;
    struct packet_box box;
    struct rng rng = {2};

    (void)state;
    assert_int_equal(packet_box_init(&box, BOX_BYTES, BOX_ITEMS), ERR_OK);
    flow_random(&spec, &rng, 6);
    for (int k = 0; k < 100; k++) {
        payload_set(&spec, 8000);
        offer(&train, &box, &spec, &two, true);
        sequence_add(&spec, 8000);
    }
    for (size_t i = 0; i < box.items_count; i++) {
        assert_true(box.items[i].size <= PACKET_SIZE_MAX);
    }
    assert_int_equal(box.items_count, 13); /* 8 segments of 8,000 bytes each, the last one 4 */
    packet_box_fini(&box);
}

/* Small datagrams would be more of them than the kernel itself joins. */
static void udp_super_packets_have_at_most_64_segments(void **state)
{
    struct two_hosts two = two_hosts_make();
    struct packet_train train = train_new();
    static struct spec spec;
    struct packet_box box;
    struct rng rng = {10};

    (void)state;
    assert_int_equal(packet_box_init(&box, BOX_BYTES, BOX_ITEMS), ERR_OK);
    flow_random(&spec, &rng, 17);
    payload_set(&spec, 10);
    for (int k = 0; k < 130; k++) {
        assert_int_equal(offer(&train, &box, &spec, &two, true), k % 64 != 0);
    }
    assert_int_equal(box.items_count, 3);
    assert_int_equal(box.items[0].size - box.items[0].header_size, 640);
    assert_int_equal(box.items[2].size - box.items[2].header_size, 20);
    packet_box_fini(&box);
}

/* One change of the second segment each. */
enum change {
    CHANGE_NONE, /* joins */
    CHANGE_FIRST_PSH,
    CHANGE_FIRST_CHECKSUM,
    CHANGE_CHECKSUM,
    CHANGE_GAP,
    CHANGE_REPEATED,
    CHANGE_LARGER,
    CHANGE_EMPTY,
    CHANGE_FIN,
    CHANGE_SYN,
    CHANGE_RST,
    CHANGE_URG,
    CHANGE_ECE,
    CHANGE_CWR,
    CHANGE_PORT,
    CHANGE_ACKNOWLEDGEMENT,
    CHANGE_WINDOW,
    CHANGE_OPTION,
    CHANGE_TRAFFIC_CLASS,
    CHANGE_HOP_LIMIT,
    CHANGE_ADDRESS_OR_DF,
    CHANGE_SOURCE,  /* another session */
    CHANGE_PARTIAL, /* one checksum is partial, the other complete */
    CHANGE_BETWEEN, /* another packet came between */
    CHANGE_EMPTIED, /* the box was emptied */
    CHANGE_COUNT,
};

/* Changes of the TCP header; false if it is none of them. */
static bool change_tcp(struct spec *spec, enum change change, struct rng *rng)
{
    static const uint8_t flags[] = {1, 2, 4, 32, 64, 128};

    switch (change) {
    case CHANGE_FIN:
    case CHANGE_SYN:
    case CHANGE_RST:
    case CHANGE_URG:
    case CHANGE_ECE:
    case CHANGE_CWR:
        spec->payload[13] = (uint8_t)(0x10 | flags[change - CHANGE_FIN]);
        return true;
    case CHANGE_PORT:
        spec->payload[rng_below(rng, 4)] ^= 1;
        return true;
    case CHANGE_ACKNOWLEDGEMENT:
        spec->payload[8 + rng_below(rng, 4)] ^= 1;
        return true;
    case CHANGE_WINDOW:
        spec->payload[14 + rng_below(rng, 2)] ^= 1;
        return true;
    case CHANGE_OPTION:
        spec->payload[20 + rng_below(rng, 12)] ^= 1;
        return true;
    default:
        return false;
    }
}

static void change_rest(struct spec *spec, enum change change)
{
    switch (change) {
    case CHANGE_CHECKSUM:
        spec->spoil = 9;
        break;
    case CHANGE_GAP:
        sequence_add(spec, 1);
        break;
    case CHANGE_REPEATED:
        sequence_add(spec, (size_t)0 - 1000);
        break;
    case CHANGE_LARGER:
        payload_set(spec, 1001);
        break;
    case CHANGE_EMPTY:
        payload_set(spec, 0);
        break;
    case CHANGE_TRAFFIC_CLASS:
        spec->traffic_class ^= 1;
        break;
    case CHANGE_HOP_LIMIT:
        spec->hop_limit ^= 1;
        break;
    case CHANGE_ADDRESS_OR_DF:
        spec->source = spec->v6 && spec->source == SPEC_OWN ? SPEC_4IN6 : SPEC_OWN;
        spec->df = false;
        break;
    default:
        break;
    }
}

/* Is this change one of a UDP packet, too? */
static bool is_of_udp(enum change change)
{
    return change == CHANGE_NONE || change == CHANGE_FIRST_CHECKSUM || change == CHANGE_CHECKSUM ||
           change == CHANGE_LARGER || change == CHANGE_EMPTY || change == CHANGE_PORT ||
           change >= CHANGE_TRAFFIC_CLASS;
}

/* What happens between the two segments. */
static void change_between(struct packet_train *train, struct packet_box *box, enum change change,
                           const struct two_hosts *two)
{
    static struct spec other;
    struct rng rng = {8};

    if (change == CHANGE_BETWEEN) {
        spec_random(&other, &rng);
        assert_false(offer(train, box, &other, two, false));
    } else if (change == CHANGE_EMPTIED) {
        packet_box_clear(box);
    }
}

/* Whether two segments of 1,000 bytes, the second one with a change, become one packet. */
static bool joins(struct spec *spec, enum change change, bool partial, struct packet_box *box,
                  struct rng *rng)
{
    struct two_hosts two = two_hosts_make();
    struct packet_train train = train_new();
    bool complete = change == CHANGE_FIRST_CHECKSUM || change == CHANGE_CHECKSUM;

    packet_box_clear(box);
    payload_set(spec, 1000);
    if (spec->protocol == 6) {
        spec->payload[13] = change == CHANGE_FIRST_PSH ? 0x18 : 0x10;
    }
    spec->spoil = change == CHANGE_FIRST_CHECKSUM ? 9 : 0;
    assert_false(offer(&train, box, spec, &two, partial && !complete));
    spec->spoil = 0;
    sequence_add(spec, 1000);
    change_between(&train, box, change, &two);
    if (!change_tcp(spec, change, rng)) {
        change_rest(spec, change);
    }
    return offer_from(change == CHANGE_SOURCE ? 2 : 1, &train, box, spec, &two,
                      partial != (change == CHANGE_PARTIAL) && !complete);
}

static void segments_that_differ_do_not_join(void **state)
{
    static struct spec spec;
    struct packet_box box;
    struct rng rng = {3};

    (void)state;
    assert_int_equal(packet_box_init(&box, BOX_BYTES, BOX_ITEMS), ERR_OK);
    for (int i = 0; i < CHANGE_COUNT * 40; i++) {
        enum change change = (enum change)(i / 40);
        bool udp = i % 4 >= 2 && is_of_udp(change);

        flow_random(&spec, &rng, udp ? 17 : 6);
        if (joins(&spec, change, i % 2 == 0, &box, &rng) != (change == CHANGE_NONE)) {
            fail_msg("change %d, UDP %d: wrong decision", change, udp);
        }
    }
    packet_box_fini(&box);
}

static void fragmentable_segments_do_not_join(void **state)
{
    static struct spec spec;
    struct packet_box box;
    struct rng rng = {5};

    (void)state;
    assert_int_equal(packet_box_init(&box, BOX_BYTES, BOX_ITEMS), ERR_OK);
    for (int i = 0; i < 80; i++) {
        flow_random(&spec, &rng, i % 2 == 0 ? 17 : 6);
        spec.df = spec.df && i % 4 < 2;
        assert_int_equal(joins(&spec, CHANGE_NONE, true, &box, &rng), spec.v6 || spec.df);
    }
    packet_box_fini(&box);
}

static void udp_without_checksum_or_with_a_wrong_length_does_not_join(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct packet_box box;
    struct rng rng = {6};

    (void)state;
    assert_int_equal(packet_box_init(&box, BOX_BYTES, BOX_ITEMS), ERR_OK);
    for (int i = 0; i < 40; i++) {
        struct packet_train train = train_new();

        packet_box_clear(&box);
        flow_random(&spec, &rng, 17);
        payload_set(&spec, 500);
        if (i % 2 == 0) {
            spec.v6 = false;
            spec.df = true;
            spec.source = spec.destination = SPEC_OWN;
            spec.udp_zero = true;
        } else {
            put16(spec.payload + 4, (unsigned)(spec.payload_size - 1));
        }
        assert_false(offer(&train, &box, &spec, &two, false));
        assert_false(offer(&train, &box, &spec, &two, false));
    }
    packet_box_fini(&box);
}

/* A device takes TCP only (Linux before 6.2), or plain packets only. */
static void only_what_the_device_takes_is_joined(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct packet_box box;
    struct rng rng = {7};

    (void)state;
    assert_int_equal(packet_box_init(&box, BOX_BYTES, BOX_ITEMS), ERR_OK);
    for (int i = 0; i < 80; i++) {
        struct packet_train train = {.offload = {.tcp = i % 4 >= 2}};
        uint8_t protocol = i % 2 == 0 ? 17 : 6;

        packet_box_clear(&box);
        flow_random(&spec, &rng, protocol);
        payload_set(&spec, 500);
        assert_false(offer(&train, &box, &spec, &two, true));
        assert_int_equal(box.items[0].checksum_partial, train.offload.tcp);
        sequence_add(&spec, 500);
        assert_int_equal(offer(&train, &box, &spec, &two, true),
                         train.offload.tcp && protocol == 6);
    }
    packet_box_fini(&box);
}

static void what_is_no_packet_leaves_the_box_as_it_was(void **state)
{
    struct two_hosts two = two_hosts_make();
    struct packet_train train = train_new();
    static struct spec spec;
    struct packet_box box;
    struct rng rng = {9};
    size_t packet_size = 77;

    (void)state;
    assert_int_equal(packet_box_init(&box, BOX_BYTES, BOX_ITEMS), ERR_OK);
    flow_random(&spec, &rng, 6);
    payload_set(&spec, 1000);
    assert_false(offer(&train, &box, &spec, &two, true));
    size_t used = box.bytes_used;

    for (size_t size = 0; size < 4; size++) {
        uint8_t *room = packet_box_reserve(&box, size);

        assert_int_equal(train_put(&train, &box, &two.a, 1, room, size, &packet_size), ERR_DROP);
        assert_int_equal(packet_size, 77);
        assert_int_equal(box.items_count, 1);
        assert_int_equal(box.bytes_used, used);
    }
    packet_box_fini(&box);
}

static void random_packets_come_out_in_order_and_unchanged(void **state)
{
    static uint8_t wanted[BOX_ITEMS][SPEC_PACKET_MAX];
    static uint8_t parts[BOX_ITEMS][SPEC_PACKET_MAX];
    static size_t wanted_sizes[BOX_ITEMS];
    static size_t sizes[BOX_ITEMS];
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct packet_train train = train_new();
    struct packet_box box;
    struct rng rng = {4};
    size_t joined = 0;

    (void)state;
    assert_int_equal(packet_box_init(&box, BOX_BYTES, BOX_ITEMS), ERR_OK);
    for (int round = 0; round < 200; round++) {
        size_t offered = 20 + rng_below(&rng, 40);
        size_t found = 0;
        bool flow = true;

        packet_box_clear(&box);
        flow_random(&spec, &rng, round % 2 == 0 ? 6 : 17);
        for (size_t i = 0; i < offered; i++) {
            bool partial = false;

            if (rng_below(&rng, 8) == 0) {
                spec_random(&spec, &rng);
            } else if (!flow || rng_below(&rng, 10) == 0) {
                flow_random(&spec, &rng, rng_below(&rng, 2) == 0 ? 6 : 17);
            }
            flow = spec.protocol == 17 || (spec.protocol == 6 && spec.payload[12] == 0x80);
            if (flow) {
                partial = rng_below(&rng, 2) == 0;
                payload_set(&spec, rng_below(&rng, 5) == 0 ? 1 + rng_below(&rng, 900) : 900);
                rng_fill(&rng, spec.payload + header_of(&spec), 900);
            }
            if (flow && spec.protocol == 6) {
                spec.payload[13] = rng_below(&rng, 9) == 0 ? 0x18 : 0x10;
            }
            spec.spoil = !partial && rng_below(&rng, 10) == 0 ? 5 : 0;
            wanted_sizes[i] = spec_build(wanted[i], &spec, &two, spec.back);
            joined += offer(&train, &box, &spec, &two, partial) ? 1 : 0;
            if (flow) {
                sequence_add(&spec, spec.payload_size - header_of(&spec));
            }
        }
        for (size_t i = 0; i < box.items_count; i++) {
            size_t count = cut(&box.items[i], parts, sizes);

            for (size_t k = 0; k < count; k++) {
                assert_true(found < offered);
                assert_int_equal(sizes[k], wanted_sizes[found]);
                assert_memory_equal(parts[k], wanted[found], sizes[k]);
                found++;
            }
        }
        assert_int_equal(found, offered);
    }
    assert_true(joined > 1000);
    packet_box_fini(&box);
}

/* Two threads fill a box each, whose counts of changes may be the same by chance. */
static void another_box_ends_the_train(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct packet_train train = train_new();
    struct packet_box boxes[2];
    struct rng rng = {9};

    (void)state;
    flow_random(&spec, &rng, 6);
    payload_set(&spec, 900);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(packet_box_init(&boxes[i], BOX_BYTES, BOX_ITEMS), ERR_OK);
        assert_false(offer(&train, &boxes[i], &spec, &two, true));
        assert_int_equal(boxes[i].changes, boxes[0].changes);
        sequence_add(&spec, 900);
    }
    assert_true(offer(&train, &boxes[1], &spec, &two, true));
    packet_box_fini(&boxes[0]);
    packet_box_fini(&boxes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_box_ends_the_train),
        cmocka_unit_test(a_train_of_segments_becomes_one_super_packet),
        cmocka_unit_test(super_packets_stay_within_64_kib),
        cmocka_unit_test(udp_super_packets_have_at_most_64_segments),
        cmocka_unit_test(segments_that_differ_do_not_join),
        cmocka_unit_test(fragmentable_segments_do_not_join),
        cmocka_unit_test(udp_without_checksum_or_with_a_wrong_length_does_not_join),
        cmocka_unit_test(only_what_the_device_takes_is_joined),
        cmocka_unit_test(what_is_no_packet_leaves_the_box_as_it_was),
        cmocka_unit_test(random_packets_come_out_in_order_and_unchanged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
