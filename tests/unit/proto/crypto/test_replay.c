/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The replay window (proto/crypto/replay.h) as a table, and against a twin that remembers all. */
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/rng.h"

#include "proto/crypto/replay.h"

static bool accept(struct replay *replay, uint64_t counter)
{
    struct replay before = *replay;
    enum replay_verdict verdict = replay_check(replay, counter);

    assert_memory_equal(replay, &before, sizeof(before));
    if (verdict == REPLAY_VERDICT_NEW) {
        replay_commit(replay, counter);
    }
    return verdict == REPLAY_VERDICT_NEW;
}

struct step {
    uint64_t counter;
    enum replay_verdict want;
};

/* Each counter must be judged as wanted; those that are new are accepted. */
static void walk(struct replay *replay, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum replay_verdict verdict = replay_check(replay, steps[i].counter);

        if (verdict != steps[i].want) {
            fail_msg("step %zu, counter %llu: verdict %d", i, (unsigned long long)steps[i].counter,
                     (int)verdict);
        }
        accept(replay, steps[i].counter);
    }
}

static void table_of_counters_is_judged_as_written(void **state)
{
    static const struct step steps[] = {
        {0, REPLAY_VERDICT_NEW},
        {0, REPLAY_VERDICT_SEEN},
        {1, REPLAY_VERDICT_NEW},
        {1, REPLAY_VERDICT_SEEN},
        {9, REPLAY_VERDICT_NEW},
        {8, REPLAY_VERDICT_NEW},
        {7, REPLAY_VERDICT_NEW},
        {7, REPLAY_VERDICT_SEEN},
        {0, REPLAY_VERDICT_SEEN},
        {63, REPLAY_VERDICT_NEW},
        {64, REPLAY_VERDICT_NEW},
        {64, REPLAY_VERDICT_SEEN},
        {REPLAY_WINDOW - 1, REPLAY_VERDICT_NEW}, /* 0 is the last one inside */
        {0, REPLAY_VERDICT_SEEN},
        {REPLAY_WINDOW, REPLAY_VERDICT_NEW}, /* and now outside */
        {0, REPLAY_VERDICT_OLD},
        {1, REPLAY_VERDICT_SEEN},
        {2, REPLAY_VERDICT_NEW}, /* the last place on the left */
        {2, REPLAY_VERDICT_SEEN},
        {REPLAY_WINDOW + 64, REPLAY_VERDICT_NEW},
        {64, REPLAY_VERDICT_OLD},
        {65, REPLAY_VERDICT_NEW},
        {3 * REPLAY_WINDOW, REPLAY_VERDICT_NEW}, /* a leap over everything */
        {2 * REPLAY_WINDOW, REPLAY_VERDICT_OLD},
        {2 * REPLAY_WINDOW + 1, REPLAY_VERDICT_NEW},
        {2 * REPLAY_WINDOW + 1, REPLAY_VERDICT_SEEN},
        {3 * REPLAY_WINDOW - 1, REPLAY_VERDICT_NEW},
        {UINT64_MAX, REPLAY_VERDICT_OLD},
        {UINT64_MAX - 1, REPLAY_VERDICT_NEW},
        {UINT64_MAX - 1, REPLAY_VERDICT_SEEN},
        {UINT64_MAX - 2, REPLAY_VERDICT_NEW},
        {UINT64_MAX - 1 - REPLAY_WINDOW, REPLAY_VERDICT_OLD},
        {UINT64_MAX - REPLAY_WINDOW, REPLAY_VERDICT_NEW},
        {UINT64_MAX, REPLAY_VERDICT_OLD},
        {3 * REPLAY_WINDOW, REPLAY_VERDICT_OLD},
    };
    struct replay replay = {0};

    (void)state;
    walk(&replay, steps, TEST_COUNT(steps));
}

