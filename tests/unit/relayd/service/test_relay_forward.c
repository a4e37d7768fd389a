/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames from session to session. */
#include "proto/crypto/identity.h"
#include "relayd/core/core_internal.h"
#include "relayd/service/forward.h"

#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

enum { FLOOD_FRAME_SIZE = 1000 };

/* Send one frame of `size` bytes with a mark from a client to another. */
static void frame_of(struct client *from, const struct client *to, uint8_t mark, size_t size)
{
    uint8_t head[1 + KEY_SIZE] = {1};
    uint8_t frame[FLOOD_FRAME_SIZE + 200] = {FRAME_HOST_FIRST + 3, mark};

    memcpy(head + 1, to->identity.public_key, KEY_SIZE);
    (void)link_hub_datagram(from->hub, from->handle, head, sizeof(head), frame, size);
}

/* How many frames with this mark a client got. It forgets all that it got. */
static size_t heard_of(struct client *c, uint8_t mark)
{
    size_t heard = 0;

    for (size_t i = 0; i < c->kept_count; i++) {
        const struct kept *k = &c->kept[i];
        heard += k->type == LINK_EVENT_DATAGRAM && k->data[1 + KEY_SIZE + 1] == mark ? 1 : 0;
    }
    client_forget(c);
    return heard;
}

static void a_frame_arrives_with_the_authenticated_source(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    const struct kept *got = NULL;
    uint8_t frame[FRAME_SIZE];

    (void)state;
    world_members(w, 3);
    frame_fill(frame, 0x55);
    client_frame(a, SESSION_DGRAM_TO, b->identity.public_key, frame, sizeof(frame));
    world_run(w, 100);
    assert_int_equal(client_datagrams(b, &got), 1);
    assert_int_equal(got->size, SESSION_DGRAM_HEADER_SIZE + FRAME_SIZE);
    assert_int_equal(got->data[0], SESSION_DGRAM_FROM);
    assert_memory_equal(got->data + 1, a->identity.public_key, KEY_SIZE);
    assert_memory_equal(got->data + SESSION_DGRAM_HEADER_SIZE, frame, FRAME_SIZE);
    assert_int_equal(client_datagrams(&w->clients[2], NULL), 0);
    assert_int_equal(world_counters(w).forwarded_frames, 1);
    assert_int_equal(world_counters(w).forwarded_bytes, FRAME_SIZE);
    world_free(w);
}

static void nothing_else_is_forwarded(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    const uint8_t *to = b->identity.public_key;
    uint8_t frame[FRAME_SIZE];
    uint8_t short_head[10] = {SESSION_DGRAM_TO};
    struct relay_counters counters;

    (void)state;
    world_members(w, 2);
    frame_fill(frame, 1);
    client_frame(a, SESSION_DGRAM_FROM, to, frame, sizeof(frame));  /* a forged answer */
    client_frame(a, SESSION_DGRAM_RELAY, to, frame, sizeof(frame)); /* only for relays */
    client_frame(a, 0, to, frame, sizeof(frame));
    client_frame(a, SESSION_DGRAM_TO, to, frame, 15); /* shorter than any frame */
    client_frame(a, SESSION_DGRAM_TO, to, frame, 0);
    (void)link_hub_datagram(a->hub, a->handle, short_head, sizeof(short_head), NULL, 0);
    client_frame(a, SESSION_DGRAM_TO, a->identity.public_key, frame, sizeof(frame));
    frame[0] = 0x40; /* QUIC in disguise */
    client_frame(a, SESSION_DGRAM_TO, to, frame, sizeof(frame));
    frame[0] = 0x90; /* a lane frame */
    client_frame(a, SESSION_DGRAM_TO, to, frame, sizeof(frame));
    world_run(w, 200);
    counters = world_counters(w);
    assert_int_equal(client_datagrams(b, NULL), 0);
    assert_int_equal(client_datagrams(a, NULL), 0);
    assert_int_equal(counters.drop_kind, 3);
    assert_int_equal(counters.drop_malformed, 5);
    assert_int_equal(counters.drop_to_itself, 1);
    assert_int_equal(counters.forwarded_frames, 0);
    world_free(w);
}

