/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two hosts that stay relayed, a relay, and the lane that they use. */
#include "client/core/core_internal.h"
#include "client/peer/lanes.h"
#include "relayd/core/core_internal.h"
#include "tests/support/host_fixture.h"

enum { EVERY_MS = 20 };

static struct path *lane_at(struct lab *lab, size_t host)
{
    struct path_table *paths = &conversation_at(lab, host)->paths;

    for (size_t i = 0; i < paths->count; i++) {
        if (paths->list[i]->kind == PATH_KIND_LANE) {
            return paths->list[i];
        }
    }
    return NULL;
}

static bool on_lane(struct lab *lab, size_t host)
{
    struct path *lane = lane_at(lab, host);

    return lane != NULL && conversation_at(lab, host)->paths.present == lane;
}

/* Both send a packet each EVERY_MS; the longest time in which one of them got none. */
static unsigned longest_gap_ms(struct lab *lab, unsigned for_ms)
{
    unsigned gap_ms[HOSTS] = {0}, most_ms = 0;

    for (unsigned ms = 0; ms < for_ms; ms += EVERY_MS) {
        size_t before[HOSTS] = {lab->hosts[0].delivered, lab->hosts[1].delivered};

        send_ping_between(lab, 0, "nas", 500);
        send_ping_between(lab, 1, "anna", 500);
        run_ms(lab, EVERY_MS);
        for (size_t i = 0; i < HOSTS; i++) {
            gap_ms[i] = lab->hosts[i].delivered > before[i] ? 0 : gap_ms[i] + EVERY_MS;
            most_ms = gap_ms[i] > most_ms ? gap_ms[i] : most_ms;
        }
    }
    return most_ms;
}

/* How many of the packets that this host got in so long were not there, of one each EVERY_MS. */
static unsigned lost_ms(struct lab *lab, size_t host, unsigned for_ms)
{
    size_t before = lab->hosts[host].delivered;

    (void)longest_gap_ms(lab, for_ms);
    return for_ms - (unsigned)(lab->hosts[host].delivered - before) * EVERY_MS;
}

/* Two hosts that stay relayed, and are configured to use lanes. */
static struct lab *lab_with_lanes(void)
{
    struct lab *lab = lab_relayed();

    for (size_t i = 0; i < HOSTS; i++) {
        lab->hosts[i].core->conversations.lanes = true;
    }
    return lab;
}

/* Two hosts whose packets go on a lane. */
static struct lab *lab_on_lane(void)
{
    struct lab *lab = lab_with_lanes();

    assert_true(longest_gap_ms(lab, 3000) <= 2 * EVERY_MS);
    assert_true(on_lane(lab, 0));
    assert_true(on_lane(lab, 1));
    return lab;
}

static struct relay_counters relay_counters(const struct lab *lab)
{
    return lab->relay.core->base.counters;
}

static void who_stays_relayed_uses_a_lane_and_loses_nothing(void **state)
{
    struct lab *lab = lab_on_lane();
    const struct peer *peer = conversation_at(lab, 1)->peer;
    uint64_t direct = peer->traffic.rx_direct_packets;
    uint64_t relayed = peer->traffic.rx_relayed_packets;
    uint64_t lane_frames = relay_counters(lab).lane_frames;
    size_t delivered = lab->hosts[1].delivered;

    (void)state;
    assert_true(longest_gap_ms(lab, 2000) <= EVERY_MS);
    assert_int_equal(lab->hosts[1].delivered - delivered, 2000 / EVERY_MS);
    assert_true(relay_counters(lab).lane_frames - lane_frames >= 2 * 2000 / EVERY_MS - 2);
    assert_string_equal(state_of_nas(lab), "relayed"); /* and it is no direct path */
    assert_int_equal(peer->traffic.rx_direct_packets, direct);
    assert_int_equal(peer->traffic.rx_relayed_packets - relayed, 2000 / EVERY_MS);
    assert_int_equal(relay_counters(lab).lanes_opened, 1);
    lab_free(lab);
}

static void a_few_packets_make_no_lane(void **state)
{
    struct lab *lab = lab_with_lanes();

    (void)state;
    send_pings(lab, 20, LANE_DEMAND_PAUSE_MS);
    assert_null(lane_at(lab, 0));
    assert_int_equal(relay_counters(lab).lanes_opened, 0);
    lab_free(lab);
}

static void a_lane_that_is_blocked_is_left_within_300_ms_and_found_again(void **state)
{
    struct lab *lab = lab_on_lane();

    (void)state;
    lab->cut_lanes = true;
    assert_in_range(longest_gap_ms(lab, 3000), 100, 300);
    assert_false(on_lane(lab, 0));
    assert_false(on_lane(lab, 1));
    assert_string_equal(state_of_nas(lab), "relayed");
    lab->cut_lanes = false;
    assert_true(longest_gap_ms(lab, 10000) <= 2 * EVERY_MS);
    assert_true(on_lane(lab, 0));
    assert_true(on_lane(lab, 1));
    lab_free(lab);
}

