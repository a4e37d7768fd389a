/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Joined segments, cut again in the plainest way, are the segments that came; and what differs in
 * anything but sequence and length is not joined.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/tunnel/coalesce.h"
#include "client/tunnel/packet.h"
#include "proto/base/err.h"

#include "tests/support/tunnel_packets.h"

enum {
    BOX_BYTES = 1 << 20,
    BOX_ITEMS = 256,
    TCP_HEADER = 32, /* with a timestamp option */
};

static void flow_random(struct spec *spec, struct rng *rng)
{
    static const uint8_t options[12] = {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8};

    spec_random_of(spec, rng, 6);
    spec->payload[12] = 0x80;
    spec->payload[13] = 0x10;
    memcpy(spec->payload + 20, options, sizeof(options));
    spec->payload_size = TCP_HEADER;
}

static void sequence_add(struct spec *spec, size_t size)
{
    uint32_t sequence = (uint32_t)spec->payload[4] << 24 | (uint32_t)spec->payload[5] << 16 |
                        (uint32_t)spec->payload[6] << 8 | spec->payload[7];

    sequence += (uint32_t)size;
    put16(spec->payload + 4, sequence >> 16);
    put16(spec->payload + 6, sequence & 0xffff);
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

    return naive_pseudo(v6, source, source + (v6 ? 16 : 4), 6, packet->size - transport_at(packet));
}

/* Offer the packet as the tunnel would: in the box's reserved room, partial or complete. */
static bool offer(struct packet_box *box, const struct spec *spec, const struct two_hosts *two,
                  bool partial)
{
    uint8_t *room = packet_box_reserve(box, SPEC_PACKET_MAX);

    assert_non_null(room);
    struct packet packet = {.data = room - 16};

    packet.size = spec_build(packet.data, spec, two, spec->back);
    if (partial) {
        packet.checksum_partial = true;
        packet.checksum_start = (uint16_t)transport_at(&packet);
        packet.checksum_offset = 16;
        put16(packet.data + packet.checksum_start + 16, pseudo_of(&packet));
    }
    return coalesce_commit(box, &packet);
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
        uint32_t sequence;

        memcpy(seen[k], packet->data, header);
        memcpy(seen[k] + header, packet->data + header + at, size);
        sizes[k] = part.size;
        put16(seen[k] + (v6 ? 4 : 2), (unsigned)(part.size - (v6 ? 40 : 0)));
        if (!v6) {
            put16(seen[k] + 10, 0);
            put16(seen[k] + 10, (uint16_t)~naive_sum(0, seen[k], 20));
        }
        sequence = (uint32_t)seen[k][tcp + 4] << 24 | (uint32_t)seen[k][tcp + 5] << 16 |
                   (uint32_t)seen[k][tcp + 6] << 8 | seen[k][tcp + 7];
        sequence += (uint32_t)at;
        put16(seen[k] + tcp + 4, sequence >> 16);
        put16(seen[k] + tcp + 6, sequence & 0xffff);
        if (k + 1 < count) {
            seen[k][tcp + 13] &= 0xf6;
        }
        if (packet->checksum_partial) {
            put16(seen[k] + tcp + 16, 0);
            put16(seen[k] + tcp + 16,
                  (uint16_t)~naive_sum(pseudo_of(&part), seen[k] + tcp, part.size - tcp));
        }
    }
    return count;
}

static void a_train_of_segments_becomes_one_super_packet(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct packet_box box;
    struct rng rng = {1};

    (void)state;
    assert_int_equal(packet_box_init(&box, BOX_BYTES, BOX_ITEMS), ERR_OK);
    for (int round = 0; round < 20; round++) {
        packet_box_clear(&box);
        flow_random(&spec, &rng);
        for (int k = 0; k < 40; k++) {
            spec.payload_size = TCP_HEADER + (k == 39 ? 77 : 1400);
            rng_fill(&rng, spec.payload + TCP_HEADER, 1400);
            spec.payload[13] = k == 39 ? 0x18 : 0x10;
            assert_int_equal(offer(&box, &spec, &two, round % 2 == 0), k > 0);
            sequence_add(&spec, spec.payload_size - TCP_HEADER);
        }
        const struct packet *super = &box.items[0];
        size_t at = transport_at(super);

        assert_int_equal(box.items_count, 1);
        assert_int_equal(super->size, at + TCP_HEADER + 39 * 1400 + 77);
        assert_int_equal(super->gso, spec.v6 ? PACKET_GSO_TCP6 : PACKET_GSO_TCP4);
        assert_int_equal(super->gso_size, 1400);
        assert_int_equal(super->header_size, at + TCP_HEADER);
        assert_true(super->checksum_partial);
        assert_int_equal(super->checksum_start, at);
        assert_int_equal(super->checksum_offset, 16);
        assert_int_equal((super->data[at + 16] << 8 | super->data[at + 17]) % 0xffff,
                         pseudo_of(super) % 0xffff);
        assert_int_equal(super->data[at + 13], 0x18);
        assert_int_equal(spec.v6 ? 0xffff : naive_sum(0, super->data, 20), 0xffff);
        assert_int_equal(box.bytes_used, (size_t)(super->data - box.bytes) + super->size);

        /* PSH or a short segment ends it. */
        spec.payload_size = TCP_HEADER + 77;
        assert_false(offer(&box, &spec, &two, true));
    }
    packet_box_fini(&box);
}