static void gone_comes_once_a_second_and_key(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    uint8_t frame[FRAME_SIZE];
    uint8_t nobody[KEY_SIZE] = {0};
    Ziglan__Control *gone;

    (void)state;
    world_members(w, 1);
    frame_fill(frame, 1);
    for (int i = 0; i < 20; i++) {
        client_frame(a, SESSION_DGRAM_TO, nobody, frame, sizeof(frame));
    }
    world_run(w, 500);
    assert_int_equal(client_count(w, a, ZIGLAN__CONTROL__BODY_GONE), 1);
    gone = client_got(w, a, ZIGLAN__CONTROL__BODY_GONE);
    assert_memory_equal(gone->gone->dst.data, nobody, KEY_SIZE);
    assert_int_equal(world_counters(w).gone_suppressed, 19);
    world_run(w, 600);
    client_frame(a, SESSION_DGRAM_TO, nobody, frame, sizeof(frame));
    world_run(w, 100);
    assert_int_equal(client_count(w, a, ZIGLAN__CONTROL__BODY_GONE), 2);
    for (uint8_t i = 1; i <= 50; i++) { /* fifty keys within a second: the session's own cap */
        nobody[0] = i;
        client_frame(a, SESSION_DGRAM_TO, nobody, frame, sizeof(frame));
    }
    world_run(w, 200);
    assert_int_equal(client_count(w, a, ZIGLAN__CONTROL__BODY_GONE), 2 + 7);
    world_free(w);
}

static void an_open_relay_forwards_strangers_at_their_rate(void **state)
{
    struct relay_config cfg = {.open_relay = true};
    struct world *w = world_new(&cfg);
    static uint8_t frame[1000];
    struct relay_counters counters;

    (void)state;
    client_dial(w, &w->clients[0]);
    client_dial(w, &w->clients[1]);
    frame[0] = FRAME_TYPE_DATA;
    for (int i = 0; i < 60; i++) { /* 60 x 100 kB in 600 ms: the 5 MB burst runs out */
        for (int k = 0; k < 100; k++) {
            client_frame(&w->clients[0], SESSION_DGRAM_TO, w->clients[1].identity.public_key, frame,
                         sizeof(frame));
        }
        world_run(w, 10);
        client_forget(&w->clients[1]);
    }
    world_run(w, 3000);
    counters = world_counters(w);
    assert_true(counters.forwarded_frames > 1000);
    assert_true(counters.forwarded_bytes <= 5000000 + 4 * 2500000);
    world_run(w, 120000); /* and nobody is sent away for not being admitted */
    assert_int_equal(world_counters(w).closed_not_admitted, 0);
    world_free(w);
}

/* The client heard that frames went nowhere, for this reason. */
static void gone_is(struct world *w, struct client *c, enum gone_reason reason)
{
    const Ziglan__Control *gone = client_got(w, c, ZIGLAN__CONTROL__BODY_GONE);

    assert_non_null(gone);
    assert_int_equal(gone->gone->reason, reason);
}

static void a_strangers_bucket_runs_out(void **state)
{
    struct relay_config cfg = {.open_relay = true};
    struct world *w = world_new(&cfg);
    static uint8_t frame[9000];

    (void)state;
    client_dial(w, &w->clients[0]);
    client_dial(w, &w->clients[1]);
    frame[0] = FRAME_TYPE_DATA;
    for (int i = 0; i < 400 && world_counters(w).drop_rate == 0; i++) {
        for (int k = 0; k < 25; k++) {
            client_frame(&w->clients[0], SESSION_DGRAM_TO, w->clients[1].identity.public_key, frame,
                         sizeof(frame));
        }
        world_run(w, 2);
        client_forget(&w->clients[1]);
    }
    assert_true(world_counters(w).drop_rate > 0);
    world_run(w, 100);
    gone_is(w, &w->clients[0], GONE_OVER_RATE);
    world_free(w);
}

