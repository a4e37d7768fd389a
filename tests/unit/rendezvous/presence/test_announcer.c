/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a relay announces, to whom, and when. */
#include "rendezvous/presence/announcer.h"

#include "tests/support/env.h"
#include "tests/support/fixture.h"

#include <string.h>

enum { RELAYS = 20, FEW = 14, FEWER = 15 }; /* of 20, 15 are three quarters */

#define HOUR_MS (3600 * 1000)
#define DAY_MS (UINT64_C(24) * HOUR_MS)

struct fixture {
    struct test_env ports;
    struct hrw *hrw;
    struct unreached *unreached;
    struct announcer *announcer;
    struct mono now;
    uint64_t wall_ms;
    uint8_t own_key[KEY_SIZE];
    uint32_t sources_told, relays;
};

/* Relay number n, in a /24 of its own; the own one is number 0. */
static bool relay_next(void *context, struct hrw_relay *out)
{
    struct fixture *f = context;
    uint8_t n = (uint8_t)f->sources_told;
    const uint8_t ip[4] = {11, 0, n, 1};

    if (f->sources_told == f->relays) {
        return false;
    }
    f->sources_told++;
    *out = (struct hrw_relay){.address = endpoint_v4(ip, 4433),
                              .known_since_ms = TEST_WALL_MS - 10 * DAY_MS};
    memset(out->key, n, KEY_SIZE);
    return true;
}

static void know(struct fixture *f, uint32_t relays)
{
    struct hrw_source source = {.context = f, .next = relay_next};

    f->relays = relays;
    f->sources_told = 0;
    assert_int_equal(hrw_fill(f->hrw, &source, f->wall_ms), ERR_OK);
}

static void start(struct fixture *f, uint32_t count_max)
{
    test_env_init(&f->ports, 8);
    f->now = (struct mono){NS_PER_S};
    f->wall_ms = TEST_WALL_MS + 12 * HOUR_MS;
    memset(f->own_key, 0, KEY_SIZE);
    assert_int_equal(hrw_new(&f->hrw, hrw_score, &f->ports.env), ERR_OK);
    know(f, RELAYS);
    assert_int_equal(unreached_new(&f->unreached, &f->ports.env), ERR_OK);
    assert_int_equal(announcer_new(&f->announcer, f->own_key, count_max, &f->ports.env, f->now),
                     ERR_OK);
}

static void stop(struct fixture *f)
{
    announcer_free(f->announcer);
    hrw_free(f->hrw);
    unreached_free(f->unreached);
}

static struct presence_record record_of(const struct fixture *f, uint32_t key, uint64_t sequence)
{
    struct presence_record record = {.sequence = sequence,
                                     .created_ms = f->wall_ms,
                                     .expires_ms = f->wall_ms + HOUR_MS,
                                     .lifetime_s = HOUR_MS / 1000};

    memcpy(record.key, &key, sizeof(key));
    return record;
}

static int put(struct fixture *f, uint32_t key, uint64_t sequence)
{
    struct presence_record record = record_of(f, key, sequence);

    return announcer_put(f->announcer, &record, f->now);
}

static bool next(struct fixture *f, struct announcement *out)
{
    return announcer_next(f->announcer, f->hrw, f->unreached, f->wall_ms, f->now, out);
}

static void pass(struct fixture *f, uint64_t ms)
{
    f->now = mono_add_ms(f->now, ms);
    f->wall_ms += ms;
}

static void a_new_record_is_told_to_the_winners_at_once_and_again_in_ten_minutes(void **state)
{
    struct announcement out;
    uint8_t keepers[HRW_KEEPERS][KEY_SIZE];
    struct fixture f;

    (void)state;
    start(&f, 10);
    assert_true(announcer_deadline(f.announcer).ns == MONO_NEVER.ns);
    assert_int_equal(put(&f, 1, 5), ERR_OK);
    assert_true(mono_due(announcer_deadline(f.announcer), f.now));
    assert_true(next(&f, &out));
    assert_int_equal(out.record.sequence, 5);
    (void)hrw_winners(f.hrw, hrw_day(f.wall_ms), out.record.key, keepers, HRW_KEEPERS);
    assert_int_equal(out.count, HRW_KEEPERS);
    assert_memory_equal(out.keepers, keepers, sizeof(keepers));
    assert_false(next(&f, &out));
    pass(&f, 9 * 60 * 1000 - 1);
    assert_false(next(&f, &out));
    pass(&f, 60 * 1000 + 1);
    assert_true(next(&f, &out));
    assert_false(next(&f, &out));
    stop(&f);
    announcer_free(NULL);
}

