/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which relays keep the presence of a key: seats, days, and how evenly they are chosen. */
#include "rendezvous/presence/hrw.h"

#include "tests/support/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WALL TEST_WALL_MS
#define DAY_MS (UINT64_C(24) * 3600 * 1000)

/* Relays in an array, as a source. */
struct list {
    struct hrw_relay *relays;
    size_t count, at;
};

static bool list_next(void *context, struct hrw_relay *out)
{
    struct list *list = context;

    if (list->at == list->count) {
        return false;
    }
    *out = list->relays[list->at++];
    return true;
}

static struct hrw *fill(struct test_env *env, struct hrw_relay *relays, size_t count,
                        uint64_t wall_ms)
{
    struct list list = {.relays = relays, .count = count};
    struct hrw_source source = {.context = &list, .next = list_next};
    struct hrw *hrw;

    assert_int_equal(hrw_new(&hrw, hrw_score, &env->env), ERR_OK);
    assert_int_equal(hrw_fill(hrw, &source, wall_ms), ERR_OK);
    return hrw;
}

/* Relay number n, in a /24 of its own, known since then. */
static struct hrw_relay relay_of(uint32_t n, uint64_t known_since_ms)
{
    const uint8_t ip[4] = {11, (uint8_t)(n >> 8), (uint8_t)n, 1};
    struct hrw_relay relay = {.address = endpoint_v4(ip, 4433), .known_since_ms = known_since_ms};

    memset(relay.key, 0x22, KEY_SIZE);
    memcpy(relay.key, &n, sizeof(n));
    return relay;
}

static void key_of(uint8_t key[KEY_SIZE], uint32_t n)
{
    memset(key, 0x33, KEY_SIZE);
    memcpy(key, &n, sizeof(n));
}

