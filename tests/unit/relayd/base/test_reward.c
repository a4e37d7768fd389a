/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which reward address an application is told. */
#include "relayd/base/reward.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void an_application_is_told_the_address_of_its_own_chain_else_the_general_one(void **state)
{
    static const struct {
        const char *app, *address;
    } rows[] = {
        {"sol", "s"}, {"sol:gossip", "s"}, {"sol.turbine", "s"}, {"sol/x", "s"},
        {"eth", "e"}, {"solana", "a"},     {"so", "a"},          {"chess", "a"},
        {"any", "a"}, {":sol", "a"},       {"sol-x", "a"},       {"ethereum:sol", "a"},
    };
    struct rewards rewards = {
        .list = {{.chain = "eth", .address = "e"},
                 {.chain = "any", .address = "a"},
                 {.chain = "sol", .address = "s"}},
        .count = 3,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(reward_for(&rewards, rows[i].app)->address, rows[i].address);
    }
    rewards.count = 1;
    assert_null(reward_for(&rewards, "sol"));
    assert_string_equal(reward_for(&rewards, "eth:x")->address, "e");
    rewards.count = 0;
    assert_null(reward_for(&rewards, "eth"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_application_is_told_the_address_of_its_own_chain_else_the_general_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
