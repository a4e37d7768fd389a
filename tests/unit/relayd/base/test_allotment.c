/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bandwidth and volume that an owner gives (relayd/base/allotment.h). */
#include "tests/support/fixture.h"

#include "relayd/base/allotment.h"

#define DAY_MS (UINT64_C(24) * 3600 * 1000)
#define JANUARY_MS UINT64_C(1767225600000)               /* 2026-01-01 00:00 UTC */
#define FEBRUARY_MS (JANUARY_MS + UINT64_C(31) * DAY_MS) /* 2026-02-01 */
#define MARCH_MS (FEBRUARY_MS + UINT64_C(28) * DAY_MS)
#define GB UINT64_C(1000000000)

static const struct mono start = {NS_PER_S};
static const struct allotment_limits nothing_set = {0};

static void without_limits_all_is_allowed(void **state)
{
    struct allotment a;

    (void)state;
    allotment_init(&a, &nothing_set, JANUARY_MS, start);
    a.used = UINT64_MAX / 2;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(allotment_take(&a, false, 9000, start), ALLOTMENT_OK);
    }
}

/* Bytes that one class gets in a second in which it asks for frames of 1000 bytes all the time. */
static uint64_t second_of(struct allotment *a, bool member, uint64_t from_ms)
{
    uint64_t bytes = 0;

    for (uint64_t ms = 0; ms < 1000; ms++) {
        while (allotment_take(a, member, 1000, mono_add_ms(start, from_ms + ms)) == ALLOTMENT_OK) {
            bytes += 1000;
        }
    }
    return bytes;
}

static void bandwidth_is_kept(void **state)
{
    const struct allotment_limits limits = {.bytes_per_s = 1000000};
    struct allotment a;

    (void)state;
    allotment_init(&a, &limits, JANUARY_MS, start);
    uint64_t first = second_of(&a, true, 0); /* with what may go at once */
    uint64_t second = second_of(&a, true, 1000);

    assert_true(first <= 1000000 + a.rate.burst);
    assert_true(second >= 990000 && second <= 1001000);
}

static void members_go_before_strangers(void **state)
{
    const struct allotment_limits limits = {.bytes_per_s = 1000000};
    struct allotment a;
    uint64_t members = 0, strangers = 0;

    (void)state;
    allotment_init(&a, &limits, JANUARY_MS, start);
    (void)second_of(&a, true, 0);
    for (uint64_t ms = 1000; ms < 2000; ms++) { /* both ask all the time, strangers first */
        struct mono now = mono_add_ms(start, ms);

        while (allotment_take(&a, false, 1000, now) == ALLOTMENT_OK) {
            strangers += 1000;
        }
        while (allotment_take(&a, true, 1000, now) == ALLOTMENT_OK) {
            members += 1000;
        }
    }
    assert_int_equal(strangers, 0);
    assert_true(members >= 990000);
    assert_int_equal(allotment_take(&a, false, 1000, mono_add_ms(start, 2000)),
                     ALLOTMENT_BANDWIDTH);
    /* What members leave is theirs. */
    assert_true(second_of(&a, false, 3000) >= 900000);
}

static void the_volume_of_a_month_is_kept(void **state)
{
    const struct allotment_limits limits = {.bytes_per_month = 310 * GB};
    struct allotment a;

    (void)state;
    allotment_init(&a, &limits, JANUARY_MS + 5 * DAY_MS, start);
    assert_int_equal(a.month_began_ms, JANUARY_MS);
    assert_int_equal(a.month_ends_ms, FEBRUARY_MS);
    a.used = 310 * GB - 1;
    assert_int_equal(allotment_take(&a, true, 1000, start), ALLOTMENT_OK);
    allotment_count(&a, 1000);
    assert_int_equal(a.used, 310 * GB - 1 + 1000 + ALLOTMENT_DGRAM_OVERHEAD);
    assert_int_equal(allotment_take(&a, true, 1000, start), ALLOTMENT_VOLUME);
    allotment_tick(&a, FEBRUARY_MS - 1);
    assert_int_equal(allotment_take(&a, true, 1000, start), ALLOTMENT_VOLUME);
    allotment_tick(&a, FEBRUARY_MS);
    assert_int_equal(a.used, 0);
    assert_int_equal(a.month_ends_ms, MARCH_MS);
    assert_int_equal(allotment_take(&a, true, 1000, start), ALLOTMENT_OK);
}