static void what_is_sent_while_a_lane_is_doubted_arrives_once(void **state)
{
    struct lab *lab = lab_on_lane();
    uint64_t frames = relay_counters(lab).forwarded_frames;

    (void)state;
    assert_int_equal(lost_ms(lab, 0, 2000), 0); /* nothing goes twice without need */
    assert_true(relay_counters(lab).forwarded_frames - frames < 2 * 2000 / EVERY_MS + 60);
    lab->cut_lanes = true;
    assert_in_range(lost_ms(lab, 0, 2000), 60, 140); /* for so long the silence meant nothing */
    lab->cut_lanes = false;
    assert_int_equal(lost_ms(lab, 0, 10000), 0);
    assert_true(on_lane(lab, 0));
    lab->cut_lanes = true;
    assert_in_range(lost_ms(lab, 1, 2000), 60, 140);
    lab_free(lab);
}

/* A peer that only listens answers pings: that it sends nothing else is no reason for doubt. */
static void a_flow_in_one_direction_goes_once(void **state)
{
    struct lab *lab = lab_on_lane();
    uint64_t by_session = 0;

    (void)state;
    for (unsigned ms = 0; ms < 4000; ms += EVERY_MS) {
        if (ms == 2000) { /* until then it is learnt that the peer is silent now */
            by_session = relay_counters(lab).forwarded_frames - relay_counters(lab).lane_frames;
        }
        send_ping_between(lab, 0, "nas", 500);
        run_ms(lab, EVERY_MS);
    }
    assert_true(on_lane(lab, 0));
    by_session =
        relay_counters(lab).forwarded_frames - relay_counters(lab).lane_frames - by_session;
    assert_true(by_session < 5);
    lab_free(lab);
}

static void where_bare_datagrams_do_not_pass_the_session_goes_on(void **state)
{
    struct lab *lab = lab_with_lanes();

    (void)state;
    lab->cut_lanes = true;
    assert_true(longest_gap_ms(lab, 60000) <= 2 * EVERY_MS);
    assert_false(on_lane(lab, 0));
    assert_true(relay_counters(lab).lane_bound == 0);
    /* What was in vain is tried ever more rarely, by both. */
    assert_int_equal(relay_counters(lab).lanes_opened, 1);
    assert_true(conversation_at(lab, 0)->lane_demand.failures >= 2);
    lab_free(lab);
}

static void a_mapping_that_moves_costs_a_round_trip(void **state)
{
    struct lab *lab = lab_on_lane();
    uint64_t bound = relay_counters(lab).lane_bound;

    (void)state;
    lab->hosts[0].address.port++;
    assert_in_range(longest_gap_ms(lab, 1000), 0, 100);
    assert_true(on_lane(lab, 0));
    assert_true(relay_counters(lab).lane_bound > bound);
    assert_true(relay_counters(lab).drop_lane_moved > 0);
    lab_free(lab);
}

static void a_direct_path_goes_before_a_lane(void **state)
{
    struct lab *lab = lab_on_lane();

    (void)state;
    lab->cut_direct = false;
    for (int i = 0; i < 60 && strcmp(state_of_nas(lab), "direct") != 0; i++) {
        assert_true(longest_gap_ms(lab, 1000) <= 2 * EVERY_MS);
    }
    assert_string_equal(state_of_nas(lab), "direct");
    assert_false(on_lane(lab, 0));
    lab->cut_direct = true; /* and the lane is there when it is lost */
    assert_in_range(longest_gap_ms(lab, 2000), 100, 340);
    assert_true(longest_gap_ms(lab, 3000) <= 2 * EVERY_MS);
    assert_true(on_lane(lab, 0));
    lab_free(lab);
}

static void a_relay_that_was_restarted_opens_another(void **state)
{
    struct lab *lab = lab_on_lane();

    (void)state;
    relay_node_stop(&lab->relay);
    start_relay(lab);
    (void)longest_gap_ms(lab, 10000);
    assert_true(longest_gap_ms(lab, 3000) <= 2 * EVERY_MS);
    assert_true(on_lane(lab, 0));
    assert_true(on_lane(lab, 1));
    assert_int_equal(relay_counters(lab).lanes_opened, 1); /* by the new one */
    lab_free(lab);
}

