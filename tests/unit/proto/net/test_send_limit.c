/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may wait below a socket follows the rate at which its way takes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/net/send_limit.h"

/* A way that takes so many bytes a second, in grains, from a buffer that a limit bounds. */
struct way {
    struct send_limit limit;
    uint64_t rate;
    uint64_t wake_ns; /* how late the sender is after half of the buffer is free */
    uint64_t waits;
    uint64_t sent, most_waits, idle_ns;
    struct mono now;
};

static void way_pass(struct way *way, uint64_t ns)
{
    uint64_t gone = way->rate * ns / NS_PER_S;

    way->now = mono_add_ns(way->now, ns);
    way->idle_ns += gone < way->waits ? 0 : (gone - way->waits) * NS_PER_S / way->rate;
    way->waits -= gone < way->waits ? gone : way->waits;
    way->sent += gone;
}

/* A sender that always has more, as a pump does it: fill, wait until half is free, and so on. */
static void way_fill(struct way *way, uint64_t ms)
{
    struct mono end = mono_add_ms(way->now, ms);

    way->most_waits = 0;
    while (mono_before(way->now, end)) {
        (void)send_limit_before(&way->limit, way->waits, way->now);
        while (way->waits < way->limit.bytes) { /* as the kernel: the last one may pass the bound */
            way->waits += 2304;
        }
        way->most_waits = way->waits > way->most_waits ? way->waits : way->most_waits;
        send_limit_after(&way->limit, way->waits, true, way->now);
        way_pass(way, way->limit.bytes / 2 * NS_PER_S / way->rate + way->wake_ns);
    }
}

static struct way way_of(uint64_t rate, uint64_t wake_ns)
{
    struct way way = {.rate = rate, .wake_ns = wake_ns};

    send_limit_init(&way.limit);
    return way;
}

static void a_slow_way_soon_has_a_few_milliseconds_of_its_rate(void **state)
{
    struct way way = way_of(1250000, 100000);

    (void)state;
    way_fill(&way, 500); /* the 256 KiB that are allowed at first */
    way_fill(&way, 500);
    assert_in_range(way.limit.rate, 1000000, 1500000);
    assert_true(way.most_waits <= 3 * 2304 + 2304);
    assert_true(send_limit_is_slow(&way.limit, way.now));
    assert_in_range(send_limit_portion(&way.limit), 1, 2304);
}

static void a_fast_way_gets_what_it_takes(void **state)
{
    struct way way = way_of(125000000, 1000000);

    (void)state;
    way_fill(&way, 1000);
    assert_in_range(way.limit.rate, 110000000, 150000000);
    assert_in_range(way.limit.bytes, 400000, 700000);
    assert_true(way.waits > 0);
}

static void a_way_that_runs_dry_gets_more(void **state)
{
    struct way way = way_of(1250000000, 1000000); /* 256 KiB are gone in 0.2 ms */

    (void)state;
    way_fill(&way, 200);
    assert_true(way.limit.bytes > 2 << 20);
    way.rate = 2500000; /* and less when it became slow */
    way_fill(&way, 4000);
    assert_in_range(way.limit.bytes, 3 * 2304, 20000);
    way.rate = 12500000; /* and more again */
    way_fill(&way, 1000);
    assert_in_range(way.limit.bytes, 40000, 80000);
}

static void who_is_woken_late_uses_the_way_all_the_same(void **state)
{
    struct way way = way_of(1250000, 20000000);

    (void)state;
    way_fill(&way, 2000); /* what is allowed at first, and learning */
    way.sent = 0;
    way.idle_ns = 0;
    way_fill(&way, 10000);
    assert_true(way.idle_ns < 1000 * NS_PER_MS); /* a tenth */
    assert_true(way.limit.bytes < 100000);
    way.wake_ns = 100000; /* and in time again */
    way_fill(&way, 20000);
    assert_true(way.limit.bytes < 15000);
}

static void who_never_waits_or_rests_is_not_slow(void **state)
{
    struct send_limit limit;
    struct mono now = {0};

    (void)state;
    send_limit_init(&limit);
    for (int i = 0; i < 100; i++) {
        now = mono_add_ms(now, 100);
        assert_false(send_limit_before(&limit, 0, now));
        send_limit_after(&limit, 3000, false, now); /* and it is gone when one looks again */
    }
    assert_int_equal(limit.rate, 0);
    assert_int_equal(limit.bytes, SEND_LIMIT_START);
    assert_false(send_limit_is_slow(&limit, now));
    send_limit_after(&limit, 300000, true, now);
    assert_true(send_limit_is_slow(&limit, mono_add_ms(now, 999)));
    assert_false(send_limit_is_slow(&limit, mono_add_ms(now, 1000)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_way_soon_has_a_few_milliseconds_of_its_rate),
        cmocka_unit_test(a_fast_way_gets_what_it_takes),
        cmocka_unit_test(a_way_that_runs_dry_gets_more),
        cmocka_unit_test(who_is_woken_late_uses_the_way_all_the_same),
        cmocka_unit_test(who_never_waits_or_rests_is_not_slow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
