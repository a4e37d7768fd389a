/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fixed addresses of peers. */
#include "client/core/core_internal.h"
#include "client/peer/peer.h"

#include "tests/support/alone.h"
#include "tests/support/fixture.h"

/* A fixed address is the same everywhere, so the first host that claims it keeps it. Those of this
 * host are its own from the start. An address that a member no longer claims is free for others. */
static void fixed_addresses_are_claimed_once(void **state)
{
    static const uint8_t own[EUI64_SIZE] = {2, 0, 0, 0xff, 0xfe, 0, 0, 9};
    static const uint8_t other[EUI64_SIZE] = {2, 0, 0, 0xff, 0xfe, 0, 0, 8};
    static const uint8_t none[EUI64_SIZE];
    struct alone *alone = *state;
    struct ziglan *ziglan = alone_ziglan();
    struct roster_member greedy = alone_member(1);
    struct roster_member honest = alone_member(2);

    assert_non_null(ziglan);
    memcpy(alone->node.cfg.fixed[0], own, EUI64_SIZE);
    alone->node.cfg.fixed_count = 1;
    host_node_start(&alone->node, alone->now);
    greedy.eui64_count = 2;
    memcpy(greedy.eui64s[0], own, EUI64_SIZE);
    memcpy(greedy.eui64s[1], other, EUI64_SIZE);
    const struct peer *peer = peer_learn(&alone->node.core->peers, ziglan, &greedy);
    assert_non_null(peer);
    assert_memory_equal(peer->pair.peer.fixed[0], none, EUI64_SIZE);
    assert_memory_equal(peer->pair.peer.fixed[1], other, EUI64_SIZE);

    greedy.eui64_count = 0;
    assert_non_null(peer_learn(&alone->node.core->peers, ziglan, &greedy));
    honest.eui64_count = 1;
    memcpy(honest.eui64s[0], other, EUI64_SIZE);
    peer = peer_learn(&alone->node.core->peers, ziglan, &honest);
    assert_memory_equal(peer->pair.peer.fixed[0], other, EUI64_SIZE);
    free(ziglan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fixed_addresses_are_claimed_once, alone_new, alone_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
