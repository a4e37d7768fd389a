/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever hostile relays and hosts send, it is refused and counted, and nobody else is harmed. */
#include "tests/support/adversary_attacks.h"

#include "rendezvous/mesh/node_unproven.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ATTACK_MS = 1500 };

/* The victim knows the relays that it knew, and has them as neighbours. */
static void assert_nothing_is_lost(const struct adversary *adversary)
{
    const struct relay_core *victim = adversary->victim;
    const struct mesh_stats *mesh = mesh_stats(victim->mesh.mesh);

    assert_int_equal(mesh->nodes, ADVERSARY_RELAYS);
    assert_true(mesh->unproven <= NODE_UNPROVEN_MAX);
    for (size_t k = 1; k < ADVERSARY_RELAYS; k++) {
        assert_non_null(
            neighbour_of_key(&victim->base.neighbours, relay_net_key(adversary->town.net, k)));
    }
    assert_int_equal(victim->base.counters.store_failures, 0);
}

static void every_attack_is_refused_and_counted_and_harms_nobody_else(void **state)
{
    static struct adversary adversary;
    struct adversary_result result;

    (void)state;
    for (size_t i = 0; i < adversary_attacks_count; i++) {
        const struct adversary_attack *attack = &adversary_attacks[i];

        adversary_init(&adversary, attack);
        adversary_run(&adversary, attack, false, ATTACK_MS, &result);
        print_message("%-50s %5u messages, %5u counted, %u of %u frames lost\n", attack->name,
                      (unsigned)result.messages, (unsigned)result.counted,
                      (unsigned)result.friends_lost, (unsigned)result.friends_sent);
        assert_true(result.messages > 0);
        assert_true(result.counted > 0 || attack->metric[0] == '\0');
        assert_int_equal(result.friends_lost, 0);
        assert_nothing_is_lost(&adversary);
        adversary_fini(&adversary);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_attack_is_refused_and_counted_and_harms_nobody_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
