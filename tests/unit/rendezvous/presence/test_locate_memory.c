/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What look-ups remember, and how many there are at once. */
#include "tests/support/lookup.h"

#include "rendezvous/presence/locate_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* ---- what is remembered ---- */

static void equal_look_ups_are_one(void **state)
{
    struct locate_output out;
    struct lookup f;

    (void)state;
    lookup_start(&f);
    struct part part = lookup_attached(&f, f.home, 4);
    assert_int_equal(lookup_want(&f, 1), LOCATE_WAITS);
    uint32_t id = lookup_questions(&f);
    for (uint64_t who = 2; who <= LOCATE_WAITERS_MAX; who++) {
        assert_int_equal(lookup_want(&f, who), LOCATE_WAITS);
    }
    assert_int_equal(lookup_want(&f, 99), LOCATE_BUSY);
    assert_false(locate_output(f.locate, &out)); /* nobody is asked again */
    lookup_answer_all(&f, id, &part);
    uint32_t told = 0;
    while (locate_output(f.locate, &out)) {
        assert_int_equal(out.type, LOCATE_OUTPUT_DONE);
        assert_int_equal(out.located.count, 1);
        told |= 1U << out.waiter.who;
    }
    assert_int_equal(told, 0x1fffe);
    assert_int_equal(lookup_stats(&f)->started, 1);
    locate_free(f.locate);
}

static void answers_are_remembered_for_a_minute_and_absence_for_five_seconds(void **state)
{
    struct located found;
    struct lookup f;

    (void)state;
    lookup_start(&f);
    struct part part = lookup_attached(&f, f.home, 4);
    assert_int_equal(lookup_want(&f, 1), LOCATE_WAITS);
    uint32_t id = lookup_questions(&f);
    lookup_answer_all(&f, id, NULL);
    (void)lookup_done(&f, 1);
    lookup_pass(&f, LOCATE_ABSENT_MS - 1);
    assert_int_equal(lookup_want_key(&f, f.host.public_key, 2, &found), LOCATE_KNOWN);
    assert_int_equal(found.count, 0);
    lookup_pass(&f, 1);
    assert_int_equal(lookup_want(&f, 3), LOCATE_WAITS);
    id = lookup_questions(&f);
    lookup_answer_all(&f, id, &part);
    (void)lookup_done(&f, 3);
    lookup_pass(&f, LOCATE_PRESENT_MS - 1);
    assert_int_equal(lookup_want_key(&f, f.host.public_key, 4, &found), LOCATE_KNOWN);
    assert_int_equal(found.count, 1);
    lookup_pass(&f, 1);
    assert_int_equal(lookup_want(&f, 5), LOCATE_WAITS);
    id = lookup_questions(&f);
    lookup_pass(&f, LOCATE_ASK_MS); /* nobody answers: try again soon */
    (void)lookup_done(&f, 5);
    lookup_pass(&f, LOCATE_SILENT_MS);
    assert_int_equal(lookup_want(&f, 6), LOCATE_WAITS);
    assert_int_equal(lookup_stats(&f)->silent, 1);
    locate_free(f.locate);
}

static void an_answer_that_is_over_is_not_remembered(void **state)
{
    struct located found;
    struct lookup f;

    (void)state;
    lookup_start(&f);
    struct part part =
        attachment_of(f.wall_ms - LOOKUP_HOUR_MS + 30000, &f.host, f.home, 4, LOOKUP_HOUR_MS);
    assert_int_equal(lookup_want(&f, 1), LOCATE_WAITS);
    uint32_t id = lookup_questions(&f);
    lookup_answer_all(&f, id, &part);
    assert_int_equal(lookup_done(&f, 1).count, 1);
    lookup_pass(&f, 29000);
    assert_int_equal(lookup_want_key(&f, f.host.public_key, 2, &found), LOCATE_KNOWN);
    lookup_pass(&f, 1000);
    assert_int_equal(lookup_want(&f, 3), LOCATE_WAITS);
    locate_free(f.locate);
}

static void a_relay_that_says_no_is_no_answer_for_five_seconds(void **state)
{
    struct located found;
    struct lookup f;

    (void)state;
    lookup_start(&f);
    struct part home = lookup_attached(&f, f.home, 4), other = lookup_attached(&f, f.other, 3);
    assert_int_equal(lookup_want(&f, 1), LOCATE_WAITS);
    uint32_t id = lookup_questions(&f);
    lookup_answer(&f, 0, id, &home);
    lookup_answer(&f, 1, id, &other);
    lookup_answer(&f, 2, id, NULL);
    assert_int_equal(lookup_done(&f, 1).count, 2);
    locate_forget(f.locate, f.host.public_key, f.home, f.now);
    assert_int_equal(lookup_want_key(&f, f.host.public_key, 2, &found), LOCATE_KNOWN);
    assert_int_equal(found.count, 1);
    assert_memory_equal(found.records[0].relay, f.other, KEY_SIZE);
    locate_forget(f.locate, f.host.public_key, f.other, f.now);
    assert_int_equal(lookup_want(&f, 3),
                     LOCATE_WAITS); /* the winners are asked again, and know no more */
    id = lookup_questions(&f);
    lookup_answer(&f, 0, id, &home);
    lookup_answer(&f, 1, id, &other);
    lookup_answer(&f, 2, id, &home);
    assert_int_equal(lookup_done(&f, 3).count, 0);
    assert_int_equal(lookup_want_key(&f, f.host.public_key, 4, &found), LOCATE_KNOWN);
    assert_int_equal(found.count, 0);
    lookup_pass(&f, LOCATE_ABSENT_MS);
    assert_int_equal(lookup_want(&f, 5), LOCATE_WAITS); /* then it may be there again */
    id = lookup_questions(&f);
    lookup_answer_all(&f, id, &home);
    assert_int_equal(lookup_done(&f, 5).count, 1);
    locate_free(f.locate);
}

