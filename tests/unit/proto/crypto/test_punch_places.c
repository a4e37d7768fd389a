/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Own addresses that two tell each other by way of relays (proto/crypto/punch_places.h). */
#include "proto/crypto/punch_places.h"

#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#include <string.h>

static const uint8_t nonce[PUNCH_PLACES_NONCE_SIZE] = "a nonce that comes once";

static const struct punch_places places = {
    .side = PUNCH_PROBE_SIDE_LISTEN,
    .punch_id = 0x1112131415161718,
    .port = 40000,
    .ips = {{[10] = 0xff, 0xff, 192, 168, 1, 2}, {0x20, 0x01, 0x0d, 0xb8, [15] = 7}},
    .count = 2};

struct sent {
    struct identity from, to;
    uint8_t frame[PUNCH_PLACES_SIZE];
};

static void send_it(struct sent *s, const struct punch_places *what)
{
    s->from = fixture_identity('f');
    s->to = fixture_identity('t');
    assert_int_equal(punch_places_write(s->frame, what, &s->from, s->to.public_key, nonce), ERR_OK);
}

static int read_by(const struct sent *s, const struct identity *own, const struct identity *from,
                   struct punch_places *out)
{
    return punch_places_read(out, own, from->public_key, PUNCH_PROBE_SIDE_DIAL, s->frame,
                             sizeof(s->frame));
}

static void they_arrive_and_show_nothing_on_the_way(void **state)
{
    struct punch_places out;
    struct sent s;
    uint64_t id = 0;

    (void)state;
    send_it(&s, &places);
    fixture_assert_hex(s.frame, 16, "85010000000000001112131415161718");
    assert_true(punch_places_id(s.frame, sizeof(s.frame), &id));
    assert_int_equal(id, places.punch_id);
    assert_int_equal(read_by(&s, &s.to, &s.from, &out), ERR_OK);
    assert_int_equal(out.count, 2);
    assert_int_equal(out.port, 40000);
    assert_int_equal(out.side, PUNCH_PROBE_SIDE_LISTEN);
    assert_memory_equal(out.ips, places.ips, sizeof(out.ips));
    for (size_t i = 0; i + 4 <= sizeof(s.frame); i++) {
        assert_memory_not_equal(s.frame + i, places.ips[0] + 12, 4);
    }
}

static void who_has_none_any_more_says_that(void **state)
{
    struct punch_places none = {.port = 1, .side = PUNCH_PROBE_SIDE_LISTEN}, out;
    struct sent s;

    (void)state;
    send_it(&s, &none);
    assert_int_equal(read_by(&s, &s.to, &s.from, &out), ERR_OK);
    assert_int_equal(out.count, 0);
}

static void only_the_two_can_read_or_write_them(void **state)
{
    struct identity mallory = fixture_identity('m');
    struct punch_places out;
    struct sent s;

    (void)state;
    send_it(&s, &places);
    assert_int_equal(read_by(&s, &mallory, &s.from, &out), ERR_DROP);
    assert_int_equal(read_by(&s, &s.to, &mallory, &out), ERR_DROP);
    assert_int_equal(read_by(&s, &s.from, &s.to, &out), ERR_DROP); /* sent back */
    assert_int_equal(punch_places_read(&out, &s.to, s.from.public_key, PUNCH_PROBE_SIDE_LISTEN,
                                       s.frame, sizeof(s.frame)),
                     ERR_DROP);
}

static void no_byte_may_be_another_one(void **state)
{
    struct punch_places out;
    struct sent s;

    (void)state;
    send_it(&s, &places);
    for (size_t i = 0; i < sizeof(s.frame); i++) {
        s.frame[i] ^= 0x20;
        assert_int_equal(read_by(&s, &s.to, &s.from, &out), ERR_DROP);
        s.frame[i] ^= 0x20;
    }
    for (size_t size = 0; size < sizeof(s.frame); size++) {
        assert_int_equal(
            punch_places_read(&out, &s.to, s.from.public_key, PUNCH_PROBE_SIDE_DIAL, s.frame, size),
            ERR_DROP);
    }
}

static void a_key_that_nobody_can_have_gets_none(void **state)
{
    static const uint8_t nobody[KEY_SIZE] = {1};
    struct sent s;

    (void)state;
    send_it(&s, &places);
    assert_int_equal(punch_places_write(s.frame, &places, &s.from, nobody, nonce), ERR_DROP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_arrive_and_show_nothing_on_the_way),
        cmocka_unit_test(who_has_none_any_more_says_that),
        cmocka_unit_test(only_the_two_can_read_or_write_them),
        cmocka_unit_test(no_byte_may_be_another_one),
        cmocka_unit_test(a_key_that_nobody_can_have_gets_none),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
