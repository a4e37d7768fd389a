/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lanes at a relay: opened in sessions, bound and used by bare datagrams. */
#include "proto/base/bytes.h"
#include "proto/crypto/lane_frame.h"
#include "relayd/core/core_internal.h"
#include "relayd/service/lane.h"

#include "tests/support/fixture.h"
#include "tests/support/lane_fixture.h"

enum { DATA_SIZE = LANE_HEADER_SIZE + FRAME_SIZE };

/* ---- the normal life ---- */

static void frames_pass_between_both_families_once_both_ends_are_bound(void **state)
{
    struct lane_host a, b;
    struct world *w = lane_hosts_of_two(&a, &b);

    (void)state;
    lane_host_bind(w, &a);
    lane_host_data_send(w, &a, 1);
    assert_int_equal(w->loose_count, 0);
    assert_int_equal(world_counters(w).drop_lane_unbound, 1);
    lane_host_bind(w, &b);
    lane_host_data_send(w, &a, 2);
    lane_host_assert_data(w, &b, 2);
    lane_host_data_send(w, &b, 3);
    lane_host_assert_data(w, &a, 3);
    assert_int_equal(world_counters(w).lane_frames, 2);
    assert_int_equal(world_counters(w).lane_bytes, 2 * DATA_SIZE);
    assert_int_equal(world_counters(w).forwarded_frames, 2);
    assert_int_equal(world_counters(w).forwarded_bytes, 2 * FRAME_SIZE);
    assert_int_equal(w->relay.core->lane.table.found->frames, 1);
    world_free(w);
}

static void who_asks_again_hears_the_same(void **state)
{
    struct world *w = world_new(NULL);
    const Ziglan__Control *got;
    struct lane_host a, b;

    (void)state;
    world_members(w, 2);
    lane_hosts_open(w, &a, &b);
    lane_ask(&w->clients[0], &w->clients[1]);
    lane_ask(&w->clients[1], &w->clients[0]);
    world_run(w, 50);
    got = client_got_nth(w, &w->clients[0], ZIGLAN__CONTROL__BODY_LANE_OPENED, 1);
    assert_int_equal(got->lane_opened->label, a.label);
    got = client_got(w, &w->clients[1], ZIGLAN__CONTROL__BODY_LANE_OPENED);
    assert_int_equal(got->lane_opened->label, b.label);
    assert_memory_equal(got->lane_opened->secret.data, b.secret, LANE_SECRET_SIZE);
    assert_int_equal(client_count(w, &w->clients[1], ZIGLAN__CONTROL__BODY_LANE_INCOMING), 1);
    assert_int_equal(world_counters(w).lanes_opened, 1);
    world_free(w);
}

static void who_moved_is_bound_again_in_one_round_trip(void **state)
{
    uint8_t cookie[LANE_COOKIE_SIZE];
    struct lane_host a, b;
    struct world *w = lane_hosts_of_two(&a, &b);

    (void)state;
    lane_host_bind(w, &a);
    lane_host_bind(w, &b);
    a.at.port++;
    lane_host_data_send(w, &a, 1); /* it does not know that its mapping moved */
    lane_host_challenged(w, &a, cookie);
    lane_host_bind_send(w, &a, cookie);
    assert_true(lane_host_is_bound(w, &a));
    lane_host_data_send(w, &a, 2);
    lane_host_assert_data(w, &b, 2);
    lane_host_data_send(w, &b, 3);
    lane_host_assert_data(w, &a, 3);
    assert_int_equal(world_counters(w).drop_lane_moved, 1);
    world_free(w);
}

static void frames_from_elsewhere_make_a_challenge_in_100_ms(void **state)
{
    struct endpoint bound_at;
    struct lane_host a, b;
    struct world *w = lane_hosts_of_two(&a, &b);
    size_t challenges = 0;

    (void)state;
    lane_host_bind(w, &a);
    lane_host_bind(w, &b);
    bound_at = a.at;
    a.at.port++;
    for (int i = 0; i < 50; i++) { /* each takes 20 ms: a second in all */
        lane_host_data_send(w, &a, 1);
        challenges += w->loose_count;
    }
    assert_in_range(challenges, 9, 11);
    assert_int_equal(world_counters(w).lane_frames, 0);
    a.at = bound_at; /* and nothing moved meanwhile */
    lane_host_data_send(w, &a, 2);
    lane_host_assert_data(w, &b, 2);
    world_free(w);
}

