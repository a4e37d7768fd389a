/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lanes over two relays: real relay cores, real sessions, two hosts. */
#include "proto/crypto/lane_frame.h"
#include "tests/support/far_punches.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = FAR_FRAME_SIZE, RELAYS = 2 };

static struct lane_service *lanes_at(const struct far_hosts *town, size_t i)
{
    return &town->net->nodes[i].core->lane;
}

static uint32_t lane_count(const struct far_hosts *town, size_t i)
{
    return lane_table_count(&lanes_at(town, i)->table);
}

/* Two hosts that talk by sessions, and a lane that the first one asked for. */
static void town_with_lane(struct far_hosts *town)
{
    far_hosts_init(town, RELAYS);
    far_hosts_talk(town, 2);
    net_host_lane_ask(&town->a, town->b_key);
    relay_net_run(town->net, 500);
}

/* A frame each way, which arrives by the lane or not. */
static void assert_passes(struct far_hosts *town, bool passes)
{
    size_t a = town->a.lane.frames, b = town->b.lane.frames;

    net_host_lane_frame(&town->a, 17, SIZE);
    net_host_lane_frame(&town->b, 18, SIZE);
    relay_net_run(town->net, 100);
    assert_int_equal(town->a.lane.frames, a + (passes ? 1 : 0));
    assert_int_equal(town->b.lane.frames, b + (passes ? 1 : 0));
    if (passes) {
        assert_int_equal(town->a.lane.mark, 18);
        assert_int_equal(town->b.lane.mark, 17);
    }
}

/* The relay's end of the only lane at relay i. */
static struct lane_end *far_end(const struct far_hosts *town, size_t i)
{
    struct handle cursor = HANDLE_NONE;
    struct relay_lane *lane = lane_table_next(&lanes_at(town, i)->table, &cursor);

    assert_non_null(lane);
    assert_non_null(lane->far_end);
    return lane->far_end;
}

static void relay_says(struct far_hosts *town, size_t from, size_t to, Ziglan__Control *message)
{
    assert_int_equal(neighbour_send_to(relay_net_neighbours(town->net, from),
                                       relay_net_key(town->net, to), message, town->net->now),
                     ERR_OK);
    relay_net_run(town->net, 500);
}

static void frames_pass_both_relays_without_sessions(void **state)
{
    struct far_hosts town;

    (void)state;
    town_with_lane(&town);
    assert_int_equal(town.a.lane.opened, 1);
    assert_int_equal(town.b.lane.incoming, 1);
    assert_memory_equal(town.a.lane.peer, town.b_key, KEY_SIZE);
    assert_memory_equal(town.b.lane.peer, town.a_key, KEY_SIZE);
    assert_true(town.a.lane.end.bound && town.b.lane.end.bound);
    assert_true(far_end(&town, 0)->bound && far_end(&town, 1)->bound);
    assert_int_equal(far_end(&town, 0)->label, far_end(&town, 1)->label);
    size_t frames = town.a.frames + town.b.frames;
    uint64_t by_session = far_hosts_counters(&town, 1)->relayed_in_frames;
    uint64_t sent = far_hosts_counters(&town, 1)->relayed_out_frames;
    for (int i = 0; i < 10; i++) {
        assert_passes(&town, true);
    }
    assert_int_equal(far_hosts_counters(&town, 1)->relayed_in_frames, by_session + 10);
    assert_int_equal(far_hosts_counters(&town, 1)->relayed_out_frames, sent + 10);
    assert_int_equal(far_hosts_counters(&town, 1)->forwarded_frames, 0);
    assert_int_equal(town.a.frames + town.b.frames, frames); /* none by a session */
    assert_int_equal(far_hosts_counters(&town, 0)->lane_frames, 20);
    assert_int_equal(far_hosts_counters(&town, 1)->lane_frames, 20);
    assert_int_equal(far_hosts_counters(&town, 1)->lanes_chained, 1);
    net_host_lane_ask(&town.b, town.a_key); /* the other one gets the same */
    net_host_lane_ask(&town.a, town.b_key);
    relay_net_run(town.net, 500);
    assert_int_equal(lane_count(&town, 0), 1);
    assert_int_equal(lane_count(&town, 1), 1);
    assert_passes(&town, true);
    far_hosts_fini(&town);
}

