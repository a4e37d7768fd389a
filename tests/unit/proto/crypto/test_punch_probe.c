/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Punch probes and their answers (proto/crypto/punch_probe.h). */
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#include "proto/base/bytes.h"
#include "proto/crypto/hash.h"
#include "proto/crypto/punch_probe.h"

#include <sodium.h>

static const uint8_t key[PUNCH_PROBE_KEY_SIZE] = "the key that the relay gave us.";

static const struct punch_probe probe = {
    .side = PUNCH_PROBE_SIDE_LISTEN,
    .punch_id = 0x1112131415161718,
    .transaction = 0x2122232425262728,
};

static const struct punch_probe answer = {
    .side = PUNCH_PROBE_SIDE_DIAL,
    .answer = true,
    .punch_id = 0x1112131415161718,
    .transaction = 0x2122232425262728,
    .observed = {{[10] = 0xff, 0xff, 198, 51, 100, 7}, 40000},
};

static void assert_probe(const struct punch_probe *got, const struct punch_probe *want)
{
    assert_int_equal(got->side, want->side);
    assert_int_equal(got->answer, want->answer);
    assert_int_equal(got->punch_id, want->punch_id);
    assert_int_equal(got->transaction, want->transaction);
    assert_memory_equal(got->observed.ip, want->observed.ip, 16);
    assert_int_equal(got->observed.port, want->observed.port);
}

static void probe_and_answer_go_there_and_back_at_the_same_size(void **state)
{
    uint8_t frame[PUNCH_PROBE_SIZE];
    struct punch_probe out;
    uint64_t id = 0;

    (void)state;
    punch_probe_encode(&probe, key, frame);
    fixture_assert_hex(frame, 24, "850100000000000011121314151617182122232425262728");
    assert_true(sodium_is_zero(frame + 24, 24));
    assert_int_equal(punch_probe_decode(&out, key, PUNCH_PROBE_SIDE_DIAL, frame, sizeof(frame)),
                     ERR_OK);
    assert_probe(&out, &probe);
    assert_true(punch_probe_id(frame, sizeof(frame), &id));
    assert_int_equal(id, probe.punch_id);

    punch_probe_encode(&answer, key, frame);
    fixture_assert_hex(frame, 48,
                       "858000000000000011121314151617182122232425262728"
                       "00000000000000000000ffffc63364079c40000000000000");
    assert_int_equal(punch_probe_decode(&out, key, PUNCH_PROBE_SIDE_LISTEN, frame, sizeof(frame)),
                     ERR_OK);
    assert_probe(&out, &answer);
}

static void refuse(const uint8_t *with_key, enum punch_probe_side own, const uint8_t *frame,
                   size_t size)
{
    struct punch_probe out, before;
    uint8_t *copy = fixture_copy(frame, size);

    memset(&out, 0x55, sizeof(out));
    before = out;
    assert_int_equal(punch_probe_decode(&out, with_key, own, copy, size), ERR_DROP);
    assert_memory_equal(&out, &before, sizeof(before));
    free(copy);
}

static void damaged_frames_are_refused(void **state)
{
    uint8_t frame[PUNCH_PROBE_SIZE + 1] = {0};
    uint64_t id;

    (void)state;
    punch_probe_encode(&answer, key, frame);
    for (size_t size = 0; size < PUNCH_PROBE_SIZE; size++) {
        uint8_t *copy = fixture_copy(frame, size);

        refuse(key, PUNCH_PROBE_SIDE_LISTEN, frame, size);
        assert_false(punch_probe_id(copy, size, &id));
        free(copy);
    }
    refuse(key, PUNCH_PROBE_SIDE_LISTEN, frame, PUNCH_PROBE_SIZE + 1);
    for (size_t i = 0; i < PUNCH_PROBE_SIZE; i++) {
        frame[i] ^= 0x01;
        refuse(key, PUNCH_PROBE_SIDE_LISTEN, frame, PUNCH_PROBE_SIZE);
        assert_int_equal(punch_probe_id(frame, PUNCH_PROBE_SIZE, &id), i != 0);
        frame[i] ^= 0x01;
    }
}

static void another_key_or_our_own_side_is_refused(void **state)
{
    uint8_t frame[PUNCH_PROBE_SIZE];
    uint8_t other[PUNCH_PROBE_KEY_SIZE];

    (void)state;
    memcpy(other, key, sizeof(other));
    other[31] ^= 1;
    punch_probe_encode(&probe, key, frame);
    refuse(other, PUNCH_PROBE_SIDE_DIAL, frame, sizeof(frame));
    refuse(key, PUNCH_PROBE_SIDE_LISTEN, frame, sizeof(frame));
    punch_probe_encode(&answer, key, frame);
    refuse(key, PUNCH_PROBE_SIDE_DIAL, frame, sizeof(frame));
}

/* Frames whose mac is right, but which no honest peer sends. */
static void contents_against_the_rules_are_refused(void **state)
{
    static const struct {
        const char *name;
        bool answer;
        size_t at;
        uint8_t value;
    } cases[] = {
        {"type", false, 0, 0x84},
        {"unknown side", false, 1, 0x02},
        {"unknown bit of side", false, 1, 0x41},
        {"first reserved byte", false, 2, 1},
        {"last reserved byte", false, 7, 1},
        {"address in a probe", false, 24, 1},
        {"port in a probe", false, 41, 1},
        {"reserved behind the port", true, 42, 1},
        {"reserved before the mac", true, 47, 1},
    };
    uint8_t frame[PUNCH_PROBE_SIZE];

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        punch_probe_encode(cases[i].answer ? &answer : &probe, key, frame);
        frame[cases[i].at] = cases[i].value;
        mac_label(frame + 48, key, sizeof(key), "", frame, 48);
        print_message("%s\n", cases[i].name);
        refuse(key, cases[i].answer ? PUNCH_PROBE_SIDE_LISTEN : PUNCH_PROBE_SIDE_DIAL, frame,
               sizeof(frame));
    }
}

static void an_answer_without_address_or_port_is_refused(void **state)
{
    uint8_t frame[PUNCH_PROBE_SIZE];
    struct punch_probe empty = answer;

    (void)state;
    empty.observed.port = 0;
    punch_probe_encode(&empty, key, frame);
    refuse(key, PUNCH_PROBE_SIDE_LISTEN, frame, sizeof(frame));
    empty = answer;
    memset(empty.observed.ip, 0, 16);
    punch_probe_encode(&empty, key, frame);
    refuse(key, PUNCH_PROBE_SIDE_LISTEN, frame, sizeof(frame));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probe_and_answer_go_there_and_back_at_the_same_size),
        cmocka_unit_test(damaged_frames_are_refused),
        cmocka_unit_test(another_key_or_our_own_side_is_refused),
        cmocka_unit_test(contents_against_the_rules_are_refused),
        cmocka_unit_test(an_answer_without_address_or_port_is_refused),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