static void super_packets_stay_within_64_kib(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct packet_box box;
    struct rng rng = {2};

    (void)state;
    assert_int_equal(packet_box_init(&box, BOX_BYTES, BOX_ITEMS), ERR_OK);
    flow_random(&spec, &rng);
    for (int k = 0; k < 100; k++) {
        spec.payload_size = TCP_HEADER + 8000;
        offer(&box, &spec, &two, true);
        sequence_add(&spec, 8000);
    }
    for (size_t i = 0; i < box.items_count; i++) {
        assert_true(box.items[i].size <= PACKET_SIZE_MAX);
    }
    assert_int_equal(box.items_count, 13); /* 8 segments of 8,000 bytes each, the last one 4 */
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
    CHANGE_DIRECTION,
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
        spec->payload_size++;
        break;
    case CHANGE_EMPTY:
        spec->payload_size = TCP_HEADER;
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
    case CHANGE_DIRECTION:
        spec->back = !spec->back;
        break;
    default:
        break;
    }
}

static void segments_that_differ_do_not_join(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct packet_box box;
    struct rng rng = {3};

    (void)state;
    assert_int_equal(packet_box_init(&box, BOX_BYTES, BOX_ITEMS), ERR_OK);
    for (int i = 0; i < CHANGE_COUNT * 40; i++) {
        enum change change = (enum change)(i / 40);
        bool partial = i % 2 == 0;

        packet_box_clear(&box);
        flow_random(&spec, &rng);
        spec.payload_size = TCP_HEADER + 1000;
        spec.payload[13] = change == CHANGE_FIRST_PSH ? 0x18 : 0x10;
        spec.spoil = change == CHANGE_FIRST_CHECKSUM ? 9 : 0;
        assert_false(offer(&box, &spec, &two, partial && change != CHANGE_FIRST_CHECKSUM));
        spec.spoil = 0;
        sequence_add(&spec, 1000);
        if (!change_tcp(&spec, change, &rng)) {
            change_rest(&spec, change);
        }
        if (offer(&box, &spec, &two, partial && change != CHANGE_CHECKSUM) !=
            (change == CHANGE_NONE)) {
            fail_msg("change %d: wrong decision", change);
        }
        assert_int_equal(box.items_count, change == CHANGE_NONE ? 1 : 2);
    }
    packet_box_fini(&box);
}

/* Do this segment and the next of its flow join, if the flow label changes between them? */
static bool joins(struct spec *spec, struct packet_box *box, uint32_t flow_change)
{
    struct two_hosts two = two_hosts_make();

    packet_box_clear(box);
    spec->payload_size = TCP_HEADER + 1000;
    assert_false(offer(box, spec, &two, true));
    sequence_add(spec, 1000);
    spec->flow ^= flow_change;
    return offer(box, spec, &two, true);
}

static void fragmentable_segments_and_other_flow_labels_do_not_join(void **state)
{
    static struct spec spec;
    struct packet_box box;
    struct rng rng = {5};

    (void)state;
    assert_int_equal(packet_box_init(&box, BOX_BYTES, BOX_ITEMS), ERR_OK);
    for (int i = 0; i < 40; i++) {
        flow_random(&spec, &rng);
        assert_true(joins(&spec, &box, 0));
        if (spec.v6) {
            assert_false(joins(&spec, &box, 1));
        } else {
            spec.df = false;
            assert_false(joins(&spec, &box, 0));
        }
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
    struct packet_box box;
    struct rng rng = {4};
    size_t joined = 0;

    (void)state;
    assert_int_equal(packet_box_init(&box, BOX_BYTES, BOX_ITEMS), ERR_OK);
    for (int round = 0; round < 200; round++) {
        size_t offered = 20 + rng_below(&rng, 40);
        size_t found = 0;

        packet_box_clear(&box);
        flow_random(&spec, &rng);
        for (size_t i = 0; i < offered; i++) {
            bool partial = false;

            if (rng_below(&rng, 8) == 0) {
                spec_random(&spec, &rng);
            } else if (spec.protocol != 6 || rng_below(&rng, 10) == 0) {
                flow_random(&spec, &rng);
            }
            if (spec.protocol == 6 && spec.payload[12] == 0x80) {
                partial = rng_below(&rng, 2) == 0;
                spec.payload_size =
                    TCP_HEADER + (rng_below(&rng, 5) == 0 ? 1 + rng_below(&rng, 900) : 900);
                rng_fill(&rng, spec.payload + TCP_HEADER, 900);
                spec.payload[13] = rng_below(&rng, 9) == 0 ? 0x18 : 0x10;
            }
            spec.spoil = !partial && rng_below(&rng, 10) == 0 ? 5 : 0;
            wanted_sizes[i] = spec_build(wanted[i], &spec, &two, spec.back);
            joined += offer(&box, &spec, &two, partial) ? 1 : 0;
            if (spec.protocol == 6) {
                sequence_add(&spec, spec.payload_size - TCP_HEADER);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_train_of_segments_becomes_one_super_packet),
        cmocka_unit_test(super_packets_stay_within_64_kib),
        cmocka_unit_test(segments_that_differ_do_not_join),
        cmocka_unit_test(fragmentable_segments_and_other_flow_labels_do_not_join),
        cmocka_unit_test(random_packets_come_out_in_order_and_unchanged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
