/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ways from relay to relay (rendezvous/relaying/ways.h). */
#include "tests/support/fixture.h"

#include "rendezvous/relaying/ways.h"
#include "tests/support/env.h"

static const uint8_t here[KEY_SIZE] = {1}, far[KEY_SIZE] = {2}, nobody[KEY_SIZE] = {3};
static const uint8_t relays[4][KEY_SIZE] = {{11}, {12}, {13}, {14}};
static const struct mono start = {NS_PER_S};

static struct ways *ways_made(void)
{
    struct test_env ports;
    struct ways *ways;

    test_env_init(&ports, 1);
    assert_int_equal(ways_new(&ways, &ports.env), ERR_OK);
    return ways;
}

/* Host number n. */
static void host_of(uint8_t key[KEY_SIZE], uint32_t n)
{
    memset(key, 0, KEY_SIZE);
    key[0] = 0xff;
    memcpy(key + 1, &n, sizeof(n));
}

static void a_reply_goes_back_the_way_of_the_latest_frame(void **state)
{
    struct ways *ways = ways_made();
    struct way_relays way;

    (void)state;
    assert_false(ways_find(ways, here, far, &way, start));
    ways_learn(ways, here, far, relays[0], 3, start);
    assert_true(ways_find(ways, here, far, &way, start));
    assert_int_equal(way.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(way.keys[i], relays[2 - i], KEY_SIZE);
    }
    ways_learn(ways, here, far, relays[3], 1, start);
    assert_true(ways_find(ways, here, far, &way, start));
    assert_int_equal(way.count, 1);
    assert_memory_equal(way.keys[0], relays[3], KEY_SIZE);
    assert_false(ways_find(ways, far, here, &way, start));
    ways_free(ways);
}

static void a_host_names_the_relays_between_its_own_and_the_last(void **state)
{
    struct ways *ways = ways_made();
    struct way_relays way;

    (void)state;
    assert_int_equal(ways_name(ways, here, far, &relays[0], 2, start), ERR_OK);
    assert_false(ways_find(ways, here, far, &way, start)); /* where is far? */
    ways_learn(ways, here, far, relays[3], 1, start);
    assert_true(ways_find(ways, here, far, &way, start));
    assert_int_equal(way.count, 3);
    assert_memory_equal(way.keys[0], relays[0], KEY_SIZE);
    assert_memory_equal(way.keys[2], relays[3], KEY_SIZE);
    ways_learn(ways, here, far, relays[1], 1, start); /* the last of those that are named */
    assert_true(ways_find(ways, here, far, &way, start));
    assert_int_equal(way.count, 2);
    ways_failed(ways, here, far);
    assert_false(ways_find(ways, here, far, &way, start));
    ways_learn(ways, here, far, relays[3], 1, start);
    assert_int_equal(ways_name(ways, here, far, NULL, 0, start), ERR_OK);
    assert_true(ways_find(ways, here, far, &way, start));
    assert_int_equal(way.count, 1);
    assert_int_equal(ways_name(ways, here, far, &relays[0], RELAYED_VIA_MAX + 1, start), ERR_LIMIT);
    ways_free(ways);
}

/* Sources cost nothing to make, and each teaches a way. */
static void what_a_host_named_is_not_pushed_out(void **state)
{
    struct ways *ways = ways_made();
    struct way_relays way;
    uint8_t other[KEY_SIZE] = {77};

    (void)state;
    assert_int_equal(ways_name(ways, here, far, &relays[0], 2, start), ERR_OK);
    for (int i = 0; i < 3 * WAYS_PER_HOST_MAX; i++) {
        memcpy(other + 1, &i, sizeof(i));
        ways_learn(ways, here, other, relays[3], 1, start);
    }
    assert_int_equal(ways_count(ways), WAYS_PER_HOST_MAX);
    ways_learn(ways, here, far, relays[3], 1, start);
    assert_true(ways_find(ways, here, far, &way, start));
    assert_int_equal(way.count, 3);
    /* Nor does what is learnt keep the host from naming more, to its share. */
    for (int i = 1; i < WAYS_PER_HOST_MAX; i++) {
        memcpy(other + 1, &i, sizeof(i));
        other[0] = 78;
        assert_int_equal(ways_name(ways, here, other, &relays[0], 1, start), ERR_OK);
    }
    other[0] = 79;
    assert_int_equal(ways_name(ways, here, other, &relays[0], 1, start), ERR_LIMIT);
    ways_learn(ways, here, other, relays[3], 1, start);
    assert_false(ways_find(ways, here, other, &way, start));
    ways_gone(ways, here);
    assert_int_equal(ways_count(ways), 0);
    ways_free(ways);
}

