/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lanes over a restart of the relay: who keeps them, who gets them back, and what is never kept. */
#include "relayd/core/core_internal.h"
#include "relayd/service/lane_kept.h"

#include "tests/support/fixture.h"
#include "tests/support/lane_fixture.h"

#include <stdlib.h>

enum { STOP_MS = 250 }; /* from the goodbye to the end of the program */

static void bind_both(struct world *w, struct lane_host *a, struct lane_host *b)
{
    lane_host_bind(w, a);
    lane_host_bind(w, b);
}

static void assert_passes(struct world *w, const struct lane_host *a, const struct lane_host *b)
{
    lane_host_data_send(w, a, 1);
    lane_host_assert_data(w, b, 1);
    lane_host_data_send(w, b, 2);
    lane_host_assert_data(w, a, 2);
}

/* Two members with a lane that is bound; the relay says goodbye. */
static struct world *stopping(struct lane_host *a, struct lane_host *b)
{
    struct world *w = lane_hosts_of_two(a, b);

    bind_both(w, a, b);
    relay_core_shutdown(w->relay.core, 350, true, w->now);
    world_run(w, 20);
    return w;
}

static struct world *restarted(struct lane_host *a, struct lane_host *b)
{
    struct world *w = stopping(a, b);

    world_run(w, STOP_MS);
    assert_int_equal(relay_node_restart(&w->relay, w->now), 1);
    return w;
}

static uint32_t lanes(const struct world *w)
{
    return lane_table_count(&w->relay.core->lane.table);
}

/* Client 0 asks, and hears of the lane that it has. */
static void assert_told(struct world *w, const struct lane_host *a)
{
    const Ziglan__Control *got;

    client_forget(&w->clients[0]);
    lane_ask(&w->clients[0], &w->clients[1]);
    world_run(w, 50);
    got = client_got(w, &w->clients[0], ZIGLAN__CONTROL__BODY_LANE_OPENED);
    assert_non_null(got);
    assert_int_equal(got->lane_opened->label, a->label);
    assert_memory_equal(got->lane_opened->secret.data, a->secret, LANE_SECRET_SIZE);
}

static void sessions_are_told_how_long_their_lanes_are_kept(void **state)
{
    struct lane_host a, b;
    struct world *w = stopping(&a, &b);
    const Ziglan__Control *got = client_got(w, &w->clients[0], ZIGLAN__CONTROL__BODY_GO_AWAY);

    (void)state;
    assert_int_equal(got->go_away->reason, GOAWAY_SHUTDOWN);
    assert_int_equal(got->go_away->lanes_ms, LANES_KEPT_MS);
    assert_int_equal(client_count(w, &w->clients[0], ZIGLAN__CONTROL__BODY_LANE_CLOSED), 0);
    world_free(w);
}

static void without_a_next_program_all_lanes_are_closed(void **state)
{
    struct lane_host a, b;
    struct world *w = lane_hosts_of_two(&a, &b);
    size_t size;

    (void)state;
    bind_both(w, &a, &b);
    relay_core_shutdown(w->relay.core, 350, false, w->now);
    world_run(w, 20);
    assert_int_equal(lanes(w), 0);
    assert_int_equal(
        client_got(w, &w->clients[0], ZIGLAN__CONTROL__BODY_GO_AWAY)->go_away->lanes_ms, 0);
    assert_null(relay_core_lanes_save(w->relay.core, &size));
    world_free(w);
}

static void frames_pass_while_no_session_is_there(void **state)
{
    struct lane_host a, b;
    struct world *w = stopping(&a, &b);

    (void)state;
    assert_passes(w, &a, &b);
    world_run(w, STOP_MS);
    assert_true(relay_core_stopped(w->relay.core));
    assert_passes(w, &a, &b);
    assert_int_equal(relay_node_restart(&w->relay, w->now), 1);
    assert_passes(w, &a, &b);
    assert_int_equal(world_counters(w).lane_frames, 2);
    assert_int_equal(world_counters(w).forwarded_bytes, 2 * FRAME_SIZE);
    world_free(w);
}