static void a_newer_record_is_told_at_once_and_an_older_one_never(void **state)
{
    struct announcement out;
    struct fixture f;

    (void)state;
    start(&f, 10);
    assert_int_equal(put(&f, 1, 5), ERR_OK);
    assert_true(next(&f, &out));
    assert_int_equal(put(&f, 1, 5), ERR_OK);
    assert_int_equal(put(&f, 1, 4), ERR_OK);
    assert_false(next(&f, &out));
    assert_int_equal(put(&f, 1, 6), ERR_OK);
    assert_true(next(&f, &out));
    assert_int_equal(out.record.sequence, 6);
    assert_int_equal(announcer_count(f.announcer), 1);
    stop(&f);
}

static void the_own_relay_is_not_told(void **state)
{
    struct announcement out;
    struct fixture f;
    uint32_t with_own = 0;

    (void)state;
    start(&f, 100);
    for (uint32_t key = 0; key < 100; key++) {
        uint8_t keepers[HRW_KEEPERS][KEY_SIZE];
        bool own = false;
        assert_int_equal(put(&f, key, 1), ERR_OK);
        pass(&f, 20);
        assert_true(next(&f, &out));
        (void)hrw_winners(f.hrw, hrw_day(f.wall_ms), out.record.key, keepers, HRW_KEEPERS);
        for (size_t i = 0; i < HRW_KEEPERS; i++) {
            own = own || memcmp(keepers[i], f.own_key, KEY_SIZE) == 0;
        }
        for (size_t i = 0; i < out.count; i++) {
            assert_memory_not_equal(out.keepers[i], f.own_key, KEY_SIZE);
        }
        assert_int_equal(out.count, own ? HRW_KEEPERS - 1 : HRW_KEEPERS);
        with_own += own ? 1 : 0;
    }
    assert_in_range(with_own, 5, 40);
    stop(&f);
}

static void who_left_or_is_over_is_told_no_more(void **state)
{
    struct announcement out;
    struct fixture f;

    (void)state;
    start(&f, 10);
    assert_int_equal(put(&f, 1, 5), ERR_OK);
    assert_int_equal(put(&f, 2, 5), ERR_OK);
    assert_non_null(announcer_find(f.announcer, record_of(&f, 1, 5).key));
    announcer_remove(f.announcer, record_of(&f, 1, 5).key);
    announcer_remove(f.announcer, record_of(&f, 1, 5).key);
    assert_null(announcer_find(f.announcer, record_of(&f, 1, 5).key));
    assert_true(next(&f, &out));
    assert_int_equal(out.record.key[0], 2);
    pass(&f, HOUR_MS); /* not renewed: it is over */
    assert_false(next(&f, &out));
    assert_int_equal(announcer_count(f.announcer), 0);
    assert_true(announcer_deadline(f.announcer).ns == MONO_NEVER.ns);
    stop(&f);
}

static void what_could_not_be_told_is_told_again_soon(void **state)
{
    struct announcement out;
    struct fixture f;

    (void)state;
    start(&f, 10);
    assert_int_equal(put(&f, 1, 5), ERR_OK);
    assert_true(next(&f, &out));
    announcer_retry(f.announcer, out.record.key, f.now);
    pass(&f, ANNOUNCE_RETRY_MS - 1);
    assert_false(next(&f, &out));
    pass(&f, 1);
    assert_true(next(&f, &out));
    stop(&f);
}

static void in_place_of_a_keeper_that_cannot_be_reached_the_next_one_is_told_at_once(void **state)
{
    uint8_t ranks[HRW_RANKS_MAX][KEY_SIZE];
    struct announcement out;
    struct fixture f;

    (void)state;
    start(&f, 10);
    assert_int_equal(put(&f, 2, 5), ERR_OK);
    assert_true(next(&f, &out));
    (void)hrw_winners(f.hrw, hrw_day(f.wall_ms), out.record.key, ranks, HRW_RANKS_MAX);
    unreached_put(f.unreached, ranks[9], f.now); /* nobody that is told */
    announcer_unreached(f.announcer, ranks[9], f.now);
    assert_false(next(&f, &out));
    unreached_put(f.unreached, ranks[1], f.now);
    announcer_unreached(f.announcer, ranks[1], f.now);
    pass(&f, 20);
    assert_true(next(&f, &out));
    assert_int_equal(out.count, HRW_KEEPERS);
    assert_memory_equal(out.keepers[0], ranks[0], KEY_SIZE);
    assert_memory_equal(out.keepers[1], ranks[2], 3 * (size_t)KEY_SIZE);
    assert_false(next(&f, &out));
    announcer_unreached(f.announcer, ranks[1], f.now); /* it was not told any more */
    assert_false(next(&f, &out));
    unreached_remove(f.unreached, ranks[1]);
    pass(&f, ANNOUNCE_EVERY_MS);
    assert_true(next(&f, &out)); /* it is there again */
    assert_memory_equal(out.keepers, ranks, HRW_KEEPERS * (size_t)KEY_SIZE);
    stop(&f);
}