static void strangers_get_the_volume_day_by_day(void **state)
{
    const struct allotment_limits limits = {.bytes_per_month = 310 * GB}; /* 10 GB a day */
    static const struct {
        uint64_t day, used_gb;
        enum allotment_verdict stranger;
    } cases[] = {
        {0, 19, ALLOTMENT_OK},     /* two days ahead */
        {0, 21, ALLOTMENT_VOLUME}, //
        {10, 119, ALLOTMENT_OK},   //
        {10, 121, ALLOTMENT_VOLUME}, {30, 309, ALLOTMENT_OK}, {30, 311, ALLOTMENT_VOLUME},
    };
    struct allotment a;

    (void)state;
    allotment_init(&a, &limits, JANUARY_MS, start);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t wall_ms = JANUARY_MS + cases[i].day * DAY_MS;

        allotment_tick(&a, wall_ms);
        a.used = cases[i].used_gb * GB;
        assert_int_equal(allotment_take(&a, false, 1000, start), cases[i].stranger);
        assert_int_equal(allotment_take(&a, true, 1000, start),
                         cases[i].used_gb < 310 ? ALLOTMENT_OK : ALLOTMENT_VOLUME);
    }
}

static void a_restart_gives_nothing_away_twice(void **state)
{
    const struct allotment_limits limits = {.bytes_per_month = GB};
    struct allotment a, b;
    uint8_t row[ALLOTMENT_ROW_SIZE], wrong[ALLOTMENT_ROW_SIZE];

    (void)state;
    allotment_init(&a, &limits, FEBRUARY_MS, start);
    a.used = 900;
    allotment_save(&a, row);
    allotment_init(&b, &limits, FEBRUARY_MS + DAY_MS, start);
    allotment_count(&b, 58);
    allotment_load(&b, row, sizeof(row));
    assert_int_equal(b.used, 1000);
    /* A clock that is behind at the start: the later month stays in force. */
    allotment_init(&b, &limits, JANUARY_MS, start);
    allotment_load(&b, row, sizeof(row));
    assert_int_equal(b.used, 900);
    assert_int_equal(b.month_began_ms, FEBRUARY_MS);
    allotment_tick(&b, FEBRUARY_MS + DAY_MS);
    assert_int_equal(b.used, 900);
    /* It was not set at all yet, as in a machine without a battery, and is set then. */
    allotment_init(&b, &limits, DAY_MS, start);
    allotment_load(&b, row, sizeof(row));
    assert_int_equal(b.used, 900);
    allotment_tick(&b, FEBRUARY_MS + DAY_MS);
    assert_int_equal(b.used, 900);
    allotment_init(&b, &limits, DAY_MS, start);
    memset(wrong, 0xff, sizeof(wrong));
    allotment_load(&b, wrong, sizeof(wrong));
    allotment_tick(&b, MARCH_MS);
    assert_int_equal(b.month_began_ms, MARCH_MS);
    allotment_init(&b, &limits, MARCH_MS, start); /* a new month */
    allotment_load(&b, row, sizeof(row));
    assert_int_equal(b.used, 0);
    memset(wrong, 0xff, sizeof(wrong)); /* nothing that we wrote */
    allotment_load(&b, wrong, sizeof(wrong));
    allotment_load(&b, row, sizeof(row) - 1);
    assert_int_equal(b.used, 0);
    assert_int_equal(b.month_began_ms, MARCH_MS);
}

static void months_are_right_at_the_edges(void **state)
{
    static const struct {
        uint64_t at_ms, began_ms, ends_ms;
    } cases[] = {
        {0, 0, 31 * DAY_MS},                                                         /* 1970 */
        {JANUARY_MS - 1, JANUARY_MS - 31 * DAY_MS, JANUARY_MS},                      /* December */
        {UINT64_C(1709164800000), UINT64_C(1706745600000), UINT64_C(1709251200000)}, /* leap */
        {UINT64_MAX, UINT64_C(253399622400000), UINT64_C(253402300800000)},
    };
    struct allotment a;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        allotment_init(&a, &nothing_set, cases[i].at_ms, start);
        assert_int_equal(a.month_began_ms, cases[i].began_ms);
        assert_int_equal(a.month_ends_ms, cases[i].ends_ms);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limits_all_is_allowed),
        cmocka_unit_test(bandwidth_is_kept),
        cmocka_unit_test(members_go_before_strangers),
        cmocka_unit_test(the_volume_of_a_month_is_kept),
        cmocka_unit_test(strangers_get_the_volume_day_by_day),
        cmocka_unit_test(a_restart_gives_nothing_away_twice),
        cmocka_unit_test(months_are_right_at_the_edges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
