/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets that wait: who sends little goes before who sends much, each gets its share, what waits
 * too long is marked or dropped, and a super-packet that leaves in parts is what it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/tunnel/ecn.h"
#include "client/tunnel/fair_queue.h"
#include "proto/base/err.h"

#include "tests/support/tunnel_packets.h"

enum {
    ALL = PACKET_SIZE_MAX,
    UDP_FULL_SIZE = 1280,
    ECT0 = 2,
    CE = 3,
};

static const uint8_t key[SIPHASH_KEY_SIZE] = "not so random !";

static struct mono at_ms(uint64_t ms)
{
    return (struct mono){ms * NS_PER_MS};
}

/* Let a UDP packet of IPv4 wait; `flow` is its source port, `number` stands in its payload. */
static void put_udp(struct fair_queue *queue, unsigned flow, unsigned number, size_t size,
                    unsigned ecn, struct mono now)
{
    struct two_hosts two = two_hosts_make();
    struct spec spec = {
        .protocol = 17, .hop_limit = 64, .traffic_class = (uint8_t)ecn, .payload_size = size - 20};
    uint8_t *data = malloc(size);

    put16(spec.payload, flow);
    put16(spec.payload + 2, 9);
    put16(spec.payload + 4, (unsigned)size - 20);
    put16(spec.payload + 8, number);
    assert_int_equal(spec_build(data, &spec, &two, true), size);
    struct packet packet = {.data = data, .size = size};
    fair_queue_put(queue, &packet, now);
    free(data);
}

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static unsigned flow_of(const struct packet *packet)
{
    return get16(packet->data + 20);
}

static unsigned number_of(const struct packet *packet)
{
    return get16(packet->data + 28);
}

static void a_sparse_flow_goes_before_bulk(void **state)
{
    struct fair_queue queue;
    struct packet out;

    (void)state;
    fair_queue_init(&queue, key);
    assert_true(fair_queue_is_empty(&queue));
    for (unsigned i = 0; i < 100; i++) {
        put_udp(&queue, 1, i, UDP_FULL_SIZE, 0, at_ms(0));
    }
    for (unsigned i = 0; i < 3; i++) { /* the bulk's turn as a new flow is over */
        assert_true(fair_queue_next(&queue, ALL, at_ms(0), &out));
        assert_int_equal(number_of(&out), i);
    }
    for (unsigned i = 0; i < 10; i++) {
        put_udp(&queue, 2, i, 84, 0, at_ms(1));
        assert_true(fair_queue_next(&queue, ALL, at_ms(1), &out));
        if (flow_of(&out) != 2) { /* at most one packet of the other goes between */
            assert_true(fair_queue_next(&queue, ALL, at_ms(1), &out));
        }
        assert_int_equal(flow_of(&out), 2);
        assert_int_equal(number_of(&out), i);
    }
    fair_queue_fini(&queue);
}

static void flows_share_by_bytes_and_keep_their_order(void **state)
{
    struct fair_queue queue;
    struct packet out;
    size_t bytes[3] = {0};
    unsigned next[3] = {0};

    (void)state;
    fair_queue_init(&queue, key);
    for (unsigned i = 0; i < 400; i++) {
        put_udp(&queue, 1, i, UDP_FULL_SIZE, 0, at_ms(0));
        put_udp(&queue, 2, i, 400, 0, at_ms(0));
    }
    for (int i = 0; i < 200; i++) {
        assert_true(fair_queue_next(&queue, ALL, at_ms(1), &out));
        bytes[flow_of(&out)] += out.size;
        assert_int_equal(number_of(&out), next[flow_of(&out)]++);
    }
    assert_in_range(bytes[1], bytes[2] - 4 * FAIR_QUANTUM, bytes[2] + 4 * FAIR_QUANTUM);
    assert_int_equal(queue.counters.dropped_age + queue.counters.dropped_room, 0);
    fair_queue_fini(&queue);
}

