/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a NAT chooses ports, as a few samples of one socket show it. */
#include "client/netcheck/nat_facts.h"

#include "tests/support/fixture.h"

#include <string.h>

enum { PORTS_MAX = 6 };

static const struct {
    const char *name;
    uint16_t ports[PORTS_MAX];
    enum nat_ports kind;
    uint16_t step;
} rows[] = {
    {"each port is the next one", {20000, 20001, 20002, 20003}, NAT_PORTS_STEP, 1},
    {"others took some", {20000, 20012, 20016, 20024}, NAT_PORTS_STEP, 4},
    {"they took 20 while the measurement paused", {20000, 20080, 20084, 20088}, NAT_PORTS_STEP, 4},
    {"they took 64 then", {20000, 20256, 20260, 20264}, NAT_PORTS_STEP, 4},
    {"more than that", {20000, 20260, 20264, 20268}, NAT_PORTS_RANGE, 0},
    {"there is one pause, not two", {20000, 20080, 20160, 20164}, NAT_PORTS_RANGE, 0},
    {"a port between two steps", {20000, 20004, 20010, 20014}, NAT_PORTS_RANGE, 0},
    {"one is lower", {20000, 20004, 20003, 20008}, NAT_PORTS_RANGE, 0},
    {"a step that is too large", {20000, 20040, 20080, 20120}, NAT_PORTS_RANGE, 0},
    {"anywhere", {20000, 41000, 5000, 60000}, NAT_PORTS_RANDOM, 0},
};

static void steps_are_told_from_ports_by_no_rule(void **state)
{
    const struct endpoint local = endpoint_v4((const uint8_t[4]){10, 0, 0, 2}, 40000);

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct nat_sample samples[PORTS_MAX];
        struct nat_facts facts;
        size_t count = 0;

        for (; rows[i].ports[count] != 0; count++) {
            samples[count] = (struct nat_sample){
                .socket = 40000,
                .remote = endpoint_v4((const uint8_t[4]){192, 0, 2, (uint8_t)(count / 2)},
                                      (uint16_t)(4433 + count % 2)),
                .mapped = endpoint_v4((const uint8_t[4]){203, 0, 113, 7}, rows[i].ports[count]),
                .order = (uint32_t)count};
        }
        nat_facts_judge(&facts, &local, samples, count);
        print_message("%s: %d, step %u\n", rows[i].name, (int)facts.ports, facts.step);
        assert_int_equal(facts.ports, rows[i].kind);
        assert_int_equal(facts.step, rows[i].step);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_told_from_ports_by_no_rule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