static void punches_are_remembered_with_their_ways(void **state)
{
    struct ways *ways = ways_made();
    struct way_punch punch = {.id = 5, .nat_kind = 4, .until = mono_add_ms(start, 1000)};
    struct way_punch found[WAYS_PUNCHES_MAX];
    uint8_t other[KEY_SIZE] = {77};

    (void)state;
    memcpy(punch.far, far, KEY_SIZE);
    ways_punch_put(ways, here, &punch); /* there is no way */
    assert_int_equal(ways_punches(ways, here, found, start), 0);
    ways_learn(ways, here, far, relays[3], 1, start);
    assert_false(ways_punch_find(ways, here, far, &found[0], start));
    ways_punch_put(ways, here, &punch);
    assert_true(ways_punch_find(ways, here, far, &found[0], start));
    assert_false(ways_punch_find(ways, far, here, &found[0], start));
    assert_int_equal(ways_punches(ways, here, found, start), 1);
    assert_memory_equal(found[0].far, far, KEY_SIZE);
    assert_int_equal(found[0].id, 5);
    assert_int_equal(found[0].nat_kind, 4);
    for (int i = 0; i < WAYS_PUNCHES_MAX + 10; i++) { /* the newest ones are told */
        memcpy(other + 1, &i, sizeof(i));
        memcpy(punch.far, other, KEY_SIZE);
        ways_learn(ways, here, other, relays[3], 1, start);
        ways_punch_put(ways, here, &punch);
    }
    assert_int_equal(ways_punches(ways, here, found, start), WAYS_PUNCHES_MAX);
    assert_memory_equal(found[0].far, other, KEY_SIZE);
    assert_int_equal(ways_punches(ways, here, found, punch.until), 0);
    ways_gone(ways, here);
    assert_int_equal(ways_punches(ways, here, found, start), 0);
    ways_free(ways);
}

static void a_way_by_the_last_relay_alone_stays_for_a_while(void **state)
{
    struct ways *ways = ways_made();
    struct way_relays way;
    struct mono later = mono_add_ms(start, WAYS_DIRECT_MS);

    (void)state;
    ways_learn(ways, here, far, relays[0], 1, start);
    ways_learn(ways, here, far, relays[0], 3, mono_add_ms(start, WAYS_DIRECT_MS - 1));
    assert_true(ways_find(ways, here, far, &way, start));
    assert_int_equal(way.count, 1);
    ways_learn(ways, here, far, relays[0], 3, later);
    assert_true(ways_find(ways, here, far, &way, later));
    assert_int_equal(way.count, 3);
    ways_learn(ways, here, far, relays[0], 1, later);
    assert_true(ways_find(ways, here, far, &way, later));
    assert_int_equal(way.count, 1);
    ways_found(ways, here, far, relays[3], later); /* that is no session's word */
    assert_true(ways_find(ways, here, far, &way, later));
    assert_memory_equal(way.keys[0], relays[3], KEY_SIZE);
    ways_learn(ways, here, far, relays[0], 2, later);
    assert_true(ways_find(ways, here, far, &way, later));
    assert_int_equal(way.count, 2);
    ways_free(ways);
}