/* A line that takes one packet each millisecond, with so many behind it that all wait longer than
 * 5 ms: what is not marked is dropped. Returns how many came, and of these, with a mark. */
static size_t slow_line(struct fair_queue *queue, unsigned ecn, size_t *marked)
{
    struct packet out;
    unsigned number = 0;
    size_t count = 0;

    *marked = 0;
    for (uint64_t ms = 0; ms < 470; ms++) {
        while (number < ms + 21) {
            put_udp(queue, 1, number++, UDP_FULL_SIZE, ecn, at_ms(ms));
        }
        assert_true(fair_queue_next(queue, ALL, at_ms(ms + 20), &out));
        assert_int_equal(naive_checksum(out.data, 20), 0);
        *marked += (out.data[1] & 3) == CE ? 1 : 0;
        count++;
    }
    return count;
}

static void what_waits_too_long_is_dropped_at_the_times_of_codel(void **state)
{
    struct fair_queue queue;
    size_t marked;

    (void)state;
    fair_queue_init(&queue, key);
    (void)slow_line(&queue, 0, &marked);
    assert_int_equal(marked, 0);
    /* 100, 200, 271, 329, 379, 424 and 465 ms after the first wait (test_codel). */
    assert_int_equal(queue.counters.dropped_age, 7);
    assert_int_equal(queue.counters.marked, 0);
    fair_queue_fini(&queue);
}

static void what_can_be_marked_is_not_dropped(void **state)
{
    struct fair_queue queue;
    size_t marked;

    (void)state;
    fair_queue_init(&queue, key);
    (void)slow_line(&queue, ECT0, &marked);
    assert_int_equal(marked, 7);
    assert_int_equal(queue.counters.marked, 7);
    assert_int_equal(queue.counters.dropped_age, 0);
    fair_queue_fini(&queue);
}

static void nothing_waits_longer_than_half_a_second(void **state)
{
    struct fair_queue queue;
    struct packet out;

    (void)state;
    fair_queue_init(&queue, key);
    for (unsigned i = 0; i < 50; i++) {
        put_udp(&queue, 1, i, UDP_FULL_SIZE, ECT0, at_ms(i));
    }
    assert_true(fair_queue_next(&queue, ALL, at_ms(FAIR_WAIT_MAX_MS + 20), &out));
    assert_int_equal(number_of(&out), 20);
    assert_int_equal(queue.counters.dropped_age, 20);
    fair_queue_fini(&queue);
}

static void the_fattest_flow_pays_for_what_has_no_room(void **state)
{
    struct fair_queue queue;
    struct packet out;
    unsigned seen = 0;

    (void)state;
    fair_queue_init(&queue, key);
    for (unsigned i = 0; i < 10; i++) {
        put_udp(&queue, 2, i, 200, 0, at_ms(0));
    }
    for (unsigned i = 0; i < FAIR_PACKETS_MAX; i++) {
        put_udp(&queue, 1, i, UDP_FULL_SIZE, 0, at_ms(0));
    }
    assert_true(queue.counters.dropped_room >=
                FAIR_PACKETS_MAX - (unsigned)FAIR_BYTES_MAX / UDP_FULL_SIZE);
    while (fair_queue_next(&queue, ALL, at_ms(1), &out)) {
        seen += flow_of(&out) == 2 ? 1 : 0;
    }
    assert_int_equal(seen, 10);
    assert_true(fair_queue_is_empty(&queue));
    fair_queue_fini(&queue);
}

static void many_small_packets_are_bounded_too(void **state)
{
    struct fair_queue queue;
    struct packet out;
    size_t count = 0;

    (void)state;
    fair_queue_init(&queue, key);
    for (unsigned i = 0; i < 2 * FAIR_PACKETS_MAX; i++) {
        put_udp(&queue, i % 50, i, 60, 0, at_ms(0));
    }
    assert_int_equal(queue.counters.dropped_room, FAIR_PACKETS_MAX);
    while (fair_queue_next(&queue, ALL, at_ms(1), &out)) {
        count++;
    }
    assert_int_equal(count, FAIR_PACKETS_MAX);
    fair_queue_fini(&queue);
}

