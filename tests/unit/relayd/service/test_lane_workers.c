/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A relay whose lanes a worker forwards (relayd/service/lane_workers.h): what it is told, and what
 * is counted and charged of what it forwarded. The worker is its switch; there is no thread. */
#include "relayd/service/lane_workers.h"

#include "proto/crypto/lane_frame.h"
#include "relayd/core/core_internal.h"
#include "relayd/service/lane_switch.h"
#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

enum { DATA_SIZE = LANE_HEADER_SIZE + 1000, TRAIN = 50 };

struct setting {
    struct world *w;
    struct lane_switch worker;
    struct lane_end *end; /* of client 0 */
    struct endpoint at[2];
    uint8_t bytes[TRAIN * DATA_SIZE];
};

static void lane_ask(struct setting *s)
{
    Ziglan__LaneOpen body = ZIGLAN__LANE_OPEN__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.dst = control_bytes(s->w->clients[1].identity.public_key, KEY_SIZE);
    message.body_case = ZIGLAN__CONTROL__BODY_LANE_OPEN;
    message.lane_open = &body;
    client_send(&s->w->clients[0], &message);
    world_run(s->w, 50);
}

/* A host binds an end; the cookie of the challenge is the last thing that the relay sent. */
static void bind_end(struct setting *s, struct lane_end *end, const struct endpoint *at)
{
    struct lane_message m = {.label = end->label}, challenge;
    uint8_t bytes[LANE_BIND_SIZE];

    for (int i = 0; i < 2; i++) {
        m.nonce = end->nonce + 1;
        lane_bind_encode(bytes, &m, end->secret);
        s->w->loose_count = 0;
        wire_send(&s->w->wire, at, &s->w->relay.address, bytes, sizeof(bytes), s->w->now);
        world_run(s->w, 20);
        assert_int_equal(s->w->loose_count, 1);
        if (i == 0) {
            assert_int_equal(
                lane_challenge_decode(&challenge, s->w->loose[0]->data, s->w->loose[0]->size),
                ERR_OK);
            memcpy(m.cookie, challenge.cookie, sizeof(m.cookie));
        }
    }
    assert_true(end->bound);
}

/* Two members with a lane, which is not bound yet. */
static struct setting *setting_new(const struct relay_config *cfg)
{
    struct setting *s = calloc(1, sizeof(*s));
    struct handle cursor = HANDLE_NONE;
    struct lane_board *board;
    struct relay_lane *lane;

    assert_non_null(s);
    s->w = world_new(cfg);
    board = relay_core_lane_board(s->w->relay.core);
    assert_non_null(board);
    lane_board_set_ports(board, &s->w->relay.address.port, 1);
    lane_switch_init(&s->worker, board, 0);
    for (uint8_t i = 0; i < 2; i++) {
        const uint8_t ip[4] = {203, 0, 113, (uint8_t)(9 + i)};

        s->at[i] = endpoint_v4(ip, 7777);
    }
    world_members(s->w, 2);
    lane_ask(s);
    lane = lane_table_next(&s->w->relay.core->lane.table, &cursor);
    assert_non_null(lane);
    s->end = &lane->ends[0];
    return s;
}

static void setting_free(struct setting *s)
{
    world_free(s->w);
    free(s);
}

static void both_bind(struct setting *s)
{
    bind_end(s, s->end, &s->at[0]);
    bind_end(s, s->end->other, &s->at[1]);
}

/* The worker gets so many frames of client 0; returns what becomes of them. If it wakes the control
 * thread, that hears it. */
static enum lane_fate frames_come(struct setting *s, size_t count, struct dgram_train *out)
{
    struct dgram_train in = {.local = s->w->relay.address,
                             .remote = s->at[0],
                             .data = s->bytes,
                             .size = count * DATA_SIZE,
                             .segment_size = DATA_SIZE};
    enum lane_fate fate;

    for (size_t i = 0; i < count; i++) {
        lane_header_write(s->bytes + i * DATA_SIZE, s->end->label);
        s->bytes[i * DATA_SIZE + LANE_HEADER_SIZE] = FRAME_TYPE_DATA;
    }
    fate = lane_switch_next(&s->worker, &in, out);
    if (lane_switch_end(&s->worker)) {
        relay_core_workers(s->w->relay.core, s->w->now);
    }
    return fate;
}

/* The control thread gets one. */
static void frame_handed(struct setting *s)
{
    struct dgram in = {
        .local = s->w->relay.address, .remote = s->at[0], .data = s->bytes, .size = DATA_SIZE};

    lane_header_write(s->bytes, s->end->label);
    s->bytes[LANE_HEADER_SIZE] = FRAME_TYPE_DATA;
    relay_core_receive(s->w->relay.core, &in, s->w->now);
    world_run(s->w, 20);
}

static void workers_forward_once_both_ends_are_bound(void **state)
{
    struct setting *s = setting_new(&(struct relay_config){.workers = 1});
    struct dgram_train out;

    (void)state;
    assert_int_equal(frames_come(s, 1, &out), LANE_FATE_CONTROL);
    bind_end(s, s->end, &s->at[0]);
    assert_int_equal(frames_come(s, 1, &out), LANE_FATE_CONTROL);
    bind_end(s, s->end->other, &s->at[1]);
    assert_int_equal(frames_come(s, 3, &out), LANE_FATE_SEND);
    assert_true(endpoint_equal(&out.remote, &s->at[1]));
    assert_true(endpoint_equal(&out.local, &s->w->relay.address));
    s->at[1].port++; /* the other host moved */
    bind_end(s, s->end->other, &s->at[1]);
    assert_int_equal(frames_come(s, 3, &out), LANE_FATE_SEND);
    assert_true(endpoint_equal(&out.remote, &s->at[1]));
    setting_free(s);
}