static void what_was_told_when_far_fewer_or_more_relays_were_known_is_told_at_once(void **state)
{
    static const struct {
        uint32_t before, after;
        bool again;
    } cases[] = {
        {FEW, RELAYS, true},    {RELAYS, FEW, true},     {FEWER, RELAYS, false},
        {RELAYS, FEWER, false}, {RELAYS, RELAYS, false}, {1, 2, true},
    };
    struct announcement out;
    struct fixture f;

    (void)state;
    start(&f, 10);
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        know(&f, cases[i].before);
        assert_int_equal(put(&f, (uint32_t)i, 5), ERR_OK);
        assert_true(next(&f, &out));
        assert_false(next(&f, &out));
        know(&f, cases[i].after);
        announcer_on_seats(f.announcer, hrw_seat_count(f.hrw), f.now);
        assert_int_equal(next(&f, &out), cases[i].again);
        announcer_on_seats(f.announcer, hrw_seat_count(f.hrw), f.now);
        assert_false(next(&f, &out)); /* once */
        announcer_remove(f.announcer, out.record.key);
        announcer_on_seats(f.announcer, 0, f.now);
    }
    stop(&f);
}

static void winners_of_tomorrow_are_told_before_midnight(void **state)
{
    struct announcement out;
    uint8_t tomorrow[HRW_WINNERS][KEY_SIZE];
    struct fixture f;
    size_t told = 0;

    (void)state;
    start(&f, 10);
    f.wall_ms = TEST_WALL_MS + DAY_MS - 20 * 60 * 1000;
    assert_int_equal(put(&f, 1, 5), ERR_OK);
    assert_true(next(&f, &out));
    assert_int_equal(out.count, HRW_KEEPERS);
    (void)hrw_winners(f.hrw, hrw_day(f.wall_ms) + 1, out.record.key, tomorrow, HRW_WINNERS);
    while (f.wall_ms < TEST_WALL_MS + DAY_MS - 4 * 60 * 1000) {
        pass(&f, 1000);
        if (!next(&f, &out)) {
            continue;
        }
        told = 0;
        for (size_t i = 0; i < HRW_WINNERS; i++) {
            for (size_t j = 0; j < out.count; j++) {
                told += memcmp(tomorrow[i], out.keepers[j], KEY_SIZE) == 0 ? 1 : 0;
            }
        }
    }
    assert_int_equal(told, 3); /* more than 4 minutes before midnight */
    stop(&f);
}

static void a_crowd_of_hosts_is_announced_at_a_bounded_rate(void **state)
{
    struct announcement out;
    struct fixture f;
    uint32_t told = 0;

    (void)state;
    start(&f, 1000);
    for (uint32_t key = 0; key < 1000; key++) {
        assert_int_equal(put(&f, key, 1), ERR_OK);
    }
    assert_int_equal(put(&f, 5000, 1), ERR_LIMIT);
    while (next(&f, &out)) {
        told++;
    }
    assert_int_equal(told, ANNOUNCE_BURST);
    assert_false(mono_due(announcer_deadline(f.announcer), f.now)); /* no busy loop */
    for (int i = 0; i < 50; i++) {
        pass(&f, 20);
        while (next(&f, &out)) {
            told++;
        }
    }
    assert_int_equal(told, ANNOUNCE_BURST + ANNOUNCE_PER_S);
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_record_is_told_to_the_winners_at_once_and_again_in_ten_minutes),
        cmocka_unit_test(a_newer_record_is_told_at_once_and_an_older_one_never),
        cmocka_unit_test(the_own_relay_is_not_told),
        cmocka_unit_test(who_left_or_is_over_is_told_no_more),
        cmocka_unit_test(what_could_not_be_told_is_told_again_soon),
        cmocka_unit_test(in_place_of_a_keeper_that_cannot_be_reached_the_next_one_is_told_at_once),
        cmocka_unit_test(what_was_told_when_far_fewer_or_more_relays_were_known_is_told_at_once),
        cmocka_unit_test(winners_of_tomorrow_are_told_before_midnight),
        cmocka_unit_test(a_crowd_of_hosts_is_announced_at_a_bounded_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