/* -- Super-packets ----------------------------------------------------------------------------- */

/* A random super-packet; the caller frees its data. */
static struct packet super_random(struct rng *rng, uint8_t protocol, size_t gso_size)
{
    struct two_hosts two = two_hosts_make();
    struct spec *spec = calloc(1, sizeof(*spec));
    uint8_t *data = malloc(SPEC_PACKET_MAX);
    size_t transport = protocol == 17 ? 8 : 20;

    spec_random_of(spec, rng, protocol);
    spec->back = false;
    spec->payload_size = transport + gso_size + 1 + rng_below(rng, 6000);
    rng_fill(rng, spec->payload, spec->payload_size);
    spec->payload[12] = protocol == 17 ? spec->payload[12] : 0x50;
    put16(spec->payload + 4, (unsigned)spec->payload_size);
    size_t size = spec_build(data, spec, &two, true);
    size_t ip_size = size - spec->payload_size;
    struct packet packet = {.data = data,
                            .size = size,
                            .checksum_partial = true,
                            .checksum_start = (uint16_t)ip_size,
                            .checksum_offset = protocol == 17 ? 6 : 16,
                            .gso = protocol == 17 ? PACKET_GSO_UDP
                                   : spec->v6     ? PACKET_GSO_TCP6
                                                  : PACKET_GSO_TCP4,
                            .gso_size = (uint16_t)gso_size,
                            .header_size = (uint16_t)(ip_size + transport)};

    /* As a kernel leaves it: the sum of the pseudo-header. */
    uint32_t sum =
        tunnel_pseudo(spec->v6, data + (spec->v6 ? 8 : 12), protocol, spec->payload_size);
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    put16(data + ip_size + packet.checksum_offset, sum);
    free(spec);
    return packet;
}

/* Its partial checksum is the sum of its own pseudo-header, and an IPv4 header's is right. */
static void sums_are_right(const struct packet *part)
{
    bool v6 = part->data[0] >> 4 == 6;
    uint8_t protocol = part->gso == PACKET_GSO_UDP ? 17 : 6;
    uint32_t sum =
        tunnel_pseudo(v6, part->data + (v6 ? 8 : 12), protocol, part->size - part->checksum_start);

    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    assert_int_equal(get16(part->data + part->checksum_start + part->checksum_offset) % 0xffff,
                     sum % 0xffff);
    if (!v6) {
        assert_int_equal(naive_checksum(part->data, 20), 0);
    }
}

/* Append the packets that a peer rebuilds of this packet's segments. */
static void segments_append(uint8_t *out, size_t *at, size_t room, const struct packet *packet,
                            uint16_t *id)
{
    struct two_hosts two = two_hosts_make();
    struct tunnel_cut cut;

    assert_int_equal(tunnel_open(&cut, packet), ERR_OK);
    while (cut.segments_left > 0) {
        struct packet arrived;
        uint8_t *memory;

        assert_int_equal(carry_next(&arrived, &memory, &two.a, &two.b, &cut, id), ERR_OK);
        assert_true(*at + arrived.size <= room);
        memcpy(out + *at, arrived.data, arrived.size);
        *at += arrived.size;
        free(memory);
    }
}