static void what_workers_forward_is_counted(void **state)
{
    struct setting *s = setting_new(&(struct relay_config){.workers = 1});
    struct relay_counters before, after;
    struct dgram_train out;
    struct mono used_at;
    uint64_t used;

    (void)state;
    both_bind(s);
    used_at = s->end->lane->used_at;
    world_run(s->w, 1000);
    before = world_counters(s->w);
    used = s->w->relay.core->base.allotment.used;
    assert_int_equal(frames_come(s, TRAIN, &out), LANE_FATE_SEND);
    world_run(s->w, LANE_LOOK_MS);
    after = world_counters(s->w);
    assert_int_equal(after.worker_frames - before.worker_frames, TRAIN);
    assert_int_equal(after.lane_frames - before.lane_frames, TRAIN);
    assert_int_equal(after.forwarded_frames - before.forwarded_frames, TRAIN);
    assert_int_equal(after.lane_bytes - before.lane_bytes, TRAIN * DATA_SIZE);
    assert_int_equal(after.forwarded_bytes - before.forwarded_bytes, TRAIN * 1000);
    assert_int_equal(after.received_dgrams - before.received_dgrams, TRAIN);
    assert_true(s->w->relay.core->base.allotment.used - used >=
                2 * TRAIN * (DATA_SIZE + ALLOTMENT_DGRAM_OVERHEAD));
    assert_int_equal(s->end->frames, TRAIN);
    assert_int_equal(s->end->bytes, TRAIN * DATA_SIZE);
    assert_int_equal(s->end->unpaid, 0);
    assert_true(mono_before(used_at, s->end->lane->used_at)); /* it is not idle */
    setting_free(s);
}

/* Nothing happens: nobody looks. */
static void the_control_thread_sleeps_while_nothing_comes(void **state)
{
    struct setting *s = setting_new(&(struct relay_config){.workers = 1});
    const struct lane_workers *workers = &s->w->relay.core->lane.workers;
    struct dgram_train out;

    (void)state;
    both_bind(s);
    for (int i = 0; i < 3; i++) {
        assert_true(lane_workers_deadline(workers).ns == MONO_NEVER.ns);
        (void)frames_come(s, 1, &out);
        assert_true(lane_workers_deadline(workers).ns != MONO_NEVER.ns);
        world_run(s->w, 5 * LANE_LOOK_MS);
    }
    assert_int_equal(s->end->frames, 3);
    setting_free(s);
}

/* The owner's bandwidth: what is too much is paid before anything else passes, and for a second the
 * control thread decides about each frame. */
static void too_much_is_paid_later(void **state)
{
    const struct relay_config cfg = {.workers = 1, .allotment = {.bytes_per_s = 100000}};
    struct setting *s = setting_new(&cfg);
    struct relay_counters before, after;
    struct dgram_train out;

    (void)state;
    both_bind(s);
    world_run(s->w, 1000);
    assert_int_equal(frames_come(s, TRAIN, &out), LANE_FATE_SEND); /* of 64 KiB at once */
    world_run(s->w, LANE_LOOK_MS);
    assert_int_equal(s->end->unpaid, 0);
    for (int i = 0; i < 4; i++) {
        (void)frames_come(s, TRAIN, &out);
    }
    world_run(s->w, LANE_LOOK_MS);
    assert_true(s->end->unpaid > 0);
    before = world_counters(s->w);
    assert_int_equal(frames_come(s, 1, &out), LANE_FATE_CONTROL);
    frame_handed(s);
    after = world_counters(s->w);
    assert_int_equal(after.lane_frames, before.lane_frames);
    assert_int_equal(after.drop_bandwidth, before.drop_bandwidth + 1);
    for (int i = 0; i < 40; i++) { /* 4 s: 200 kB are paid, and then 1 kB each */
        world_run(s->w, 80);
        frame_handed(s);
    }
    assert_int_equal(s->end->unpaid, 0);
    assert_true(world_counters(s->w).lane_frames > before.lane_frames);
    assert_false(s->end->refused);
    assert_int_equal(frames_come(s, 1, &out), LANE_FATE_SEND);
    setting_free(s);
}

static void a_lane_that_ends_is_forgotten(void **state)
{
    struct setting *s = setting_new(&(struct relay_config){.workers = 1});
    struct dgram_train out;
    uint64_t label;

    (void)state;
    both_bind(s);
    label = s->end->label;
    (void)frames_come(s, TRAIN, &out);
    link_hub_close(s->w->clients[1].hub, s->w->clients[1].handle, 0, "", s->w->now);
    world_run(s->w, 100);
    assert_int_equal(world_counters(s->w).lanes_closed, 1);
    struct lane_end gone = {.label = label};
    s->end = &gone;
    assert_int_equal(frames_come(s, TRAIN, &out), LANE_FATE_NONE);
    world_run(s->w, 50);
    assert_int_equal(world_counters(s->w).drop_lane_unknown, TRAIN);
    setting_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_forward_once_both_ends_are_bound),
        cmocka_unit_test(what_workers_forward_is_counted),
        cmocka_unit_test(the_control_thread_sleeps_while_nothing_comes),
        cmocka_unit_test(too_much_is_paid_later),
        cmocka_unit_test(a_lane_that_ends_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
