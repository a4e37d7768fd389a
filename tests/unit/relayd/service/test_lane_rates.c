/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much passes on lanes at a relay: rates, bandwidths, and each lane's part of the queue. */
#include "relayd/core/core_internal.h"
#include "relayd/service/lane.h"

#include "tests/support/fixture.h"
#include "tests/support/lane_fixture.h"

/* Two strangers, with a lane whose ends are bound. */
static struct world *world_of_strangers(struct lane_host *a, struct lane_host *b)
{
    struct relay_config cfg = {.open_relay = true};
    struct world *w = world_new(&cfg);

    client_dial(w, &w->clients[0]);
    client_dial(w, &w->clients[1]);
    lane_hosts_open(w, a, b);
    lane_host_bind(w, a);
    lane_host_bind(w, b);
    return w;
}

/* Two members, with a lane whose ends are bound. */
static struct world *world_of_members(const struct relay_config *cfg, struct lane_host *a,
                                      struct lane_host *b)
{
    struct world *w = world_new(cfg);

    world_members(w, 2);
    lane_hosts_open(w, a, b);
    lane_host_bind(w, a);
    lane_host_bind(w, b);
    return w;
}

/* Hand the relay so many frames of 1,000 bytes at one instant; what leaves is not looked at. */
static void burst(struct world *w, const struct lane_host *end, size_t count)
{
    static uint8_t bytes[LANE_HEADER_SIZE + 1000];
    struct dgram in = {
        .local = w->relay.address, .remote = end->at, .data = bytes, .size = sizeof(bytes)};

    lane_header_write(bytes, end->label);
    bytes[LANE_HEADER_SIZE] = FRAME_TYPE_DATA;
    for (size_t i = 0; i < count; i++) {
        relay_core_receive(w->relay.core, &in, w->now);
        outbox_clear(&w->relay.core->lane.out);
        lane_turn_next(&w->relay.core->lane.turn);
    }
}

static void strangers_have_the_rate_of_their_key_on_lanes_too(void **state)
{
    struct lane_host a, b;
    struct world *w = world_of_strangers(&a, &b);

    (void)state;
    burst(w, &a, 6000); /* 6 MB; 2 s of 20 Mbit/s are 5 MB */
    assert_in_range(world_counters(w).lane_frames, 4990, 5010);
    assert_int_equal(world_counters(w).lane_frames + world_counters(w).drop_rate, 6000);
    world_run(w, 50);
    assert_int_equal(client_got(w, &w->clients[0], ZIGLAN__CONTROL__BODY_GONE)->gone->reason,
                     GONE_OVER_RATE);
    world_free(w);
}

static void members_have_no_rate_but_the_owners_bandwidth(void **state)
{
    struct relay_config cfg = {.allotment = {.bytes_per_s = 1000000}};
    struct lane_host a, b;
    struct world *w = world_of_members(&cfg, &a, &b);

    (void)state;
    burst(w, &a, 1000); /* 250 ms of it are 250 kB */
    assert_in_range(world_counters(w).lane_frames, 245, 260);
    assert_int_equal(world_counters(w).lane_frames + world_counters(w).drop_bandwidth, 1000);
    world_free(w);
}

static void a_lane_has_the_bandwidth_that_the_owner_gives_each(void **state)
{
    struct relay_config cfg = {.lane_bytes_per_s = 1000000};
    struct lane_host a, b;
    struct world *w = world_of_members(&cfg, &a, &b);

    (void)state;
    burst(w, &a, 1000); /* 250 ms of it are 250 kB */
    assert_in_range(world_counters(w).lane_frames, 245, 260);
    assert_int_equal(world_counters(w).lane_frames + world_counters(w).drop_lane_rate, 1000);
    uint64_t before = world_counters(w).lane_frames;
    burst(w, &b, 200); /* the other way is another matter */
    assert_int_equal(world_counters(w).lane_frames, before + 200);
    world_run(w, 50);
    assert_int_equal(client_got(w, &w->clients[0], ZIGLAN__CONTROL__BODY_GONE)->gone->reason,
                     GONE_OVER_BANDWIDTH);
    world_free(w);
}

static void a_queue_that_nobody_empties_is_bounded_and_shared(void **state)
{
    static uint8_t bytes[LANE_HEADER_SIZE + 1000];
    struct lane_host a, b;
    struct world *w = world_of_members(NULL, &a, &b);
    struct dgram in = {.local = w->relay.address, .data = bytes, .size = sizeof(bytes)};

    (void)state;
    bytes[LANE_HEADER_SIZE] = FRAME_TYPE_DATA;
    for (size_t i = 0; i < 10000; i++) {
        const struct lane_host *from = i % 10 == 9 ? &b : &a;

        in.remote = from->at;
        memset(bytes, 0, LANE_HEADER_SIZE);
        lane_header_write(bytes, from->label);
        relay_core_receive(w->relay.core, &in, w->now);
    }
    struct relay_counters counters = world_counters(w);
    assert_int_equal(counters.lane_frames + counters.drop_lane_share, 10000);
    assert_in_range(counters.lane_frames, 1000, LANE_QUEUE_DGRAMS);
    assert_in_range(w->relay.core->lane.table.found->frames, 500, 1000); /* those of b */
    assert_true(lane_service_waits(&w->relay.core->lane));
    assert_int_equal(relay_core_deadline(w->relay.core).ns, 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_have_the_rate_of_their_key_on_lanes_too),
        cmocka_unit_test(members_have_no_rate_but_the_owners_bandwidth),
        cmocka_unit_test(a_lane_has_the_bandwidth_that_the_owner_gives_each),
        cmocka_unit_test(a_queue_that_nobody_empties_is_bounded_and_shared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
