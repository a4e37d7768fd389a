/* SPDX-License-Identifier: GPL-3.0-or-later */
/* More relays name one of them as their peer than it has room for. */
#include "tests/support/relay_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { TOO_MANY = 3 };

static bool all_know_all(const struct relay_net *net)
{
    for (size_t i = 0; i < net->count; i++) {
        if (mesh_stats(net->nodes[i].core->mesh.mesh)->nodes < net->count) {
            return false;
        }
    }
    return true;
}

/* It tells the others of relays that have room, and they do not go on to trouble it. */
static void who_finds_no_room_is_told_of_others_and_comes_ever_less(void **state)
{
    struct relay_net *net = relay_net_new(NEIGHBOURS_ACCEPTED_MAX + 1 + TOO_MANY, 16);
    const struct relay_counters *counters;
    unsigned s = 0;

    (void)state;
    relay_net_peers(net);
    relay_net_start(net);
    counters = &net->nodes[0].core->base.counters;
    for (; s < 180 && !all_know_all(net); s++) {
        relay_net_run(net, 1000);
    }
    print_message("%u relays know each other after %u s\n", (unsigned)net->count, s);
    assert_true(all_know_all(net));
    assert_true(counters->neighbours_refused_all >= TOO_MANY);
    relay_net_run(net, 600000);
    /* At about 0, 1, 3 and 7 minutes, and once more by chance. */
    assert_true(counters->neighbours_refused_all <= 5 * TOO_MANY);
    relay_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_finds_no_room_is_told_of_others_and_comes_ever_less),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