/* ---- binds that do not count ---- */

static void a_forged_bind_is_not_answered(void **state)
{
    struct lane_host a, b, forger;
    struct world *w = lane_hosts_of_two(&a, &b);

    (void)state;
    forger = a;
    forger.secret[0] ^= 1;
    lane_host_bind_send(w, &forger, NULL);
    assert_int_equal(w->loose_count, 0);
    memcpy(forger.secret, b.secret, sizeof(forger.secret)); /* nor with the other end's */
    lane_host_bind_send(w, &forger, NULL);
    assert_int_equal(w->loose_count, 0);
    assert_int_equal(world_counters(w).lane_bind_forged, 2);
    lane_host_bind(w, &a);
    world_free(w);
}

static void a_bind_counts_once(void **state)
{
    uint8_t cookie[LANE_COOKIE_SIZE];
    struct lane_host a, b;
    struct world *w = lane_hosts_of_two(&a, &b);

    (void)state;
    lane_host_bind_send(w, &a, NULL);
    lane_host_challenged(w, &a, cookie);
    a.nonce--; /* the first one again, without its cookie, and with */
    lane_host_bind_send(w, &a, NULL);
    assert_int_equal(w->loose_count, 0);
    a.nonce--;
    lane_host_bind_send(w, &a, cookie);
    assert_int_equal(w->loose_count, 0);
    assert_int_equal(world_counters(w).lane_bind_replayed, 2);
    lane_host_bind_send(w, &a, cookie);
    assert_true(lane_host_is_bound(w, &a));
    a.nonce--;
    lane_host_bind_send(w, &a, cookie); /* who recorded it */
    assert_int_equal(w->loose_count, 0);
    world_free(w);
}

static void a_cookie_is_good_for_its_address_its_label_and_a_minute(void **state)
{
    uint8_t of_a[LANE_COOKIE_SIZE], cookie[LANE_COOKIE_SIZE];
    struct lane_host a, b;
    struct world *w = lane_hosts_of_two(&a, &b);

    (void)state;
    lane_host_bind_send(w, &a, NULL);
    lane_host_challenged(w, &a, of_a);
    a.at.port++; /* from elsewhere */
    lane_host_bind_send(w, &a, of_a);
    lane_host_challenged(w, &a, cookie);
    a.at.port--;
    b.at = a.at; /* another label */
    lane_host_bind_send(w, &b, of_a);
    lane_host_challenged(w, &b, cookie);
    world_run(w, 2 * ADDRESS_COOKIE_MS);
    lane_host_bind_send(w, &a, of_a);
    lane_host_challenged(w, &a, cookie);
    assert_int_equal(world_counters(w).lane_bound, 0);
    lane_host_bind_send(w, &a, cookie);
    assert_true(lane_host_is_bound(w, &a));
    world_free(w);
}

/* What the log said of refused binds. */
struct lines {
    unsigned count;
    char last[128];
};

static void on_line(void *context, enum trace_level level, const char *event, const char *text)
{
    struct lines *lines = context;

    if (strcmp(event, "lane.refused") == 0) {
        assert_int_equal(level, TRACE_LEVEL_INFO); /* an operator sees it by default */
        (void)snprintf(lines->last, sizeof(lines->last), "%s", text);
        lines->count++;
    }
}