static void who_moves_meanwhile_is_bound_again(void **state)
{
    uint8_t cookie[LANE_COOKIE_SIZE];
    struct lane_host a, b, before;
    struct world *w = restarted(&a, &b);

    (void)state;
    before = a;
    before.nonce--;
    lane_host_bind_send(w, &before, NULL);
    assert_int_equal(w->loose_count, 0); /* the last one once more: it counts once, here too */
    a.at.port++;
    lane_host_data_send(w, &a, 1);
    lane_host_challenged(w, &a, cookie);
    lane_host_bind_send(w, &a, cookie);
    assert_true(lane_host_is_bound(w, &a));
    assert_passes(w, &a, &b);
    world_free(w);
}

static void a_host_that_is_back_has_its_lane(void **state)
{
    struct lane_host a, b;
    struct world *w = restarted(&a, &b);

    (void)state;
    client_dial(w, &w->clients[0]);
    assert_told(w, &a); /* the other one is not back */
    assert_passes(w, &a, &b);
    client_forget(&w->clients[1]);
    client_dial(w, &w->clients[1]);
    assert_told(w, &a);
    assert_int_equal(client_count(w, &w->clients[1], ZIGLAN__CONTROL__BODY_LANE_INCOMING), 0);
    world_run(w, 2 * LANES_KEPT_MS);
    assert_int_equal(lanes(w), 1);
    assert_passes(w, &a, &b);
    assert_int_equal(world_counters(w).lanes_opened, 1);
    assert_int_equal(world_counters(w).lanes_closed, 0);
    link_hub_close(w->clients[0].hub, w->clients[0].handle, 0, "", w->now);
    world_run(w, 100); /* and it ends as any other does */
    assert_int_equal(lanes(w), 0);
    world_free(w);
}

/* So many bytes that this client sent and got are in the account of the relay. */
static void assert_used(struct world *w, int i, uint64_t bytes)
{
    struct directory_use use;

    assert_int_equal(use_of(&w->relay.core->use, w->clients[i].identity.public_key, &use),
                     VERDICT_OK);
    assert_int_equal(use.rx_bytes, bytes);
    assert_int_equal(use.tx_bytes, bytes);
}

static void what_was_forwarded_meanwhile_counts_as_theirs(void **state)
{
    struct lane_host a, b;
    struct world *w = stopping(&a, &b);

    (void)state;
    assert_passes(w, &a, &b);
    world_run(w, STOP_MS);
    relay_core_end(w->relay.core, w->now); /* what is written is what came until now */
    assert_int_equal(relay_node_restart(&w->relay, w->now), 1);
    assert_used(w, 0, FRAME_SIZE);
    assert_passes(w, &a, &b);
    client_dial(w, &w->clients[0]);
    assert_used(w, 0, 2 * FRAME_SIZE);
    world_run(w, LANES_KEPT_MS); /* the other one does not come back */
    assert_used(w, 1, 2 * FRAME_SIZE);
    world_free(w);
}

static void a_lane_whose_hosts_do_not_both_come_back_is_closed(void **state)
{
    struct lane_host a, b;
    struct world *w = restarted(&a, &b);
    const Ziglan__Control *got;

    (void)state;
    client_dial(w, &w->clients[0]);
    world_run(w, LANES_KEPT_MS - 2000);
    assert_int_equal(lanes(w), 1);
    world_run(w, 2000);
    assert_int_equal(lanes(w), 0);
    got = client_got(w, &w->clients[0], ZIGLAN__CONTROL__BODY_LANE_CLOSED);
    assert_non_null(got);
    assert_int_equal(got->lane_closed->label, a.label);
    client_dial(w, &w->clients[1]);
    lane_hosts_open(w, &a, &b); /* another one, as ever */
    bind_both(w, &a, &b);
    assert_passes(w, &a, &b);
    world_free(w);
}

static void two_restarts_in_a_row_keep_it(void **state)
{
    struct lane_host a, b;
    struct world *w = restarted(&a, &b);

    (void)state;
    client_dial(w, &w->clients[0]); /* one is back in between, the other is not */
    relay_core_shutdown(w->relay.core, 350, true, w->now);
    world_run(w, STOP_MS);
    assert_int_equal(relay_node_restart(&w->relay, w->now), 1);
    assert_passes(w, &a, &b);
    client_dial(w, &w->clients[0]);
    client_dial(w, &w->clients[1]);
    assert_told(w, &a);
    world_free(w);
}