static bool is_among(uint8_t winners[][KEY_SIZE], size_t count, const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(winners[i], key, KEY_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

static void a_prefix_is_a_24_or_a_48(void **state)
{
    struct endpoint v4, v6;

    (void)state;
    assert_true(endpoint_parse(&v4, "192.0.2.77:1", 0));
    assert_true(endpoint_parse(&v6, "[2001:db8:1:2::3]:1", 0));
    struct hrw_prefix four = hrw_prefix_of(&v4);
    struct hrw_prefix six = hrw_prefix_of(&v6);
    assert_int_equal(four.size, 3);
    assert_memory_equal(four.bytes, "\xc0\x00\x02\x00\x00\x00", 6);
    assert_int_equal(six.size, 6);
    assert_memory_equal(six.bytes, "\x20\x01\x0d\xb8\x00\x01", 6);
}

static void the_winners_have_the_highest_scores(void **state)
{
    struct test_env env;
    struct hrw_relay relays[50];
    uint8_t winners[HRW_WINNERS][KEY_SIZE], key[KEY_SIZE];

    (void)state;
    test_env_init(&env, 1);
    for (uint32_t i = 0; i < 50; i++) {
        relays[i] = relay_of(i, WALL - 2 * DAY_MS);
    }
    struct hrw *hrw = fill(&env, relays, 50, WALL);
    for (uint32_t n = 0; n < 100; n++) {
        key_of(key, n);
        assert_int_equal(hrw_winners(hrw, 7, key, winners, HRW_WINNERS), HRW_WINNERS);
        uint64_t lowest = UINT64_MAX;
        for (size_t w = 0; w < HRW_WINNERS; w++) {
            for (uint32_t i = 0; i < 50; i++) {
                struct hrw_prefix prefix = hrw_prefix_of(&relays[i].address);
                if (memcmp(relays[i].key, winners[w], KEY_SIZE) == 0) {
                    uint64_t score = hrw_score(7, &prefix, key);
                    assert_true(score <= lowest);
                    lowest = score;
                }
            }
        }
        for (uint32_t i = 0; i < 50; i++) {
            struct hrw_prefix prefix = hrw_prefix_of(&relays[i].address);
            assert_true(hrw_score(7, &prefix, key) <= lowest ||
                        is_among(winners, HRW_WINNERS, relays[i].key));
        }
    }
    hrw_free(hrw);
}

static void one_network_has_one_seat_and_its_oldest_relay_sits_there(void **state)
{
    struct test_env env;
    struct hrw_relay relays[6];
    uint8_t winners[HRW_WINNERS][KEY_SIZE], key[KEY_SIZE] = {1};

    (void)state;
    test_env_init(&env, 1);
    for (uint32_t i = 0; i < 6; i++) { /* five of one /24, the oldest in the middle */
        relays[i] = relay_of(i, WALL - 3 * DAY_MS - (i == 2 ? 1 : 0));
        relays[i].address = relays[i < 5 ? 0 : 5].address;
        relays[i].address.ip[15] = (uint8_t)i;
    }
    struct hrw *hrw = fill(&env, relays, 6, WALL);
    assert_int_equal(hrw_seat_count(hrw), 2);
    assert_int_equal(hrw_winners(hrw, 1, key, winners, HRW_WINNERS), 2);
    assert_true(is_among(winners, 2, relays[2].key));
    assert_true(is_among(winners, 2, relays[5].key));
    hrw_free(hrw);
}

static void a_relay_counts_after_a_day_if_there_are_enough_others(void **state)
{
    struct test_env env;
    struct hrw_relay relays[40];
    uint8_t winners[HRW_WINNERS][KEY_SIZE], key[KEY_SIZE];

    (void)state;
    test_env_init(&env, 1);
    for (uint32_t i = 0; i < 40; i++) {
        relays[i] = relay_of(i, i < 3 ? WALL - DAY_MS : WALL - DAY_MS + 1);
    }
    struct hrw *hrw = fill(&env, relays, 40, WALL);
    assert_int_equal(hrw_seat_count(hrw), 3);
    for (uint32_t n = 0; n < 50; n++) {
        key_of(key, n);
        assert_int_equal(hrw_winners(hrw, 1, key, winners, HRW_WINNERS), 3);
        for (uint32_t i = 0; i < 3; i++) {
            assert_true(is_among(winners, 3, relays[i].key));
        }
    }
    hrw_free(hrw);
    relays[0].known_since_ms = WALL; /* two old ones are not enough: all count */
    hrw = fill(&env, relays, 40, WALL);
    assert_int_equal(hrw_seat_count(hrw), 40);
    hrw_free(hrw);
}

static void no_relays_have_no_winners(void **state)
{
    struct test_env env;
    struct unreached *unreached;
    uint8_t winners[HRW_TELL_MAX][KEY_SIZE], key[KEY_SIZE] = {1};

    (void)state;
    test_env_init(&env, 1);
    struct hrw *hrw = fill(&env, NULL, 0, WALL);
    assert_int_equal(unreached_new(&unreached, &env.env), ERR_OK);
    assert_int_equal(hrw_to_tell(hrw, unreached, WALL, (struct mono){1}, key, winners), 0);
    unreached_free(unreached);
    hrw_free(hrw);
    hrw_free(NULL);
}

static void around_midnight_the_winners_of_both_days_are_told(void **state)
{
    static const struct {
        int64_t at_ms; /* from midnight */
        int other_day; /* 0: only today's winners */
    } rows[] = {
        {-HRW_BEFORE_MIDNIGHT_MS - 1, 0}, {-HRW_BEFORE_MIDNIGHT_MS, 1}, {-1, 1}, {0, -1},
        {HRW_AFTER_MIDNIGHT_MS - 1, -1},  {HRW_AFTER_MIDNIGHT_MS, 0},
    };
    struct test_env env;
    struct hrw_relay relays[200];
    struct unreached *unreached;
    uint8_t told[HRW_TELL_MAX][KEY_SIZE], today[HRW_KEEPERS][KEY_SIZE];
    uint8_t other[HRW_KEEPERS][KEY_SIZE], key[KEY_SIZE] = {9};

    (void)state;
    test_env_init(&env, 1);
    for (uint32_t i = 0; i < 200; i++) {
        relays[i] = relay_of(i, WALL - 2 * DAY_MS);
    }
    struct hrw *hrw = fill(&env, relays, 200, WALL);
    assert_int_equal(unreached_new(&unreached, &env.env), ERR_OK);
    for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
        uint64_t wall_ms = WALL + DAY_MS + (uint64_t)rows[r].at_ms;
        uint64_t day = hrw_day(wall_ms);
        size_t count = hrw_to_tell(hrw, unreached, wall_ms, (struct mono){1}, key, told);

        assert_int_equal(hrw_winners(hrw, day, key, today, HRW_KEEPERS), HRW_KEEPERS);
        for (size_t i = 0; i < HRW_KEEPERS; i++) {
            assert_true(is_among(told, count, today[i]));
        }
        if (rows[r].other_day == 0) {
            assert_int_equal(count, HRW_KEEPERS);
            continue;
        }
        day += rows[r].other_day > 0 ? 1 : (uint64_t)-1;
        assert_int_equal(hrw_winners(hrw, day, key, other, HRW_KEEPERS), HRW_KEEPERS);
        for (size_t i = 0; i < HRW_KEEPERS; i++) {
            assert_true(is_among(told, count, other[i]));
        }
        assert_in_range(count, HRW_KEEPERS, HRW_TELL_MAX);
        for (size_t i = 1; i < count; i++) { /* nobody is told twice */
            assert_false(is_among(told, i, told[i]));
        }
    }
    unreached_free(unreached);
    hrw_free(hrw);
}

/* Each of 100 seats should win 3 % of the keys. The bounds are five standard deviations wide. */
static void keys_are_spread_evenly_and_anew_each_day(void **state)
{
    enum { RELAYS = 100, KEYS = 10000 };
    struct test_env env;
    struct hrw_relay relays[RELAYS];
    uint32_t wins[RELAYS] = {0};
    uint8_t winners[HRW_WINNERS][KEY_SIZE], tomorrow[HRW_WINNERS][KEY_SIZE], key[KEY_SIZE];
    uint32_t same = 0;

    (void)state;
    test_env_init(&env, 1);
    for (uint32_t i = 0; i < RELAYS; i++) {
        relays[i] = relay_of(i, WALL - 2 * DAY_MS);
    }
    struct hrw *hrw = fill(&env, relays, RELAYS, WALL);
    for (uint32_t n = 0; n < KEYS; n++) {
        key_of(key, n);
        (void)hrw_winners(hrw, 100, key, winners, HRW_WINNERS);
        (void)hrw_winners(hrw, 101, key, tomorrow, HRW_WINNERS);
        for (size_t w = 0; w < HRW_WINNERS; w++) {
            uint32_t i;
            memcpy(&i, winners[w], sizeof(i));
            wins[i]++;
            same += is_among(tomorrow, HRW_WINNERS, winners[w]) ? 1 : 0;
        }
    }
    for (uint32_t i = 0; i < RELAYS; i++) {
        assert_in_range(wins[i], 300 - 85, 300 + 85);
    }
    assert_in_range(same, 900 - 150, 900 + 150); /* 3 % of 30,000 win again by chance */
    hrw_free(hrw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prefix_is_a_24_or_a_48),
        cmocka_unit_test(the_winners_have_the_highest_scores),
        cmocka_unit_test(one_network_has_one_seat_and_its_oldest_relay_sits_there),
        cmocka_unit_test(a_relay_counts_after_a_day_if_there_are_enough_others),
        cmocka_unit_test(no_relays_have_no_winners),
        cmocka_unit_test(around_midnight_the_winners_of_both_days_are_told),
        cmocka_unit_test(keys_are_spread_evenly_and_anew_each_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