static void a_lane_that_is_idle_for_long_is_closed_and_opened_again(void **state)
{
    struct lab *lab = lab_on_lane();

    (void)state;
    run_ms(lab, 20 * 60 * 1000);
    assert_int_equal(lane_table_count(&lab->relay.core->lane.table), 0);
    send_ping(lab, 84);
    run_ms(lab, 1000);
    assert_null(lane_at(lab, 0));
    assert_true(longest_gap_ms(lab, 4000) <= 100);
    assert_true(on_lane(lab, 0));
    lab_free(lab);
}

static void what_is_no_answer_of_a_relay_is_counted(void **state)
{
    struct lab *lab = lab_on_lane();
    struct host_node *host = &lab->hosts[0];
    uint64_t before = host->core->dataplane.counters.foreign_dropped;
    uint8_t bytes[LANE_BIND_SIZE] = {0};
    struct dgram in = {.remote = lab->relay.address, .data = bytes};

    (void)state;
    for (unsigned type = FRAME_LANE_FIRST; type <= FRAME_LANE_LAST; type++) {
        for (in.size = 1; in.size <= sizeof(bytes); in.size++) {
            memset(bytes, 0, sizeof(bytes));
            bytes[0] = (uint8_t)type;
            (void)host_node_receive(host, &in, lab->now);
        }
    }
    assert_int_equal(host->core->dataplane.counters.foreign_dropped - before, 16 * LANE_BIND_SIZE);
    assert_true(on_lane(lab, 0));
    lab_free(lab);
}

/* The relay's program ends, and so long later the next one is there. */
static unsigned gap_over_restart(struct lab *lab, unsigned down_ms)
{
    unsigned gap_ms, later_ms;

    relay_core_shutdown(lab->relay.core, 350, true, lab->now);
    gap_ms = longest_gap_ms(lab, 260);
    lab->cut_lanes = true; /* it is not there */
    (void)longest_gap_ms(lab, down_ms);
    lab->cut_lanes = false;
    assert_int_equal(relay_node_restart(&lab->relay, lab->now), 1);
    later_ms = longest_gap_ms(lab, 5000);
    return down_ms + (gap_ms > later_ms ? gap_ms : later_ms);
}

static void a_relay_that_starts_anew_keeps_the_lane(void **state)
{
    struct lab *lab = lab_on_lane();
    uint64_t label = lane_at(lab, 0)->lane.label;

    (void)state;
    assert_true(gap_over_restart(lab, 60) <= 100);
    assert_true(on_lane(lab, 0));
    assert_true(on_lane(lab, 1));
    assert_int_equal(lane_at(lab, 0)->lane.label, label);
    assert_true(gap_over_restart(lab, 400) <= 500); /* suspect meanwhile, since nothing answered */
    assert_int_equal(lane_at(lab, 0)->lane.label, label);
    assert_int_equal(relay_counters(lab).lanes_closed, 0);
    lab_free(lab);
}

static void a_relay_that_comes_back_elsewhere_keeps_it_too(void **state)
{
    struct lab *lab = lab_on_lane();
    uint64_t label = lane_at(lab, 0)->lane.label;

    (void)state;
    relay_core_shutdown(lab->relay.core, 350, true, lab->now);
    run_ms(lab, 260);
    assert_int_equal(relay_node_restart(&lab->relay, lab->now), 1);
    lab->relay.address.port++;
    for (size_t i = 0; i < HOSTS; i++) {
        relay_session_found(ziglan_at(lab, i)->entry_point, &lab->relay.address, 1, lab->now);
    }
    (void)longest_gap_ms(lab, 3000);
    assert_true(on_lane(lab, 0));
    assert_true(on_lane(lab, 1));
    assert_int_equal(lane_at(lab, 0)->lane.label, label);
    lab_free(lab);
}

static void a_lane_that_the_relay_no_longer_has_is_replaced(void **state)
{
    struct lab *lab = lab_on_lane();
    uint64_t label = lane_at(lab, 0)->lane.label;

    (void)state;
    relay_core_shutdown(lab->relay.core, 350, true, lab->now);
    run_ms(lab, 260);
    relay_node_stop(&lab->relay); /* and it forgets what it said */
    start_relay(lab);
    (void)longest_gap_ms(lab, 15000);
    assert_true(on_lane(lab, 0));
    assert_true(on_lane(lab, 1));
    assert_int_not_equal(lane_at(lab, 0)->lane.label, label);
    lab_free(lab);
}

static void a_relay_too_busy_to_look_leaves_a_lane_that_works(void **state)
{
    struct lab *lab = lab_on_lane();
    struct host_core *core = lab->hosts[0].core;
    uint32_t id = LANES_REQUEST_FLAG | conversation_at(lab, 0)->peer->id;
    struct path *lane = lane_at(lab, 0);
    struct relay_session *relay = lane->relay;

    (void)state;
    lanes_on_refused(&core->peers, relay, id, true, lab->now);
    assert_ptr_equal(lane_at(lab, 0), lane);
    lane->state = PATH_STATE_SUSPECT;
    lanes_on_refused(&core->peers, relay, id, true, lab->now);
    assert_null(lane_at(lab, 0));
    lab_free(lab);
}