static void special_and_own_addresses_are_not_bound_or_challenged(void **state)
{
    static const char *const addresses[] = {
        "127.0.0.1:7777", "10.1.2.3:7777",  "169.254.1.1:7777", "224.0.0.1:7777",
        "0.0.0.0:7777",   "[fe80::1]:7777", "[::1]:7777",       "[fd00::1]:7777",
        "203.0.113.9:0",  "192.0.2.1:4433", /* the relay itself */
    };
    struct lines lines = {0};
    struct lane_host a, b;
    struct world *w = lane_hosts_of_two(&a, &b);

    (void)state;
    w->ports.note = on_line;
    w->ports.note_context = &lines;
    for (size_t i = 0; i < TEST_COUNT(addresses); i++) {
        assert_true(endpoint_parse(&a.at, addresses[i], 1));
        print_message("%s\n", addresses[i]);
        lane_host_bind_send(w, &a, NULL);
        assert_int_equal(w->loose_count, 0);
        lane_host_data_send(w, &a, 1);
        assert_int_equal(w->loose_count, 0);
        world_run(w, LANE_CHALLENGE_MS);
    }
    assert_int_equal(world_counters(w).lane_bind_address, TEST_COUNT(addresses));
    assert_int_equal(world_counters(w).drop_lane_moved, TEST_COUNT(addresses));
    assert_int_equal(world_counters(w).lane_challenges, 0);
    assert_int_equal(lines.count, 1); /* one line a minute */
    assert_non_null(strstr(lines.last, "address=127.0.0.1:7777 at=192.0.2.1:4433 left_out=0"));
    world_free(w);
}

static void unknown_labels_and_what_is_no_frame_are_met_with_silence(void **state)
{
    struct lane_host a, b;
    struct world *w = lane_hosts_of_two(&a, &b);
    uint8_t bytes[LANE_BIND_SIZE] = {0};

    (void)state;
    a.label++;
    lane_host_bind_send(w, &a, NULL);
    assert_int_equal(w->loose_count, 0);
    lane_host_data_send(w, &a, 1);
    assert_int_equal(w->loose_count, 0);
    assert_int_equal(world_counters(w).lane_bind_unknown, 1);
    assert_int_equal(world_counters(w).drop_lane_unknown, 1);
    for (unsigned type = FRAME_LANE_FIRST; type <= FRAME_LANE_LAST; type++) {
        bytes[0] = (uint8_t)type;
        bytes[1] = 1; /* reserved */
        lane_host_send(w, &a.at, bytes, sizeof(bytes));
        lane_host_send(w, &a.at, bytes, 1);
        assert_int_equal(w->loose_count, 0);
    }
    assert_int_equal(world_counters(w).drop_lane_frame, 32);
    world_free(w);
}

/* ---- who may have one ---- */

static uint32_t refusal(struct world *w, struct client *from, const struct client *to)
{
    client_forget(from);
    lane_ask(from, to);
    world_run(w, 50);
    return client_error(w, from);
}

static void who_is_not_here_or_does_not_want_it_gets_no_lane(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0], *b = &w->clients[1], *stranger = &w->clients[3];
    Ziglan__Block body = ZIGLAN__BLOCK__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    (void)state;
    world_members(w, 3);
    client_dial(w, stranger);
    assert_int_equal(refusal(w, a, &w->clients[4]), VERDICT_NOT_FOUND);
    assert_int_equal(refusal(w, a, a), VERDICT_BAD_REQUEST);
    assert_int_equal(refusal(w, stranger, a), VERDICT_NOT_MEMBER);
    assert_int_equal(refusal(w, a, stranger), VERDICT_REFUSED);
    body.key = control_bytes(a->identity.public_key, KEY_SIZE);
    message.body_case = ZIGLAN__CONTROL__BODY_BLOCK;
    message.block = &body;
    client_send(b, &message);
    world_run(w, 50);
    client_forget(b);
    assert_int_equal(refusal(w, a, b), VERDICT_REFUSED);
    assert_int_equal(refusal(w, b, a), VERDICT_REFUSED);
    assert_int_equal(client_count(w, b, ZIGLAN__CONTROL__BODY_LANE_INCOMING), 0);
    assert_int_equal(w->relay.core->lane.table.strangers_count, 0);
    assert_int_equal(lane_table_count(&w->relay.core->lane.table), 0);
    world_free(w);
}