static void a_learnt_way_that_fails_or_rests_is_forgotten(void **state)
{
    struct ways *ways = ways_made();
    struct way_relays way;
    struct mono later = mono_add_ms(start, WAYS_IDLE_MS - 1);

    (void)state;
    ways_learn(ways, here, far, relays[0], 1, start);
    ways_failed(ways, here, far);
    ways_failed(ways, here, nobody);
    assert_false(ways_find(ways, here, far, &way, start));
    ways_learn(ways, here, far, relays[0], 1, start);
    assert_true(ways_find(ways, here, far, &way, later)); /* used again */
    later = mono_add_ms(later, WAYS_IDLE_MS - 1);
    ways_expire(ways, later);
    assert_int_equal(ways_count(ways), 1);
    ways_expire(ways, mono_add_ms(later, 1));
    assert_int_equal(ways_count(ways), 0);
    ways_free(ways);
}

static void a_host_that_goes_takes_its_ways_along(void **state)
{
    struct ways *ways = ways_made();
    struct way_relays way;
    uint8_t key[KEY_SIZE];

    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        host_of(key, i);
        ways_learn(ways, here, key, relays[0], 1, start);
    }
    ways_learn(ways, far, key, relays[0], 1, start);
    ways_gone(ways, nobody);
    assert_int_equal(ways_count(ways), 6);
    ways_gone(ways, here);
    assert_int_equal(ways_count(ways), 1);
    assert_true(ways_find(ways, far, key, &way, start));
    ways_free(ways);
}

static void a_host_has_a_share_of_the_table(void **state)
{
    struct ways *ways = ways_made();
    struct way_relays way;
    uint8_t key[KEY_SIZE];

    (void)state;
    ways_learn(ways, far, here, relays[0], 1, start);
    for (uint32_t i = 0; i < WAYS_PER_HOST_MAX + 10; i++) {
        host_of(key, i);
        ways_learn(ways, here, key, relays[0], 1, start);
    }
    assert_int_equal(ways_count(ways), WAYS_PER_HOST_MAX + 1);
    assert_true(ways_find(ways, far, here, &way, start));
    assert_int_equal(ways_name(ways, here, nobody, &relays[0], 1, start), ERR_OK);
    assert_int_equal(ways_count(ways), WAYS_PER_HOST_MAX + 1);
    host_of(key, 0); /* the oldest went */
    assert_false(ways_find(ways, here, key, &way, start));
    ways_free(ways);
}

static void a_full_table_drops_what_was_not_used_for_longest(void **state)
{
    struct ways *ways = ways_made();
    struct way_relays way;
    uint8_t key[KEY_SIZE];

    (void)state;
    for (uint32_t i = 0; i < WAYS_MAX; i++) {
        host_of(key, i);
        ways_learn(ways, key, far, relays[0], 1, start);
    }
    host_of(key, 0);
    assert_true(ways_find(ways, key, far, &way, start)); /* used */
    ways_learn(ways, here, far, relays[0], 1, start);
    assert_int_equal(ways_count(ways), WAYS_MAX);
    assert_true(ways_find(ways, key, far, &way, start));
    host_of(key, 1);
    assert_false(ways_find(ways, key, far, &way, start));
    ways_free(ways);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_goes_back_the_way_of_the_latest_frame),
        cmocka_unit_test(a_host_names_the_relays_between_its_own_and_the_last),
        cmocka_unit_test(what_a_host_named_is_not_pushed_out),
        cmocka_unit_test(punches_are_remembered_with_their_ways),
        cmocka_unit_test(a_way_by_the_last_relay_alone_stays_for_a_while),
        cmocka_unit_test(a_learnt_way_that_fails_or_rests_is_forgotten),
        cmocka_unit_test(a_host_that_goes_takes_its_ways_along),
        cmocka_unit_test(a_host_has_a_share_of_the_table),
        cmocka_unit_test(a_full_table_drops_what_was_not_used_for_longest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
