/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames from relay to relay (proto/wire/relayed.h). */
#include "tests/support/fixture.h"

#include "proto/base/bytes.h"
#include "proto/wire/relayed.h"

enum { KEYS = 10, FRAME = 40 };

struct sample {
    uint8_t keys[KEYS][KEY_SIZE]; /* all different */
    uint8_t attachment[RECORD_SIGNED_SIZE_MIN];
    uint8_t frame[FRAME];
    struct relayed relayed;
};

/* One that passed `passed` relays and shall pass `via` more. */
static void sample_make(struct sample *s, size_t passed, size_t via)
{
    *s = (struct sample){0};
    for (uint8_t i = 0; i < KEYS; i++) {
        memset(s->keys[i], i + 1, KEY_SIZE);
    }
    s->frame[0] = FRAME_TYPE_DATA;
    s->relayed = (struct relayed){
        .hops = 3,
        .dst = s->keys[0],
        .src = s->keys[1],
        .passed = s->keys[2],
        .passed_count = passed,
        .via = s->keys[2 + passed],
        .via_count = via,
        .frame = s->frame,
        .frame_size = FRAME,
    };
}

/* The datagram of a sample; returns its size. */
static size_t sample_encode(const struct sample *s, uint8_t *out)
{
    size_t size = 0;

    assert_int_equal(relayed_head_encode(out, &size, &s->relayed), ERR_OK);
    memcpy(out + size, s->frame, FRAME);
    return size + FRAME;
}

static void what_is_encoded_is_decoded(void **state)
{
    struct sample s;
    uint8_t raw[RELAYED_HEAD_SIZE_MAX + FRAME];
    struct relayed back;

    (void)state;
    for (size_t passed = 1; passed <= RELAYED_PASSED_MAX; passed++) {
        for (size_t via = 0; via <= RELAYED_VIA_MAX; via++) {
            sample_make(&s, passed, via);
            if (via == 1) {
                s.relayed.attachment = s.attachment;
                s.relayed.attachment_size = sizeof(s.attachment);
            }
            size_t size = sample_encode(&s, raw);

            assert_int_equal(relayed_decode(&back, raw, size), ERR_OK);
            assert_int_equal(back.hops, 3);
            assert_int_equal(back.passed_count, passed);
            assert_int_equal(back.via_count, via);
            assert_int_equal(back.attachment_size, s.relayed.attachment_size);
            assert_int_equal(back.attachment == NULL, via != 1);
            assert_memory_equal(back.dst, s.keys[0], KEY_SIZE);
            assert_memory_equal(back.src, s.keys[1], KEY_SIZE);
            assert_memory_equal(back.passed, s.keys[2], passed * KEY_SIZE);
            assert_memory_equal(back.via, s.keys[2 + passed], via * KEY_SIZE);
            assert_int_equal(back.frame_size, FRAME);
            assert_memory_equal(back.frame, s.frame, FRAME);
        }
    }
}

static void no_relay_stands_in_it_twice(void **state)
{
    struct sample s;
    uint8_t head[RELAYED_HEAD_SIZE_MAX];
    size_t size = 0;

    (void)state;
    for (size_t i = 2; i < 8; i++) {
        for (size_t k = i + 1; k < 9; k++) {
            sample_make(&s, 4, 3);
            memcpy(s.keys[k], s.keys[i], KEY_SIZE);
            assert_int_equal(relayed_head_encode(head, &size, &s.relayed), ERR_DROP);
        }
    }
}

static void nobody_sends_to_itself(void **state)
{
    struct sample s;
    uint8_t head[RELAYED_HEAD_SIZE_MAX];
    size_t size = 0;

    (void)state;
    sample_make(&s, 1, 0);
    memcpy(s.keys[0], s.keys[1], KEY_SIZE);
    assert_int_equal(relayed_head_encode(head, &size, &s.relayed), ERR_DROP);
}

static void counts_and_hops_have_bounds(void **state)
{
    static const struct {
        size_t at; /* of the byte that is written */
        uint8_t value;
    } cases[] = {
        {0, SESSION_DGRAM_TO}, /* another kind */
        {1, 0x00},             /* no entry relay */
        {1, 0x50},             /* five passed */
        {1, 0x14},             /* four via */
        {1, 0xff},
        {2, RELAYED_HOPS_MAX + 1},
    };
    struct sample s;
    uint8_t raw[RELAYED_HEAD_SIZE_MAX + 8 * KEY_SIZE] = {0};
    struct relayed untouched = {.hops = 77};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sample_make(&s, 1, 0);
        size_t size = sample_encode(&s, raw);

        raw[cases[i].at] = cases[i].value;
        assert_int_equal(relayed_decode(&untouched, raw, size), ERR_DROP);
        assert_int_equal(untouched.hops, 77);
    }
}

static void a_frame_is_one_that_a_host_may_send(void **state)
{
    uint8_t frame[FRAME_SIZE_MAX + 1] = {FRAME_TYPE_DATA};

    (void)state;
    assert_true(relayed_frame_allowed(frame, RELAYED_FRAME_SIZE_MIN));
    assert_true(relayed_frame_allowed(frame, FRAME_SIZE_MAX));
    assert_false(relayed_frame_allowed(frame, 0));
    assert_false(relayed_frame_allowed(frame, RELAYED_FRAME_SIZE_MIN - 1));
    assert_false(relayed_frame_allowed(frame, FRAME_SIZE_MAX + 1));
    frame[0] = FRAME_HOST_FIRST - 1;
    assert_false(relayed_frame_allowed(frame, FRAME));
    frame[0] = FRAME_HOST_LAST + 1;
    assert_false(relayed_frame_allowed(frame, FRAME));
}

static void what_is_cut_is_refused(void **state)
{
    struct sample s;
    uint8_t raw[RELAYED_HEAD_SIZE_MAX + FRAME];
    struct relayed back;

    (void)state;
    sample_make(&s, 2, 1);
    s.relayed.attachment = s.attachment;
    s.relayed.attachment_size = sizeof(s.attachment);
    size_t size = sample_encode(&s, raw);

    for (size_t cut = 0; cut <= size - FRAME + RELAYED_FRAME_SIZE_MIN - 1; cut++) {
        assert_int_equal(relayed_decode(&back, raw, cut), ERR_DROP);
    }
}

static void a_relay_finds_itself_in_it(void **state)
{
    struct sample s;

    (void)state;
    sample_make(&s, 2, 2);
    for (size_t i = 0; i < KEYS; i++) {
        assert_int_equal(relayed_names(&s.relayed, s.keys[i]), i >= 2 && i < 6);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_is_decoded),
        cmocka_unit_test(no_relay_stands_in_it_twice),
        cmocka_unit_test(nobody_sends_to_itself),
        cmocka_unit_test(counts_and_hops_have_bounds),
        cmocka_unit_test(a_frame_is_one_that_a_host_may_send),
        cmocka_unit_test(what_is_cut_is_refused),
        cmocka_unit_test(a_relay_finds_itself_in_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
