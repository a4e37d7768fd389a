/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which paths a conversation has, and when it changes the one in use. */
#include "client/core/core_internal.h"
#include "client/peer/life.h"
#include "client/peer/pathfinder.h"
#include "relayd/core/core.h"

#include "tests/support/alone.h"
#include "tests/support/endpoints.h"
#include "tests/support/host_fixture.h"

static void paths_of_one_peer_are_capped(void **state)
{
    struct alone *alone = *state;
    struct peer peer = {0};
    struct conversation *a = life_of(&peer, &alone->node.core->conversations, alone->now);

    assert_non_null(a);
    for (unsigned i = 0; i < 3 * PATH_TABLE_DIRECT_MAX; i++) {
        struct origin origin = {.remote = test_endpoint(i, 5000)};

        alone->now = mono_add_ms(alone->now, 1000); /* one new path may be learnt in a second */
        pathfinder_on_frame(a, &origin, true, alone->now);
        assert_true(a->paths.direct_count <= PATH_TABLE_DIRECT_MAX);
    }
    assert_int_equal(a->paths.direct_count, PATH_TABLE_DIRECT_MAX);
    for (size_t i = 0; i < a->paths.direct_count; i++) {
        a->paths.list[i]->answered = true; /* so that no path makes room for a new address */
    }
    struct origin origin = {.remote = test_endpoint(500, 5000)};

    pathfinder_on_frame(a, &origin, true, alone->now);
    for (size_t i = 0; i < a->paths.direct_count; i++) {
        assert_false(endpoint_equal(&a->paths.list[i]->remote, &origin.remote));
    }
    life_end(a);
}

static void new_addresses_are_learnt_slowly(void **state)
{
    enum { AT_ONCE = 8 };
    struct lab *lab = lab_new();
    struct peer peer = {0};
    struct mono now = lab->now;
    struct conversation *a = life_of(&peer, &lab->hosts[0].core->conversations, now);

    (void)state;
    assert_non_null(a);
    for (unsigned i = 0; i < 3 * AT_ONCE; i++) {
        struct origin origin = {.remote = test_endpoint(1 + i, 5000)};

        if (i >= 2 * AT_ONCE) {
            now = mono_add_ms(now, 500); /* so half of them are learnt */
        }
        pathfinder_on_frame(a, &origin, true, now);
        assert_true(a->paths.direct_count <= AT_ONCE + (i < 2 * AT_ONCE ? 0 : 4));
    }
    assert_int_equal(a->paths.direct_count, AT_ONCE + 4);
    life_end(a);
    lab_free(lab);
}

static void frames_on_a_path_that_is_known_cost_nothing(void **state)
{
    struct alone *alone = *state;
    struct peer peer = {0};
    struct conversation *a = life_of(&peer, &alone->node.core->conversations, alone->now);

    assert_non_null(a);
    for (unsigned i = 0; i < PATH_TABLE_DIRECT_MAX; i++) {
        struct origin origin = {.remote = test_endpoint(i, 5000)};

        alone->now = mono_add_ms(alone->now, 1000);
        for (int k = 0; k < 20; k++) {
            pathfinder_on_frame(a, &origin, true, alone->now);
        }
        assert_int_equal(a->paths.direct_count, i + 1);
    }
    life_end(a);
}

/* A cut takes all direct paths with it. If a frame still arrives on another one after the path in
 * use fell silent, the host must not wait for the death of both, one after the other. */
static void a_cut_takes_no_longer_with_two_direct_paths(void **state)
{
    struct lab *lab = lab_joined();
    struct conversation *a;
    uint64_t waited_ms = 0;

    (void)state;
    send_ping(lab, 84);
    run_ms(lab, 2000);
    a = lab->hosts[0].core->peers.list[0]->conversation;
    assert_non_null(path_table_direct(&a->paths));
    struct endpoint elsewhere = a->paths.present->remote;
    elsewhere.port++;
    struct path *other = path_table_add(&a->paths, &elsewhere, &elsewhere, false,
                                        a->shared->frame_size_full, lab->now);
    assert_non_null(other);
    *other = *a->paths.present;
    other->remote = elsewhere;
    lab->cut_direct = true;
    run_ms(lab, 2 * DELAY_MS);
    while (path_table_direct(&a->paths) != NULL) {
        send_ping(lab, 84);
        if (waited_ms == 0) {
            run_ms(lab, 5);
            other->at.received_at = lab->now;
        }
        run_ms(lab, 5);
        waited_ms += 5;
        assert_true(waited_ms < PATH_SILENCE_MS + PATH_DOUBT_MS + 4 * DELAY_MS + 50);
    }
    lab_free(lab);
}

/* After a while without traffic the mappings of the NATs may be gone. So the first packet takes the
 * relay and arrives, and the direct path is pinged before it is trusted. */
static void the_first_packet_after_a_long_silence_arrives(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    send_ping(lab, 84);
    run_ms(lab, 1000);
    assert_string_equal(state_of_nas(lab), "direct");
    run_ms(lab, 160 * 1000); /* keepalives have ended, the session is still good */
    lab->cut_direct = true;
    next_ping_arrives(lab, 84, 200);
    lab_free(lab);
}

