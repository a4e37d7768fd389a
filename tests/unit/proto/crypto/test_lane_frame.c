/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames of lanes (proto/crypto/lane_frame.h). */
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#include "proto/crypto/lane_frame.h"

static const uint8_t secret[LANE_SECRET_SIZE] = "the secret of an end of a lane.";

static const struct lane_message message = {
    .label = 0x1112131415161718,
    .nonce = 0x2122232425262728,
    .cookie = "fifteen letters",
};

static void the_three_messages_go_there_and_back(void **state)
{
    uint8_t bind[LANE_BIND_SIZE], challenge[LANE_CHALLENGE_SIZE], bound[LANE_BOUND_SIZE];
    struct lane_message out;

    (void)state;
    lane_bind_encode(bind, &message, secret);
    fixture_assert_hex(bind, 24, "910000000000000011121314151617182122232425262728");
    assert_memory_equal(bind + 24, message.cookie, LANE_COOKIE_SIZE);
    assert_int_equal(lane_bind_decode(&out, bind, sizeof(bind)), ERR_OK);
    assert_memory_equal(&out, &message, sizeof(out));
    assert_true(lane_mac_ok(bind, sizeof(bind), secret));

    lane_challenge_encode(challenge, &message);
    fixture_assert_hex(challenge, 24, "920000000000000011121314151617182122232425262728");
    assert_int_equal(lane_challenge_decode(&out, challenge, sizeof(challenge)), ERR_OK);
    assert_memory_equal(&out, &message, sizeof(out));

    lane_bound_encode(bound, &message, secret);
    fixture_assert_hex(bound, 24, "930000000000000011121314151617182122232425262728");
    assert_int_equal(lane_bound_decode(&out, bound, sizeof(bound)), ERR_OK);
    assert_int_equal(out.label, message.label);
    assert_int_equal(out.nonce, message.nonce);
    assert_true(lane_mac_ok(bound, sizeof(bound), secret));
}

static int decode_any(struct lane_message *out, const uint8_t *data, size_t size)
{
    if (lane_bind_decode(out, data, size) == ERR_OK ||
        lane_challenge_decode(out, data, size) == ERR_OK ||
        lane_bound_decode(out, data, size) == ERR_OK) {
        return ERR_OK;
    }
    return ERR_DROP;
}

static void refuse(const uint8_t *data, size_t size)
{
    struct lane_message out, before;
    uint8_t *copy = fixture_copy(data, size);

    memset(&out, 0x55, sizeof(out));
    before = out;
    assert_int_equal(decode_any(&out, copy, size), ERR_DROP);
    assert_memory_equal(&out, &before, sizeof(before));
    free(copy);
}

static void messages_that_are_cut_or_longer_are_refused(void **state)
{
    uint8_t bytes[LANE_BIND_SIZE + 1] = {0};

    (void)state;
    lane_bind_encode(bytes, &message, secret);
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        if (size != LANE_BIND_SIZE) {
            refuse(bytes, size);
        }
    }
    lane_challenge_encode(bytes, &message);
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        if (size != LANE_CHALLENGE_SIZE) {
            refuse(bytes, size);
        }
    }
    lane_bound_encode(bytes, &message, secret);
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        if (size != LANE_BOUND_SIZE) {
            refuse(bytes, size);
        }
    }
}

static void reserved_bytes_are_zero(void **state)
{
    uint8_t bind[LANE_BIND_SIZE];

    (void)state;
    lane_bind_encode(bind, &message, secret);
    for (size_t i = 1; i < LANE_LABEL_AT; i++) {
        bind[i] = 1;
        refuse(bind, sizeof(bind));
        bind[i] = 0;
    }
}

static void no_byte_may_be_another_one_and_no_secret(void **state)
{
    uint8_t bind[LANE_BIND_SIZE], bound[LANE_BOUND_SIZE], other[LANE_SECRET_SIZE];

    (void)state;
    memcpy(other, secret, sizeof(other));
    other[0] ^= 1;
    lane_bind_encode(bind, &message, secret);
    assert_false(lane_mac_ok(bind, sizeof(bind), other));
    for (size_t i = 0; i < sizeof(bind); i++) {
        bind[i] ^= 1;
        assert_false(lane_mac_ok(bind, sizeof(bind), secret));
        bind[i] ^= 1;
    }
    lane_bound_encode(bound, &message, secret);
    for (size_t i = 0; i < sizeof(bound); i++) {
        bound[i] ^= 1;
        assert_false(lane_mac_ok(bound, sizeof(bound), secret));
        bound[i] ^= 1;
    }
}

static void data_is_a_header_and_a_sealed_frame(void **state)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t value;
        size_t size;
        int want;
    } cases[] = {
        {"the smallest", 0, 0x90, LANE_DATA_SIZE_MIN, ERR_OK},
        {"the largest", 0, 0x90, LANE_DATA_SIZE_MAX, ERR_OK},
        {"a ping", LANE_HEADER_SIZE, 0x84, LANE_DATA_SIZE_MIN, ERR_OK},
        {"too small", 0, 0x90, LANE_DATA_SIZE_MIN - 1, ERR_DROP},
        {"empty", 0, 0x90, 0, ERR_DROP},
        {"too large", 0, 0x90, LANE_DATA_SIZE_MAX + 1, ERR_DROP},
        {"another type", 0, 0x91, LANE_DATA_SIZE_MIN, ERR_DROP},
        {"first reserved byte", 1, 1, LANE_DATA_SIZE_MIN, ERR_DROP},
        {"last reserved byte", 7, 1, LANE_DATA_SIZE_MIN, ERR_DROP},
        {"a handshake", LANE_HEADER_SIZE, 0x80, LANE_DATA_SIZE_MIN, ERR_DROP},
        {"a lane in a lane", LANE_HEADER_SIZE, 0x90, LANE_DATA_SIZE_MIN, ERR_DROP},
    };
    static uint8_t bytes[LANE_DATA_SIZE_MAX + 1];

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        uint64_t label = 7;

        lane_header_write(bytes, message.label);
        bytes[LANE_HEADER_SIZE] = FRAME_TYPE_DATA;
        bytes[cases[i].at] = cases[i].value;
        uint8_t *copy = fixture_copy(bytes, cases[i].size);
        print_message("%s\n", cases[i].name);
        assert_int_equal(lane_data_decode(&label, copy, cases[i].size), cases[i].want);
        assert_true(label == (cases[i].want == ERR_OK ? message.label : 7));
        free(copy);
    }
}

static void no_answer_is_larger_than_what_it_answers(void **state)
{
    (void)state;
    assert_true(LANE_CHALLENGE_SIZE <= LANE_BIND_SIZE);
    assert_true(LANE_CHALLENGE_SIZE <= LANE_DATA_SIZE_MIN);
    assert_true(LANE_BOUND_SIZE <= LANE_BIND_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_three_messages_go_there_and_back),
        cmocka_unit_test(messages_that_are_cut_or_longer_are_refused),
        cmocka_unit_test(reserved_bytes_are_zero),
        cmocka_unit_test(no_byte_may_be_another_one_and_no_secret),
        cmocka_unit_test(data_is_a_header_and_a_sealed_frame),
        cmocka_unit_test(no_answer_is_larger_than_what_it_answers),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
