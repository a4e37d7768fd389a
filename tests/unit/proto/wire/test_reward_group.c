/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relays with a reward address in common are one group. */
#include "proto/wire/reward_group.h"

#include "tests/support/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void an_address_in_common_makes_a_group_also_by_way_of_others(void **state)
{
    struct reward_claim claims[] = {
        {5, "sol", "b"}, {1, "sol", "a"}, {3, "eth", "a"}, {2, "eth", "x"},
        {2, "sol", "a"}, {4, "eth", "x"}, {5, "any", "c"},
    };
    uint32_t groups[7];
    const uint32_t want[7] = {0, 1, 1, 2, 1, 3, 0};

    (void)state;
    assert_int_equal(reward_groups(groups, 7, claims, sizeof(claims) / sizeof(claims[0])), ERR_OK);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(groups[i], want[i]);
    }
    assert_int_equal(reward_groups(groups, 2, NULL, 0), ERR_OK);
    assert_int_equal(groups[0] + groups[1], 0);
    assert_int_equal(reward_groups(groups, 0, NULL, 0), ERR_OK);
}

/* Against a naive one: whoever shares an address with one of a group joins it, until nothing
 * changes. */
static void groups_of_random_claims_are_those_of_a_naive_search(void **state)
{
    enum { OWNERS = 20, CLAIMS = 24 };
    struct rng rng = {3};
    static char names[16][4];

    (void)state;
    for (size_t i = 0; i < 16; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "n%u", (unsigned)i);
    }
    for (unsigned run = 0; run < 500; run++) {
        struct reward_claim claims[CLAIMS], copy[CLAIMS];
        uint32_t groups[OWNERS], naive[OWNERS];
        bool changed = true;

        for (size_t i = 0; i < CLAIMS; i++) {
            claims[i] = (struct reward_claim){rng_below(&rng, OWNERS), names[rng_below(&rng, 2)],
                                              names[rng_below(&rng, 12)]};
        }
        memcpy(copy, claims, sizeof(copy));
        for (uint32_t i = 0; i < OWNERS; i++) {
            naive[i] = i;
        }
        while (changed) {
            changed = false;
            for (size_t a = 0; a < CLAIMS; a++) {
                for (size_t b = 0; b < CLAIMS; b++) {
                    if (strcmp(copy[a].chain, copy[b].chain) == 0 &&
                        strcmp(copy[a].address, copy[b].address) == 0 &&
                        naive[copy[a].owner] < naive[copy[b].owner]) {
                        naive[copy[b].owner] = naive[copy[a].owner];
                        changed = true;
                    }
                }
            }
        }
        assert_int_equal(reward_groups(groups, OWNERS, claims, CLAIMS), ERR_OK);
        for (size_t a = 0; a < OWNERS; a++) {
            for (size_t b = 0; b < OWNERS; b++) {
                if (groups[a] != 0 && groups[b] != 0) {
                    assert_int_equal(groups[a] == groups[b], naive[a] == naive[b]);
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_in_common_makes_a_group_also_by_way_of_others),
        cmocka_unit_test(groups_of_random_claims_are_those_of_a_naive_search),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