static void both_at_once_get_one(void **state)
{
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, RELAYS);
    far_hosts_talk(&town, 2);
    net_host_lane_ask(&town.a, town.b_key);
    net_host_lane_ask(&town.b, town.a_key);
    relay_net_run(town.net, 1000);
    assert_int_equal(lane_count(&town, 0), 1);
    assert_int_equal(lane_count(&town, 1), 1);
    assert_int_equal(town.a.lane.incoming + town.b.lane.incoming, 1);
    assert_passes(&town, true);
    far_hosts_fini(&town);
}

static void a_host_that_moved_and_a_relay_that_is_elsewhere_are_bound_again(void **state)
{
    struct far_hosts town;

    (void)state;
    town_with_lane(&town);
    net_host_move(&town.a, 6000);
    net_host_lane_frame(&town.a, 1, SIZE); /* makes a challenge */
    relay_net_run(town.net, 200);
    assert_passes(&town, true);
    far_end(&town, 1)->remote.port++; /* as if the other relay's mapping had moved */
    net_host_lane_frame(&town.a, 1, SIZE);
    relay_net_run(town.net, 200);
    assert_true(far_hosts_counters(&town, 1)->drop_lane_moved > 0);
    assert_passes(&town, true);
    far_end(&town, 0)->remote.port++; /* or ours */
    net_host_lane_frame(&town.b, 1, SIZE);
    relay_net_run(town.net, 200);
    assert_passes(&town, true);
    far_hosts_fini(&town);
}

static void whoever_leaves_closes_it_for_all(void **state)
{
    struct far_hosts town;

    (void)state;
    town_with_lane(&town);
    net_host_leave(&town.b);
    relay_net_run(town.net, 500);
    assert_int_equal(lane_count(&town, 0), 0);
    assert_int_equal(lane_count(&town, 1), 0);
    assert_int_equal(town.a.lane.closed, 1);
    far_hosts_fini(&town);

    town_with_lane(&town);
    far_block(&town.b, town.a_key, true);
    relay_net_run(town.net, 500);
    assert_int_equal(lane_count(&town, 0), 0);
    assert_int_equal(town.a.lane.closed, 1);
    assert_int_equal(town.b.lane.closed, 1);
    relay_net_run(town.net, LANE_CHAIN_AGAIN_MS);
    net_host_lane_ask(&town.a, town.b_key); /* and there is no other one */
    relay_net_run(town.net, 500);
    assert_int_equal(town.a.lane.closed, 2);
    assert_int_equal(town.b.lane.incoming, 1);
    assert_int_equal(far_hosts_counters(&town, 1)->lanes_refused, 1);
    far_hosts_fini(&town);

    town_with_lane(&town);
    relay_node_stop(&town.net->nodes[1]);
    relay_net_run(town.net, 60000);
    assert_int_equal(lane_count(&town, 0), 0);
    assert_int_equal(town.a.lane.closed, 1);
    far_hosts_fini(&town);
}

static void one_without_traffic_is_closed(void **state)
{
    struct far_hosts town;

    (void)state;
    town_with_lane(&town);
    relay_net_run(town.net, LANE_IDLE_MS + 120000);
    assert_int_equal(lane_count(&town, 0), 0);
    assert_int_equal(lane_count(&town, 1), 0);
    assert_int_equal(town.a.lane.closed, 1);
    assert_int_equal(town.b.lane.closed, 1);
    far_hosts_fini(&town);
}