/* The same for a window that is widened while it is in use. */
static void a_widened_window_remembers_what_it_knew(void **state)
{
    enum { FIRST = 3 * REPLAY_WINDOW + 17, OLDEST = FIRST + 1 - REPLAY_WINDOW };
    static const struct step steps[] = {
        {FIRST, REPLAY_VERDICT_SEEN},
        {FIRST - 1, REPLAY_VERDICT_NEW},
        {OLDEST, REPLAY_VERDICT_SEEN},
        {OLDEST + 1, REPLAY_VERDICT_NEW},
        {OLDEST - 1, REPLAY_VERDICT_OLD}, /* forgotten before, and so refused for ever */
        {OLDEST - 63, REPLAY_VERDICT_OLD},
        {0, REPLAY_VERDICT_OLD},
        {FIRST + REPLAY_WINDOW + 1, REPLAY_VERDICT_NEW},
        {FIRST + 1, REPLAY_VERDICT_NEW},
        {FIRST, REPLAY_VERDICT_SEEN},
        {OLDEST + 2, REPLAY_VERDICT_NEW},
        {OLDEST - 1, REPLAY_VERDICT_OLD},
        {OLDEST + REPLAY_WINDOW_WIDE - 1, REPLAY_VERDICT_NEW},
        {OLDEST, REPLAY_VERDICT_SEEN}, /* the last place on the left */
        {OLDEST + 3, REPLAY_VERDICT_NEW},
        {OLDEST + REPLAY_WINDOW_WIDE + 3, REPLAY_VERDICT_NEW},
        {OLDEST + 3, REPLAY_VERDICT_OLD},
        {OLDEST + 4, REPLAY_VERDICT_NEW},
        {OLDEST + 4, REPLAY_VERDICT_SEEN},
        {FIRST + 1, REPLAY_VERDICT_SEEN},
        {UINT64_MAX, REPLAY_VERDICT_OLD},
        {UINT64_MAX - 1, REPLAY_VERDICT_NEW},
        {UINT64_MAX - 1 - REPLAY_WINDOW_WIDE, REPLAY_VERDICT_OLD},
        {UINT64_MAX - REPLAY_WINDOW_WIDE, REPLAY_VERDICT_NEW},
        {UINT64_MAX - REPLAY_WINDOW_WIDE, REPLAY_VERDICT_SEEN},
    };
    static uint64_t wide[REPLAY_WORD_COUNT_WIDE];
    static uint64_t second[REPLAY_WORD_COUNT_WIDE];
    struct replay replay = {0};

    (void)state;
    assert_true(accept(&replay, OLDEST));
    assert_true(accept(&replay, FIRST));
    replay_widen(&replay, wide);
    replay_widen(&replay, second); /* changes nothing */
    assert_ptr_equal(replay.wide, wide);
    walk(&replay, steps, TEST_COUNT(steps));
}

enum { TWIN_MAX = 400000 };

/* Remembers every counter, and how far it came. */
struct twin {
    uint8_t *seen;
    uint64_t next, window, oldest;
};

static bool twin_accept(struct twin *twin, uint64_t counter)
{
    if (counter + twin->window < twin->next || counter < twin->oldest || twin->seen[counter] != 0) {
        return false;
    }
    twin->seen[counter] = 1;
    if (counter >= twin->next) {
        twin->next = counter + 1;
    }
    return true;
}

/* Mostly near the front, now and then far behind it, rarely a leap. */
static uint64_t counter_draw(struct rng *random, const struct twin *twin)
{
    uint64_t draw = rng_u64(random);
    uint64_t kind = draw % 1000;
    uint64_t behind = kind < 900 ? 100 : twin->window + 200;
    uint64_t ahead = kind < 998 ? 10 : 20000;
    uint64_t from = twin->next > behind ? twin->next - behind : 0;

    return from + draw / 1000 % (behind + ahead);
}

/* The window is widened when the largest counter reached widen_at. */
static void compare_with_twin(struct rng *random, uint64_t widen_at)
{
    struct twin twin = {.seen = calloc(TWIN_MAX, 1), .window = REPLAY_WINDOW};
    uint64_t *wide = calloc(REPLAY_WORD_COUNT_WIDE, sizeof(*wide));
    struct replay replay = {0};
    size_t accepted = 0, refused = 0;

    assert_true(twin.seen != NULL && wide != NULL);
    for (;;) {
        uint64_t counter = counter_draw(random, &twin);

        if (twin.next >= widen_at && twin.window == REPLAY_WINDOW) {
            replay_widen(&replay, wide);
            twin.oldest = twin.next > REPLAY_WINDOW ? twin.next - REPLAY_WINDOW : 0;
            twin.window = REPLAY_WINDOW_WIDE;
        }
        if (counter >= TWIN_MAX) {
            break;
        }
        bool want = twin_accept(&twin, counter);

        if (accept(&replay, counter) != want) {
            fail_msg("counter %llu with next %llu: twin says %d", (unsigned long long)counter,
                     (unsigned long long)twin.next, (int)want);
        }
        accepted += want;
        refused += !want;
    }
    assert_true(accepted > 1000 && refused > 100); /* both happened often */
    free(twin.seen);
    free(wide);
}

static void random_counters_are_judged_as_by_a_twin_that_remembers_all(void **state)
{
    static const uint64_t widen_at[] = {TWIN_MAX, 0, 100, 8191, 8192, 8193, 70000, 200001};
    struct rng random = {0};

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(widen_at); i++) {
        compare_with_twin(&random, widen_at[i]);
    }
}

static void every_counter_is_accepted_once_in_order_and_backwards(void **state)
{
    struct replay replay = {0};

    (void)state;
    for (uint64_t i = 0; i < 3 * REPLAY_WINDOW; i++) {
        assert_true(accept(&replay, i));
        assert_false(accept(&replay, i));
    }
    memset(&replay, 0, sizeof(replay));
    for (uint64_t i = REPLAY_WINDOW; i-- > 0;) {
        assert_true(accept(&replay, 1000003 + i));
    }
    for (uint64_t i = 0; i < REPLAY_WINDOW; i++) {
        assert_false(accept(&replay, 1000003 + i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_of_counters_is_judged_as_written),
        cmocka_unit_test(a_widened_window_remembers_what_it_knew),
        cmocka_unit_test(random_counters_are_judged_as_by_a_twin_that_remembers_all),
        cmocka_unit_test(every_counter_is_accepted_once_in_order_and_backwards),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