static void a_block_closes_the_lane(void **state)
{
    Ziglan__Block body = ZIGLAN__BLOCK__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    const Ziglan__Control *got;
    struct lane_host a, b;
    struct world *w = lane_hosts_of_two(&a, &b);

    (void)state;
    lane_host_bind(w, &a);
    lane_host_bind(w, &b);
    body.key = control_bytes(w->clients[0].identity.public_key, KEY_SIZE);
    message.body_case = ZIGLAN__CONTROL__BODY_BLOCK;
    message.block = &body;
    client_send(&w->clients[1], &message);
    world_run(w, 50);
    got = client_got(w, &w->clients[0], ZIGLAN__CONTROL__BODY_LANE_CLOSED);
    assert_int_equal(got->lane_closed->label, a.label);
    got = client_got(w, &w->clients[1], ZIGLAN__CONTROL__BODY_LANE_CLOSED);
    assert_int_equal(got->lane_closed->label, b.label);
    lane_host_data_send(w, &a, 1);
    assert_int_equal(w->loose_count, 0);
    assert_int_equal(world_counters(w).drop_lane_unknown, 1);
    world_free(w);
}

static void the_end_of_a_session_closes_its_lanes(void **state)
{
    const Ziglan__Control *got;
    struct lane_host a, b;
    struct world *w = lane_hosts_of_two(&a, &b);

    (void)state;
    lane_host_bind(w, &a);
    lane_host_bind(w, &b);
    client_dial(w, &w->clients[1]); /* another session of the same key */
    got = client_got(w, &w->clients[0], ZIGLAN__CONTROL__BODY_LANE_CLOSED);
    assert_int_equal(got->lane_closed->label, a.label);
    assert_int_equal(lane_table_count(&w->relay.core->lane.table), 0);
    lane_hosts_open(w, &a, &b);
    link_hub_close(w->clients[0].hub, w->clients[0].handle, 0, "", w->now);
    world_run(w, 100);
    got = client_got(w, &w->clients[1], ZIGLAN__CONTROL__BODY_LANE_CLOSED);
    assert_int_equal(got->lane_closed->label, b.label);
    assert_int_equal(lane_table_count(&w->relay.core->lane.table), 0);
    assert_int_equal(world_counters(w).lanes_closed, 2);
    world_free(w);
}

static void a_lane_without_traffic_is_closed_after_ten_minutes(void **state)
{
    struct lane_host a, b;
    struct world *w = lane_hosts_of_two(&a, &b);

    (void)state;
    lane_host_bind(w, &a);
    lane_host_bind(w, &b);
    world_run(w, LANE_IDLE_MS - 60000);
    lane_host_data_send(w, &a, 1);
    lane_host_assert_data(w, &b, 1);
    world_run(w, LANE_IDLE_MS - 60000);
    assert_int_equal(lane_table_count(&w->relay.core->lane.table), 1);
    world_run(w, 120000);
    assert_int_equal(lane_table_count(&w->relay.core->lane.table), 0);
    assert_int_equal(client_count(w, &w->clients[0], ZIGLAN__CONTROL__BODY_LANE_CLOSED), 1);
    assert_int_equal(client_count(w, &w->clients[1], ZIGLAN__CONTROL__BODY_LANE_CLOSED), 1);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_pass_between_both_families_once_both_ends_are_bound),
        cmocka_unit_test(who_asks_again_hears_the_same),
        cmocka_unit_test(who_moved_is_bound_again_in_one_round_trip),
        cmocka_unit_test(frames_from_elsewhere_make_a_challenge_in_100_ms),
        cmocka_unit_test(a_forged_bind_is_not_answered),
        cmocka_unit_test(a_bind_counts_once),
        cmocka_unit_test(a_cookie_is_good_for_its_address_its_label_and_a_minute),
        cmocka_unit_test(special_and_own_addresses_are_not_bound_or_challenged),
        cmocka_unit_test(unknown_labels_and_what_is_no_frame_are_met_with_silence),
        cmocka_unit_test(who_is_not_here_or_does_not_want_it_gets_no_lane),
        cmocka_unit_test(a_block_closes_the_lane),
        cmocka_unit_test(the_end_of_a_session_closes_its_lanes),
        cmocka_unit_test(a_lane_without_traffic_is_closed_after_ten_minutes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