/* LaneRelayed of relay 0 for its host a, with its attachment; what differs is the caller's. */
static Ziglan__LaneRelayed relayed_of(const struct far_hosts *town, const uint8_t *secret)
{
    Ziglan__LaneRelayed body = ZIGLAN__LANE_RELAYED__INIT;

    body.src = control_bytes(town->a_key, KEY_SIZE);
    body.dst = control_bytes(town->b_key, KEY_SIZE);
    body.label = 7;
    body.secret = control_bytes(secret, LANE_SECRET_SIZE);
    return body;
}

static void relayed_say(struct far_hosts *town, Ziglan__LaneRelayed *body)
{
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    message.body_case = ZIGLAN__CONTROL__BODY_LANE_RELAYED;
    message.lane_relayed = body;
    relay_says(town, 0, 1, &message);
}

static void a_neighbour_gets_no_lane_but_for_its_hosts_to_ours(void **state)
{
    static const uint8_t secret[LANE_SECRET_SIZE] = {1}, nobody[KEY_SIZE] = {2};
    struct far_hosts town;
    Ziglan__LaneRelayed body;

    (void)state;
    far_hosts_init(&town, RELAYS);
    far_hosts_talk(&town, 2);
    body = relayed_of(&town, secret);
    body.label = 0;
    relayed_say(&town, &body);
    body = relayed_of(&town, secret);
    body.src = control_bytes(nobody, KEY_SIZE); /* not attached there */
    relayed_say(&town, &body);
    body = relayed_of(&town, secret);
    body.dst = control_bytes(nobody, KEY_SIZE); /* not here */
    relayed_say(&town, &body);
    body.dst = control_bytes(relay_net_key(town.net, 0), KEY_SIZE); /* a relay */
    relayed_say(&town, &body);
    assert_int_equal(lane_count(&town, 1), 0);
    assert_int_equal(town.b.lane.incoming, 0);
    assert_int_equal(far_hosts_counters(&town, 1)->lanes_refused, 4);
    body = relayed_of(&town, secret);
    relayed_say(&town, &body);
    assert_int_equal(lane_count(&town, 1), 1);
    relayed_say(&town, &body); /* again: in place of the first */
    assert_int_equal(lane_count(&town, 1), 1);
    relay_net_run(town.net, 20000); /* relay 0 knows no such label, and answers no bind */
    assert_int_equal(lane_count(&town, 1), 0);
    assert_int_equal(far_hosts_counters(&town, 1)->lane_bind_unanswered, 1);
    assert_true(far_hosts_counters(&town, 0)->lane_bind_unknown >= LANE_BINDS_MAX);
    for (int i = 0; i < FOREIGN_WORDS_BURST + 50; i++) { /* and not ever more of them */
        Ziglan__Control message = ZIGLAN__CONTROL__INIT;

        message.body_case = ZIGLAN__CONTROL__BODY_LANE_RELAYED;
        message.lane_relayed = &body;
        body.label = 100 + (uint64_t)i;
        assert_int_equal(neighbour_send_to(relay_net_neighbours(town.net, 0),
                                           relay_net_key(town.net, 1), &message, town.net->now),
                         ERR_OK);
    }
    relay_net_run(town.net, 300);
    assert_true(far_hosts_counters(&town, 1)->lanes_refused >= 40);
    assert_int_equal(lane_count(&town, 1), 1);
    far_hosts_fini(&town);
}

static void a_label_of_ours_is_no_neighbours(void **state)
{
    struct far_hosts town;
    Ziglan__LaneRelayed body;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    Ziglan__LaneClosed closed = ZIGLAN__LANE_CLOSED__INIT;

    (void)state;
    town_with_lane(&town);
    body = relayed_of(&town, town.b.lane.end.secret);
    body.label = town.b.lane.end.label;
    closed.label = body.label;
    message.body_case = ZIGLAN__CONTROL__BODY_LANE_CLOSED;
    message.lane_closed = &closed;
    relay_says(&town, 0, 1, &message); /* it is not the neighbour's to close */
    assert_int_equal(town.b.lane.closed, 0);
    assert_passes(&town, true);
    closed.label = far_end(&town, 1)->label; /* this one is */
    relay_says(&town, 0, 1, &message);
    assert_int_equal(town.b.lane.closed, 1);
    assert_int_equal(lane_count(&town, 1), 0);
    far_hosts_fini(&town);
}