static void a_stranger_hears_when_its_day_is_used_up(void **state)
{
    struct relay_config cfg = {.open_relay = true};
    struct world *w = world_new(&cfg);
    struct client *a = &w->clients[0];

    (void)state;
    client_dial(w, a);
    client_dial(w, &w->clients[1]);
    assert_true(bucket_table_take(w->relay.core->base.limits.stranger_day_by_key,
                                  a->identity.public_key, STRANGER_BYTES_PER_DAY, w->now));
    frame_of(a, &w->clients[1], 1, FLOOD_FRAME_SIZE);
    world_run(w, 1);
    frame_of(a, &w->clients[1], 1, FLOOD_FRAME_SIZE);
    world_run(w, 100);
    assert_true(world_counters(w).drop_day > 0);
    gone_is(w, a, GONE_OVER_DAY);
    world_free(w);
}

/* Let a client send frames of 9000 bytes to another until `enough` more are dropped for its rate,
 * or 2 MB are sent; returns the bytes that were forwarded meanwhile. */
static uint64_t flood(struct world *w, struct client *from, const struct client *to)
{
    static uint8_t frame[9000] = {FRAME_TYPE_DATA};
    uint64_t before = world_counters(w).forwarded_bytes;

    for (int i = 0; i < 200; i++) {
        for (int k = 0; k < 25; k++) {
            client_frame(from, SESSION_DGRAM_TO, to->identity.public_key, frame, sizeof(frame));
        }
        world_run(w, 2);
        client_forget(&w->clients[1]);
    }
    return world_counters(w).forwarded_bytes - before;
}

static void a_new_session_gives_a_stranger_nothing_more(void **state)
{
    struct relay_config cfg = {.open_relay = true};
    struct world *w = world_new(&cfg);
    uint64_t first, second;

    (void)state;
    client_dial(w, &w->clients[0]);
    client_dial(w, &w->clients[1]);
    first = flood(w, &w->clients[0], &w->clients[1]);
    assert_true(first > 2500000);
    client_dial(w, &w->clients[0]);
    second = flood(w, &w->clients[0], &w->clients[1]);
    assert_true(second < first / 2);
    world_free(w);
}

static void bandwidth_is_kept_for_members_too(void **state)
{
    struct relay_config cfg = {.allotment = {.bytes_per_s = 1000000}};
    struct world *w = world_new(&cfg);
    uint64_t bytes;

    (void)state;
    world_members(w, 2);
    bytes = flood(w, &w->clients[0], &w->clients[1]); /* 400 ms, and 250 ms at once */
    assert_true(bytes > 300000);
    assert_true(bytes < 1000000);
    assert_true(world_counters(w).drop_bandwidth > 0);
    gone_is(w, &w->clients[0], GONE_OVER_BANDWIDTH);
    world_free(w);
}

static void the_volume_of_a_month_is_kept_over_a_restart(void **state)
{
    static const uint64_t day_ms = UINT64_C(24) * 3600 * 1000;
    struct relay_config cfg = {.allotment = {.bytes_per_month = 3000000}};
    struct world *w = world_new(&cfg);
    Ziglan__Control *gone;

    (void)state;
    w->ports.wall_ms += 29 * day_ms; /* the 30th of January */
    world_run(w, 61000);
    world_members(w, 2);
    (void)flood(w, &w->clients[0], &w->clients[1]);
    assert_true(world_counters(w).drop_volume > 0);
    gone = client_got(w, &w->clients[0], ZIGLAN__CONTROL__BODY_GONE);
    assert_non_null(gone);
    assert_int_equal(gone->gone->reason, 2);
    world_run(w, 61000); /* it is written once a minute */
    relay_node_stop(&w->relay);
    world_core_start(w);
    client_dial(w, &w->clients[0]);
    client_dial(w, &w->clients[1]);
    assert_int_equal(flood(w, &w->clients[0], &w->clients[1]), 0);
    w->ports.wall_ms += 2 * day_ms; /* another month */
    world_run(w, 61000);
    assert_true(flood(w, &w->clients[0], &w->clients[1]) > 0);
    world_free(w);
}