static void parts_of_a_super_packet_make_the_same_segments(void **state)
{
    enum { ROOM = 200000 };
    uint8_t *whole = malloc(ROOM), *parts = malloc(ROOM);
    struct rng rng = rng_stream(1, "fair queue");

    (void)state;
    for (int round = 0; round < 300; round++) {
        size_t gso_size = 100 + rng_below(&rng, 1200);
        struct packet packet = super_random(&rng, round % 2 == 0 ? 6 : 17, gso_size);
        struct fair_queue queue;
        struct packet out;
        uint16_t whole_id = 0, parts_id = 0;
        size_t whole_size = 0, parts_size = 0, count = 0;
        size_t most = 1 + rng_below(&rng, 4000);

        fair_queue_init(&queue, key);
        fair_queue_put(&queue, &packet, at_ms(0));
        segments_append(whole, &whole_size, ROOM, &packet, &whole_id);
        while (fair_queue_next(&queue, most, at_ms(1), &out)) {
            assert_true(out.size <= most || out.size <= out.header_size + gso_size);
            sums_are_right(&out);
            segments_append(parts, &parts_size, ROOM, &out, &parts_id);
            count++;
        }
        assert_true(count > 1 || most >= packet.size);
        assert_int_equal(whole_size, parts_size);
        assert_memory_equal(whole, parts, whole_size);
        assert_true(fair_queue_is_empty(&queue));
        fair_queue_fini(&queue);
        free(packet.data);
    }
    free(whole);
    free(parts);
}

static void codel_drops_one_segment_of_a_super_packet(void **state)
{
    struct rng rng = rng_stream(2, "fair queue");
    struct fair_queue queue;
    struct packet packet = super_random(&rng, 17, 100);
    struct packet out;

    (void)state;
    packet.data[1] &= packet.data[0] >> 4 == 6 ? 0xcf : 0xfc; /* no ECN */
    fair_queue_init(&queue, key);
    fair_queue_put(&queue, &packet, at_ms(0));
    fair_queue_put(&queue, &packet, at_ms(0));
    assert_true(fair_queue_next(&queue, 1, at_ms(20), &out)); /* the wait is too long from here */
    assert_true(fair_queue_next(&queue, 1, at_ms(120), &out));
    assert_int_equal(queue.counters.dropped_age, 1);
    assert_int_equal(out.size, packet.header_size + 100);
    /* The third segment is the next one: one was sent, one dropped. */
    assert_memory_equal(out.data + out.header_size, packet.data + packet.header_size + 200, 100);
    fair_queue_fini(&queue);
    free(packet.data);
}

/* -- ECN --------------------------------------------------------------------------------------- */

static void marks_keep_the_checksum_right(void **state)
{
    struct two_hosts two = two_hosts_make();
    struct rng rng = rng_stream(3, "fair queue");
    struct spec *spec = malloc(sizeof(*spec));
    uint8_t *data = malloc(SPEC_PACKET_MAX), *before = malloc(SPEC_PACKET_MAX);

    (void)state;
    for (unsigned round = 0; round < 1000; round++) {
        spec_random(spec, &rng);
        spec->traffic_class = (uint8_t)round;

        size_t size = spec_build(data, spec, &two, true);
        size_t changed = 0;

        memcpy(before, data, size);
        assert_int_equal(ecn_is_capable(data), (round & 3) != 0);
        ecn_mark(data);
        for (size_t i = 0; i < size; i++) {
            changed += data[i] != before[i] ? 1 : 0;
        }
        if (spec->v6) {
            assert_int_equal((data[0] & 0x0f) << 4 | data[1] >> 4, (round | CE) & 0xff);
            assert_true(changed <= 1);
        } else {
            assert_int_equal(data[1], (round | CE) & 0xff);
            assert_int_equal(naive_checksum(data, 20), 0);
            assert_true(changed <= 3);
        }
    }
    data[0] = 0x50;
    assert_false(ecn_is_capable(data));
    free(spec);
    free(data);
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sparse_flow_goes_before_bulk),
        cmocka_unit_test(flows_share_by_bytes_and_keep_their_order),
        cmocka_unit_test(what_waits_too_long_is_dropped_at_the_times_of_codel),
        cmocka_unit_test(what_can_be_marked_is_not_dropped),
        cmocka_unit_test(nothing_waits_longer_than_half_a_second),
        cmocka_unit_test(the_fattest_flow_pays_for_what_has_no_room),
        cmocka_unit_test(many_small_packets_are_bounded_too),
        cmocka_unit_test(parts_of_a_super_packet_make_the_same_segments),
        cmocka_unit_test(codel_drops_one_segment_of_a_super_packet),
        cmocka_unit_test(marks_keep_the_checksum_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