static void a_host_that_moved_is_found_at_once_when_its_old_relay_says_no(void **state)
{
    struct lookup f;

    (void)state;
    lookup_start(&f);
    struct part old = lookup_attached(&f, f.home, 4), new = lookup_attached(&f, f.other, 5);
    struct part back = lookup_attached(&f, f.home, 6);
    assert_int_equal(lookup_want(&f, 1), LOCATE_WAITS);
    uint32_t id = lookup_questions(&f);
    lookup_answer_all(&f, id, &old);
    assert_int_equal(lookup_done(&f, 1).count, 1);
    locate_forget(f.locate, f.host.public_key, f.home, f.now);
    assert_int_equal(lookup_want(&f, 2), LOCATE_WAITS);
    id = lookup_questions(&f);
    lookup_answer(&f, 0, id, &old);
    lookup_answer(&f, 1, id, &new);
    lookup_answer(&f, 2, id, &old);
    struct located located = lookup_done(&f, 2);
    assert_int_equal(located.count, 1);
    assert_memory_equal(located.records[0].relay, f.other, KEY_SIZE);
    /* And back: a newer record counts in spite of the denial. */
    locate_forget(f.locate, f.host.public_key, f.other, f.now);
    assert_int_equal(lookup_want(&f, 3), LOCATE_WAITS);
    id = lookup_questions(&f);
    lookup_answer_all(&f, id, &back);
    located = lookup_done(&f, 3);
    assert_int_equal(located.count, 1);
    assert_memory_equal(located.records[0].relay, f.home, KEY_SIZE);
    locate_free(f.locate);
}

/* ---- bounds ---- */

static void so_many_look_ups_at_once_and_no_more(void **state)
{
    struct located found;
    struct lookup f;
    struct locate_output out;
    uint8_t key[KEY_SIZE] = {0};

    (void)state;
    lookup_start(&f);
    for (uint32_t i = 0; i < LOCATE_COUNT_MAX; i++) {
        memcpy(key, &i, sizeof(i));
        assert_int_equal(lookup_want_key(&f, key, i, &found), LOCATE_WAITS);
    }
    memset(key, 0xff, sizeof(key));
    assert_int_equal(lookup_want_key(&f, key, 1, &found), LOCATE_BUSY);
    assert_int_equal(lookup_stats(&f)->running, LOCATE_COUNT_MAX);
    lookup_pass(&f, LOCATE_ASK_MS);
    for (uint32_t i = 0; i < LOCATE_COUNT_MAX; i++) {
        assert_true(locate_output(f.locate, &out));
        assert_int_equal(out.type, LOCATE_OUTPUT_DONE);
    }
    assert_int_equal(lookup_stats(&f)->running, 0);
    assert_int_equal(lookup_want_key(&f, key, 1, &found), LOCATE_WAITS);
    locate_free(f.locate);
}

static void the_memory_of_answers_has_a_bound_and_the_oldest_goes(void **state)
{
    struct test_env ports;
    struct locate_cache *cache;
    struct located found = {0};
    uint8_t key[KEY_SIZE] = {0};
    struct mono until = {10 * NS_PER_S};

    (void)state;
    test_env_init(&ports, 1);
    assert_int_equal(locate_cache_new(&cache, &ports.env), ERR_OK);
    for (uint32_t i = 0; i < LOCATE_CACHE_MAX + 10; i++) {
        memcpy(key, &i, sizeof(i));
        locate_cache_put(cache, key, &found, until);
    }
    for (uint32_t i = 0; i < LOCATE_CACHE_MAX + 10; i += 9) {
        memcpy(key, &i, sizeof(i));
        assert_int_equal(locate_cache_find(cache, key, (struct mono){0}) != NULL, i >= 10);
    }
    locate_cache_free(cache);
    locate_cache_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_look_ups_are_one),
        cmocka_unit_test(answers_are_remembered_for_a_minute_and_absence_for_five_seconds),
        cmocka_unit_test(an_answer_that_is_over_is_not_remembered),
        cmocka_unit_test(a_relay_that_says_no_is_no_answer_for_five_seconds),
        cmocka_unit_test(a_host_that_moved_is_found_at_once_when_its_old_relay_says_no),
        cmocka_unit_test(so_many_look_ups_at_once_and_no_more),
        cmocka_unit_test(the_memory_of_answers_has_a_bound_and_the_oldest_goes),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
