/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The changes that a shell with one prefix for each peer is told. */
#include "client/core/membership.h"
#include "client/peer/peer_prefix.h"

#include "tests/support/alone.h"
#include "tests/support/fixture.h"

/* Whenever the shell has polled all changes, it has one prefix for each peer. */
static void prefixes_follow_the_peers_however_they_change_places(void **state)
{
    enum { KEYS = 12, STEPS = 4000 };
    struct alone *alone = *state;
    struct host_core *core = alone->node.core;
    struct ziglan *ziglan = alone_ziglan();
    bool present[KEYS] = {false};
    bool has_prefix[KEYS] = {false};
    struct host_prefix prefix;

    assert_non_null(ziglan);
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t i = env_random_below(&alone->ports.env, KEYS);
        struct roster_member member = alone_member(i);

        if (present[i]) {
            membership_on_effect(core, ziglan, ROSTER_EFFECT_REMOVED, member.key, alone->now);
        } else {
            assert_non_null(peer_learn(&core->peers, ziglan, &member));
        }
        present[i] = !present[i];
        if (env_random_below(&alone->ports.env, 4) != 0) {
            continue; /* the shell is busy */
        }
        if (env_random_below(&alone->ports.env, 8) == 0) { /* somebody took all prefixes away */
            memset(has_prefix, 0, sizeof(has_prefix));
            host_core_prefixes_again(core);
        }
        while (host_core_prefix(core, &prefix)) {
            uint32_t k = 0;

            while (memcmp(alone_member(k).ip6, prefix.v6, sizeof(prefix.v6)) != 0) {
                k++;
                assert_true(k < KEYS);
            }
            has_prefix[k] = prefix.wanted;
        }
        assert_memory_equal(has_prefix, present, sizeof(has_prefix));
    }
    assert_true(core->peers.count <= KEYS);
    free(ziglan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(prefixes_follow_the_peers_however_they_change_places,
                                        alone_new, alone_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