static void forged_answers_bind_nothing(void **state)
{
    struct far_hosts town;
    struct lane_message m = {0};
    uint8_t bytes[LANE_BOUND_SIZE];

    (void)state;
    town_with_lane(&town);
    const struct endpoint relay = town.net->nodes[0].address, us = town.net->nodes[1].address;
    const struct endpoint elsewhere = town.a.address;
    struct lane_end *end = far_end(&town, 1);
    uint64_t dropped = far_hosts_counters(&town, 1)->drop_lane_frame;

    m.label = end->label;
    m.nonce = end->lane->binding.nonce;
    lane_bound_encode(bytes, &m, end->secret); /* as it came, from another address */
    wire_send(&town.net->wire, &elsewhere, &us, bytes, sizeof(bytes), town.net->now);
    m.nonce++;
    lane_bound_encode(bytes, &m, end->secret); /* of another bind */
    wire_send(&town.net->wire, &relay, &us, bytes, sizeof(bytes), town.net->now);
    lane_challenge_encode(bytes, &m);
    wire_send(&town.net->wire, &relay, &us, bytes, LANE_CHALLENGE_SIZE, town.net->now);
    m.label = town.b.lane.end.label; /* not the neighbour's */
    lane_challenge_encode(bytes, &m);
    wire_send(&town.net->wire, &relay, &us, bytes, LANE_CHALLENGE_SIZE, town.net->now);
    relay_net_run(town.net, 100);
    assert_int_equal(far_hosts_counters(&town, 1)->drop_lane_frame, dropped + 4);
    assert_true(endpoint_equal(&end->remote, &relay));
    assert_passes(&town, true);
    far_hosts_fini(&town);
}

/* Relay 0 lets its host have what it wants. */
static void what_a_neighbour_brings_on_lanes_is_charged_to_it(void **state)
{
    uint8_t frame[LANE_HEADER_SIZE + SIZE] = {[LANE_HEADER_SIZE] = FRAME_TYPE_DATA};
    const struct relay_counters *counters;
    struct far_hosts town;

    (void)state;
    town_with_lane(&town);
    counters = far_hosts_counters(&town, 1);
    lane_header_write(frame, far_end(&town, 1)->label);
    for (int i = 0; i < 6000; i++) { /* 6 MB; 2 s of 20 Mbit/s are 5 MB */
        wire_send(&town.net->wire, &town.net->nodes[0].address, &town.net->nodes[1].address, frame,
                  sizeof(frame), town.net->now);
        if (i % 100 == 99) {
            relay_net_run(town.net, 1);
        }
    }
    relay_net_run(town.net, 500);
    assert_in_range(counters->lane_frames, 4900, 5200);
    assert_int_equal(counters->lane_frames + counters->drop_rate_source, 6000);
    assert_int_equal(town.b.lane.frames, counters->lane_frames);
    assert_int_equal(town.a.gone_reason, GONE_OVER_RATE); /* as of a frame by the session */
    far_hosts_fini(&town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_pass_both_relays_without_sessions),
        cmocka_unit_test(both_at_once_get_one),
        cmocka_unit_test(a_host_that_moved_and_a_relay_that_is_elsewhere_are_bound_again),
        cmocka_unit_test(whoever_leaves_closes_it_for_all),
        cmocka_unit_test(one_without_traffic_is_closed),
        cmocka_unit_test(a_neighbour_gets_no_lane_but_for_its_hosts_to_ours),
        cmocka_unit_test(a_label_of_ours_is_no_neighbours),
        cmocka_unit_test(forged_answers_bind_nothing),
        cmocka_unit_test(what_a_neighbour_brings_on_lanes_is_charged_to_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
