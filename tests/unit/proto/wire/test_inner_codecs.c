/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What two hosts tell each other inside their session: probes and candidates (docs/protocol.md,
 * sections 11 and 12, which hold their vectors). */
#include "tests/support/fixture.h"

#include "proto/wire/intunnel.h"
#include "proto/wire/probe.h"

enum { PING_SIZE = 48 };

static struct endpoint an_endpoint(uint8_t last)
{
    const uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = last};

    return endpoint_v6(ip, (uint16_t)(4000 + last));
}

static struct probe a_probe(enum probe_kind kind)
{
    struct probe probe = {
        .kind = kind, .transaction = UINT64_C(0x0102030405060708), .frame_size = 1400};

    if (kind == PROBE_KIND_PONG) {
        probe.observed = an_endpoint(7);
    }
    return probe;
}

/* Decode an exact copy, so that the sanitizer sees one byte too many. */
static int probe_judge(struct probe *out, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = fixture_copy(bytes, size);
    int rc = probe_decode(out, copy, size);

    free(copy);
    return rc;
}

static void probes_round_trip(void **state)
{
    static const enum probe_kind kinds[] = {PROBE_KIND_PING, PROBE_KIND_PONG};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct probe probe = a_probe(kinds[i]), back;
        size_t size = kinds[i] == PROBE_KIND_PING ? PING_SIZE : PROBE_PLAIN_SIZE;
        uint8_t bytes[PING_SIZE];

        probe_encode(&probe, bytes, size);
        assert_int_equal(probe_judge(&back, bytes, size), ERR_OK);
        assert_int_equal(back.kind, probe.kind);
        assert_true(back.transaction == probe.transaction);
        assert_int_equal(back.frame_size, probe.frame_size);
        assert_true(endpoint_equal(&back.observed, &probe.observed));
    }
}

static void probes_against_the_rules_are_refused(void **state)
{
    struct probe probe = a_probe(PROBE_KIND_PONG), out = {.transaction = 99};
    uint8_t bytes[PING_SIZE] = {0};

    (void)state;
    probe_encode(&probe, bytes, PROBE_PLAIN_SIZE);
    for (size_t size = 0; size < PROBE_PLAIN_SIZE; size++) {
        assert_int_equal(probe_judge(&out, bytes, size), ERR_DROP);
    }
    /* A pong has no padding, or it could be made larger than its ping. */
    assert_int_equal(probe_judge(&out, bytes, PROBE_PLAIN_SIZE + 1), ERR_DROP);
    for (unsigned kind = 0; kind < 256; kind++) {
        bytes[0] = (uint8_t)kind;
        if (kind != PROBE_KIND_PING && kind != PROBE_KIND_PONG) {
            assert_int_equal(probe_judge(&out, bytes, PROBE_PLAIN_SIZE), ERR_DROP);
        }
    }
    probe = a_probe(PROBE_KIND_PING);
    probe_encode(&probe, bytes, sizeof(bytes));
    for (size_t at = 0; at < sizeof(bytes); at++) {
        bool zero = (at >= 1 && at < 4) || at >= PROBE_PLAIN_SIZE;

        bytes[at] ^= 0x80;
        if (zero) { /* reserved bytes and padding are checked */
            assert_int_equal(probe_judge(&out, bytes, sizeof(bytes)), ERR_DROP);
        }
        bytes[at] ^= 0x80;
    }
    assert_true(out.transaction == 99); /* never touched */
}

static struct intunnel_candidates some_candidates(size_t count)
{
    struct intunnel_candidates candidates = {.sequence = 0x01020304, .count = count};

    for (size_t i = 0; i < count; i++) {
        candidates.list[i] = an_endpoint((uint8_t)(i + 1));
    }
    return candidates;
}

static int candidates_judge(struct intunnel_candidates *out, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = fixture_copy(bytes, size);
    int rc = intunnel_candidates_decode(out, copy, size);

    free(copy);
    return rc;
}

static void candidates_round_trip_from_none_to_sixteen(void **state)
{
    (void)state;
    for (size_t count = 0; count <= INTUNNEL_CANDIDATES_MAX; count++) {
        struct intunnel_candidates candidates = some_candidates(count), back;
        uint8_t bytes[INTUNNEL_SIZE_MAX];
        size_t size = intunnel_candidates_encode(&candidates, bytes);

        assert_int_equal(size, 8 + 18 * count);
        assert_int_equal(candidates_judge(&back, bytes, size), ERR_OK);
        assert_int_equal(back.sequence, candidates.sequence);
        assert_int_equal(back.count, count);
        for (size_t i = 0; i < count; i++) {
            assert_true(endpoint_equal(&back.list[i], &candidates.list[i]));
        }
    }
}

static void candidates_against_the_rules_are_refused(void **state)
{
    struct intunnel_candidates candidates = some_candidates(3), out = {.sequence = 99};
    uint8_t bytes[INTUNNEL_SIZE_MAX + 18] = {0};
    size_t size = intunnel_candidates_encode(&candidates, bytes);

    (void)state;
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(candidates_judge(&out, bytes, cut), ERR_DROP);
    }
    assert_int_equal(candidates_judge(&out, bytes, size + 1), ERR_DROP);
    for (unsigned value = 0; value < 256; value++) { /* no count but the right one */
        bytes[1] = (uint8_t)value;
        assert_int_equal(candidates_judge(&out, bytes, size), value == 3 ? ERR_OK : ERR_DROP);
    }
    out.sequence = 99;
    bytes[1] = INTUNNEL_CANDIDATES_MAX + 1; /* one too many, all there */
    assert_int_equal(candidates_judge(&out, bytes, 8 + 18 * (INTUNNEL_CANDIDATES_MAX + 1)),
                     ERR_DROP);
    bytes[1] = 3;
    for (size_t at = 0; at < 4; at++) { /* kind, count, reserved */
        bytes[at] ^= 0x10;
        assert_int_equal(candidates_judge(&out, bytes, size), ERR_DROP);
        bytes[at] ^= 0x10;
    }
    assert_int_equal(out.sequence, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probes_round_trip),
        cmocka_unit_test(probes_against_the_rules_are_refused),
        cmocka_unit_test(candidates_round_trip_from_none_to_sixteen),
        cmocka_unit_test(candidates_against_the_rules_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