static void a_lane_that_the_relay_refuses_is_gone(void **state)
{
    struct lab *lab = lab_on_lane();
    uint32_t id = LANES_REQUEST_FLAG | conversation_at(lab, 0)->peer->id;

    (void)state;
    lanes_on_refused(&lab->hosts[0].core->peers, lane_at(lab, 0)->relay, id, false, lab->now);
    assert_null(lane_at(lab, 0));
    lab_free(lab);
}

/* The answers of two relays to their claims cross: the first one leaves nothing asked for. */
static void an_answer_counts_for_a_lane_that_is_there(void **state)
{
    static const uint8_t secret[LANE_SECRET_SIZE] = {7};
    struct lab *lab = lab_on_lane();
    struct conversation *a = conversation_at(lab, 0);
    struct relay_session *relay = lane_at(lab, 0)->relay;

    (void)state;
    assert_false(a->lane_demand.asked);
    lanes_on_opened(a->peer, relay, 77, secret, false, lab->now);
    assert_non_null(path_table_find_lane(&a->paths, 77));
    path_table_remove(&a->paths, path_table_lane_of(&a->paths, relay));
    lanes_on_opened(a->peer, relay, 78, secret, false, lab->now);
    assert_null(path_table_find_lane(&a->paths, 78)); /* nobody asked */
    lab_free(lab);
}

static void a_relay_that_does_not_come_back_is_not_waited_for(void **state)
{
    struct lab *lab = lab_on_lane();
    const struct relay_session *relay = lane_at(lab, 0)->relay;

    (void)state;
    relay_core_shutdown(lab->relay.core, 350, true, lab->now);
    run_ms(lab, 260);
    assert_true(relay_session_keeps_lanes(relay));
    relay_node_stop(&lab->relay);
    run_ms(lab, RELAY_SESSION_LANES_MS_MAX);
    assert_false(relay_session_keeps_lanes(relay));
    start_relay(lab);
    (void)longest_gap_ms(lab, 30000);
    assert_true(on_lane(lab, 0));
    lab_free(lab);
}

static void without_the_setting_none_is_asked_for_or_used(void **state)
{
    struct lab *lab = lab_with_lanes();

    (void)state;
    lab->hosts[0].core->conversations.lanes = false;
    lab->hosts[1].core->conversations.lanes = false;
    assert_true(longest_gap_ms(lab, 3000) <= 2 * EVERY_MS);
    assert_null(lane_at(lab, 0));
    assert_null(lane_at(lab, 1));
    lab->hosts[1].core->conversations.lanes = true; /* one alone has none either */
    assert_true(longest_gap_ms(lab, 3000) <= 2 * EVERY_MS);
    assert_null(lane_at(lab, 0));
    assert_false(on_lane(lab, 1));
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_setting_none_is_asked_for_or_used),
        cmocka_unit_test(who_stays_relayed_uses_a_lane_and_loses_nothing),
        cmocka_unit_test(a_few_packets_make_no_lane),
        cmocka_unit_test(a_lane_that_is_blocked_is_left_within_300_ms_and_found_again),
        cmocka_unit_test(what_is_sent_while_a_lane_is_doubted_arrives_once),
        cmocka_unit_test(a_flow_in_one_direction_goes_once),
        cmocka_unit_test(where_bare_datagrams_do_not_pass_the_session_goes_on),
        cmocka_unit_test(a_mapping_that_moves_costs_a_round_trip),
        cmocka_unit_test(a_direct_path_goes_before_a_lane),
        cmocka_unit_test(a_relay_that_was_restarted_opens_another),
        cmocka_unit_test(a_relay_that_starts_anew_keeps_the_lane),
        cmocka_unit_test(a_relay_that_comes_back_elsewhere_keeps_it_too),
        cmocka_unit_test(a_lane_that_the_relay_no_longer_has_is_replaced),
        cmocka_unit_test(a_relay_too_busy_to_look_leaves_a_lane_that_works),
        cmocka_unit_test(a_lane_that_the_relay_refuses_is_gone),
        cmocka_unit_test(an_answer_counts_for_a_lane_that_is_there),
        cmocka_unit_test(a_relay_that_does_not_come_back_is_not_waited_for),
        cmocka_unit_test(a_lane_that_is_idle_for_long_is_closed_and_opened_again),
        cmocka_unit_test(what_is_no_answer_of_a_relay_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
