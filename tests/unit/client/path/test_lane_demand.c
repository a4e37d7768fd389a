/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a relay is asked for a lane (client/path/lane_demand.h). */
#include "client/path/lane_demand.h"

#include "tests/support/fixture.h"
#include "tests/support/instants.h"

/* One frame each every_ms from from_ms on, for so long; how often the relay was to be asked. It is
 * asked each time. */
static unsigned asked(struct lane_demand *demand, uint64_t from_ms, uint64_t for_ms,
                      uint64_t every_ms)
{
    unsigned count = 0;

    for (uint64_t ms = from_ms; ms < from_ms + for_ms; ms += every_ms) {
        if (lane_demand_on_frame(demand, test_at_ms(ms))) {
            lane_demand_on_asked(demand, test_at_ms(ms));
            count++;
        }
    }
    return count;
}

static void a_few_frames_ask_for_nothing(void **state)
{
    struct lane_demand demand = {0};

    (void)state;
    assert_int_equal(asked(&demand, 5000, 60000, LANE_DEMAND_PAUSE_MS), 0);
    assert_int_equal(asked(&demand, 70000, LANE_DEMAND_FLOW_MS, 1), 0); /* many, and no more */
    assert_int_equal(asked(&demand, 90000, 1, 1), 0);
}

static void a_flow_asks_after_a_second(void **state)
{
    struct lane_demand demand = {0};

    (void)state;
    assert_int_equal(asked(&demand, 5000, 1000, 50), 0);
    assert_int_equal(asked(&demand, 6000, 1000, 50), 1);
    assert_true(demand.asked);
}

static void a_frame_each_second_is_a_flow(void **state)
{
    struct lane_demand demand = {0};

    (void)state;
    assert_int_equal(asked(&demand, 5000, 2000, 1000), 1);
}

static void questions_in_vain_become_ever_rarer(void **state)
{
    struct lane_demand demand = {0};
    unsigned first = asked(&demand, 5000, 600 * 1000, 50);
    unsigned later = asked(&demand, 605 * 1000, 3600 * 1000, 50);

    (void)state;
    assert_in_range(first, 5, 7); /* after 10 s, 20 s, ... */
    assert_in_range(later, 1, 3);
}

static void a_lane_that_was_of_use_is_asked_for_again_soon(void **state)
{
    struct lane_demand demand = {0};

    (void)state;
    (void)asked(&demand, 5000, 600 * 1000, 50);
    lane_demand_on_used(&demand);
    lane_demand_on_closed(&demand, test_at_ms(605 * 1000));
    assert_int_equal(asked(&demand, 605 * 1000, 3000, 50), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_frames_ask_for_nothing),
        cmocka_unit_test(a_flow_asks_after_a_second),
        cmocka_unit_test(a_frame_each_second_is_a_flow),
        cmocka_unit_test(questions_in_vain_become_ever_rarer),
        cmocka_unit_test(a_lane_that_was_of_use_is_asked_for_again_soon),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