/* Host 0 pings nas for s seconds, or until it says that nas is in this state. */
static void ping_until(struct lab *lab, const char *state, unsigned s)
{
    for (unsigned i = 0; i < 5 * s && strcmp(state_of_nas(lab), state) != 0; i++) {
        send_ping(lab, 84);
        run_ms(lab, 200);
    }
}

static struct punch_stats punches(struct lab *lab)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(lab->relay.core, &snapshot, lab->now);
    return snapshot.punch;
}

static void a_direct_path_is_counted_when_it_comes_and_when_it_goes(void **state)
{
    struct lab *lab = lab_joined();
    const struct host_counters *stats = &lab->hosts[0].core->dataplane.counters;

    (void)state;
    lab->cut_direct = true;
    ping_until(lab, "direct", 8);
    assert_int_equal(stats->direct_established + stats->direct_lost, 0);
    assert_int_equal(punches(lab).direct, 0);
    assert_int_equal(punches(lab).failed, 1);
    lab->cut_direct = false;
    ping_until(lab, "direct", 20);
    assert_int_equal(stats->direct_established, 1);
    assert_int_equal(stats->direct_lost, 0);
    assert_true(punches(lab).direct > 0);
    lab->cut_direct = true;
    ping_until(lab, "relayed", 3);
    assert_string_equal(state_of_nas(lab), "relayed");
    assert_int_equal(stats->direct_established, 1);
    assert_int_equal(stats->direct_lost, 1);
    lab->cut_direct = false;
    ping_until(lab, "direct", 20);
    assert_int_equal(stats->direct_established, 2);
    lab_free(lab);
}

static void a_host_without_a_relay_does_not_spin(void **state)
{
    struct lab *lab = lab_relayed();

    (void)state;
    relay_node_stop(&lab->relay);
    send_pings(lab, 600, 100); /* until the session to the relay is given up, and beyond */
    assert_false(ziglan_at(lab, 0)->entry_point->open);
    assert_non_null(conversation_at(lab, 0)->sessions.current);
    size_t turns = lab->street.turns;
    punch_retry_reset(&conversation_at(lab, 0)->punching.retry, lab->now);
    send_pings(lab, 50, 100);
    assert_true(lab->street.turns - turns <
                1000); /* a host that spins has one in each millisecond */
    lab_free(lab);
}

/* As if there had been no memory for the path when the conversation began. */
static void a_relay_that_no_path_leads_over_is_found_again(void **state)
{
    struct lab *lab = lab_relayed();
    struct conversation *a = conversation_at(lab, 0);

    (void)state;
    path_table_forget_relay(&a->paths, ziglan_at(lab, 0)->entry_point);
    assert_null(path_table_present(&a->paths));
    size_t before = lab->hosts[1].delivered;
    ping_until(lab, "relayed", 3);
    send_ping(lab, 84);
    run_ms(lab, 3000);
    send_ping(lab, 84);
    run_ms(lab, 200);
    assert_true(lab->hosts[1].delivered > before);
    lab_free(lab);
}

static void a_relay_becomes_a_path_of_those_whom_its_ziglan_knows_only(void **state)
{
    struct alone *alone = *state;
    struct host_core *core = alone->node.core;
    struct ziglan *others = alone_ziglan();
    struct relay_session of_none = {.open = true};
    struct peer peer = {.key = {7}};
    struct conversation *a = life_of(&peer, &core->conversations, alone->now);
    struct origin origin = {.relay = others->entry_point, .source_key = peer.key};

    assert_non_null(a);
    TAILQ_INSERT_TAIL(&core->ziglans.head, others, in_list);
    pathfinder_on_frame(a, &origin, true, alone->now);
    assert_null(path_table_find_relay(&a->paths, others->entry_point));
    origin.relay = &of_none;
    pathfinder_on_frame(a, &origin, true, alone->now);
    assert_non_null(path_table_find_relay(&a->paths, &of_none));
    TAILQ_REMOVE(&core->ziglans.head, others, in_list);
    life_end(a);
    free(others);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(paths_of_one_peer_are_capped, alone_new, alone_free),
        cmocka_unit_test(new_addresses_are_learnt_slowly),
        cmocka_unit_test_setup_teardown(frames_on_a_path_that_is_known_cost_nothing, alone_new,
                                        alone_free),
        cmocka_unit_test(a_cut_takes_no_longer_with_two_direct_paths),
        cmocka_unit_test(the_first_packet_after_a_long_silence_arrives),
        cmocka_unit_test(a_direct_path_is_counted_when_it_comes_and_when_it_goes),
        cmocka_unit_test(a_host_without_a_relay_does_not_spin),
        cmocka_unit_test(a_relay_that_no_path_leads_over_is_found_again),
        cmocka_unit_test_setup_teardown(a_relay_becomes_a_path_of_those_whom_its_ziglan_knows_only,
                                        alone_new, alone_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