static void who_is_revoked_has_none(void **state)
{
    struct lane_host a, b;
    struct world *w = restarted(&a, &b);
    struct who_fits fits;

    (void)state;
    assert_int_equal(operator_revoke(&w->relay.core->operator_verbs, "host1", &fits, w->now),
                     VERDICT_OK);
    assert_int_equal(lanes(w), 0);
    world_free(w);
    w = stopping(&a, &b); /* and neither, if that happens as the program ends */
    world_run(w, STOP_MS);
    assert_int_equal(
        directory_revoke(w->relay.core->base.directory, w->clients[1].identity.public_key),
        VERDICT_OK);
    assert_int_equal(relay_node_restart(&w->relay, w->now), 0);
    assert_int_equal(lanes(w), 0);
    world_free(w);
}

static void what_is_not_kept_is_closed_before_the_goodbye(void **state)
{
    struct lane_host a, b;
    struct world *w = lane_hosts_of_two(&a, &b);
    const Ziglan__Control *got;
    size_t size;

    (void)state;
    lane_host_bind(w, &a); /* the other end is not bound */
    relay_core_shutdown(w->relay.core, 350, true, w->now);
    world_run(w, 20);
    assert_int_equal(lanes(w), 0);
    got = client_got(w, &w->clients[0], ZIGLAN__CONTROL__BODY_LANE_CLOSED);
    assert_non_null(got);
    assert_int_equal(got->lane_closed->label, a.label);
    got = client_got(w, &w->clients[0], ZIGLAN__CONTROL__BODY_GO_AWAY);
    assert_int_equal(got->go_away->lanes_ms, 0);
    assert_null(relay_core_lanes_save(w->relay.core, &size));
    world_free(w);
}

static void what_is_too_old_or_no_list_of_lanes_is_left_out(void **state)
{
    struct lane_host a, b;
    struct world *w = stopping(&a, &b);
    size_t size;
    uint8_t *bytes = relay_core_lanes_save(w->relay.core, &size);
    struct mono late = mono_add_ms(w->now, LANES_KEPT_MS);
    struct mono early = {w->now.ns - 1000 * NS_PER_MS}; /* of another start of the machine */

    (void)state;
    assert_int_equal(size, LANES_KEPT_HEAD_SIZE + LANE_KEPT_SIZE);
    relay_node_stop(&w->relay);
    world_core_start(w);
    assert_int_equal(relay_core_lanes_load(w->relay.core, bytes, size, late), 0);
    assert_int_equal(relay_core_lanes_load(w->relay.core, bytes, size, early), 0);
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(relay_core_lanes_load(w->relay.core, bytes, cut, w->now), 0);
    }
    bytes[3]++; /* another version */
    assert_int_equal(relay_core_lanes_load(w->relay.core, bytes, size, w->now), 0);
    bytes[3]--;
    assert_int_equal(relay_core_lanes_load(w->relay.core, bytes, size, w->now), 1);
    assert_int_equal(relay_core_lanes_load(w->relay.core, bytes, size, w->now), 0); /* it is here */
    assert_int_equal(lanes(w), 1);
    free(bytes);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_are_told_how_long_their_lanes_are_kept),
        cmocka_unit_test(without_a_next_program_all_lanes_are_closed),
        cmocka_unit_test(frames_pass_while_no_session_is_there),
        cmocka_unit_test(who_moves_meanwhile_is_bound_again),
        cmocka_unit_test(a_host_that_is_back_has_its_lane),
        cmocka_unit_test(what_was_forwarded_meanwhile_counts_as_theirs),
        cmocka_unit_test(a_lane_whose_hosts_do_not_both_come_back_is_closed),
        cmocka_unit_test(two_restarts_in_a_row_keep_it),
        cmocka_unit_test(who_is_revoked_has_none),
        cmocka_unit_test(what_is_not_kept_is_closed_before_the_goodbye),
        cmocka_unit_test(what_is_too_old_or_no_list_of_lanes_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