/* A receiver that takes nothing any more: one member fills its queue, and the few frames of another
 * one still find room in it. */
static void a_flooded_member_hears_the_others(void **state)
{
    static const struct endpoint nowhere = {.port = 1};
    struct world *w = world_new(NULL);
    struct client *loud = &w->clients[0], *quiet = &w->clients[1], *to = &w->clients[2];
    struct endpoint address = to->address;
    size_t heard = 0;

    (void)state;
    world_members(w, 3);
    to->address = nowhere;
    frame_of(quiet, to, 2, 100);
    world_run(w, 20);
    for (int t = 0; t < 1500; t++) {
        frame_of(loud, to, 1, FLOOD_FRAME_SIZE);
        world_run(w, 1);
    }
    assert_true(world_counters(w).drop_share > 0);
    for (int t = 0; t < 50; t++) {
        frame_of(loud, to, 1, FLOOD_FRAME_SIZE);
        frame_of(quiet, to, 2, 100);
        world_run(w, 20);
    }
    assert_int_equal(world_counters(w).drop_queue, 0);
    to->address = address;
    for (int t = 0; t < 10000; t++) {
        world_run(w, 1);
        heard += heard_of(to, 2);
    }
    assert_in_range(heard, 45, 51); /* but for what was on its way when the receiver was gone */
    world_free(w);
}

/* The same on an open relay: four strangers flood, and a member wants a third of what goes. It gets
 * that, and not only as much as each stranger. */
static void strangers_leave_a_member_room_in_a_queue(void **state)
{
    static const struct endpoint nowhere = {.port = 1};
    const struct relay_config cfg = {.open_relay = true};
    struct world *w = world_new(&cfg);
    struct client *quiet = &w->clients[0], *to = &w->clients[1];
    struct endpoint address = to->address;
    size_t heard = 0;

    (void)state;
    world_members(w, 2);
    for (size_t i = 2; i < CLIENTS_MAX; i++) {
        client_dial(w, &w->clients[i]);
    }
    to->address = nowhere;
    for (size_t t = 0; t < 1100; t++) { /* half of the queue */
        frame_of(&w->clients[2 + t % (CLIENTS_MAX - 2)], to, 1, FLOOD_FRAME_SIZE);
        world_run(w, 1);
    }
    for (size_t t = 0; t < 800; t++) {
        frame_of(&w->clients[2 + t % (CLIENTS_MAX - 2)], to, 1, FLOOD_FRAME_SIZE);
        if (t % 2 == 0) {
            frame_of(quiet, to, 2, FLOOD_FRAME_SIZE);
        }
        world_run(w, 1);
    }
    assert_true(world_counters(w).drop_share > 0);
    assert_int_equal(world_counters(w).drop_queue, 0);
    to->address = address;
    for (int t = 0; t < 20000; t++) {
        world_run(w, 1);
        heard += heard_of(to, 2);
    }
    assert_in_range(heard, 340, 400);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_arrives_with_the_authenticated_source),
        cmocka_unit_test(nothing_else_is_forwarded),
        cmocka_unit_test(gone_comes_once_a_second_and_key),
        cmocka_unit_test(an_open_relay_forwards_strangers_at_their_rate),
        cmocka_unit_test(a_strangers_bucket_runs_out),
        cmocka_unit_test(a_stranger_hears_when_its_day_is_used_up),
        cmocka_unit_test(a_new_session_gives_a_stranger_nothing_more),
        cmocka_unit_test(bandwidth_is_kept_for_members_too),
        cmocka_unit_test(the_volume_of_a_month_is_kept_over_a_restart),
        cmocka_unit_test(a_flooded_member_hears_the_others),
        cmocka_unit_test(strangers_leave_a_member_room_in_a_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
