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

/* It tells the others of relays that have room, and they do not go on to trouble it, as by then
 * they know it and have neighbours enough. */
static void who_finds_no_room_is_told_of_others_and_does_not_come_again(void **state)
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
    relay_net_run(net, 5 * 60 * 1000);
    uint64_t refused = counters->neighbours_refused_all;
    assert_true(refused <= 4 * TOO_MANY); /* until they have neighbours enough */
    relay_net_run(net, 15 * 60 * 1000);
    assert_int_equal(counters->neighbours_refused_all, refused);
    relay_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_finds_no_room_is_told_of_others_and_does_not_come_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
