/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verbs of the relay core: datagrams by their first byte, and the stop. */
#include "relayd/core/core.h"

#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

static void other_first_bytes_are_counted_and_dropped(void **state)
{
    struct world *w = world_new(NULL);
    const uint8_t ip[4] = {203, 0, 113, 9};
    const struct endpoint from = endpoint_v4(ip, 7777);
    struct relay_counters counters;

    (void)state;
    for (int first = 0; first < 256; first++) {
        uint8_t data[40] = {(uint8_t)first};
        struct dgram in = {.local = w->relay.address, .remote = from, .data = data};
        for (in.size = 0; in.size <= sizeof(data); in.size += 20) {
            relay_core_receive(w->relay.core, &in, w->now);
        }
    }
    world_run(w, 100);
    counters = world_counters(w);
    assert_int_equal(counters.received_dgrams, 256 * 3);
    assert_int_equal(counters.drop_host_frame, 16 * 2);
    assert_int_equal(counters.drop_lane_frame, 16 * 2);
    assert_int_equal(counters.drop_first_byte, 256 + 2 * (0x3c + 0x1c));
    assert_int_equal(counters.words_bad, 2 * 2);       /* questions and answers */
    assert_int_equal(counters.frame_words_bad, 2 * 2); /* with frames, and receipts */
    world_free(w);
}

static void a_stop_tells_everybody_and_ends(void **state)
{
    struct world *w = world_new(NULL);

    (void)state;
    world_members(w, 3);
    relay_core_shutdown(w->relay.core, 1000, false, w->now);
    assert_false(relay_core_stopped(w->relay.core));
    world_run(w, 1000);
    assert_true(relay_core_stopped(w->relay.core));
    for (int i = 0; i < 3; i++) {
        Ziglan__Control *away = client_got(w, &w->clients[i], ZIGLAN__CONTROL__BODY_GO_AWAY);
        assert_non_null(away);
        assert_int_equal(away->go_away->reason, 0);
        assert_int_equal(away->go_away->reconnect_in_ms, 1000);
        assert_false(w->clients[i].open);
    }
    world_free(w);
}

/* Before the process ends, new sessions open still. None is left without a word. */
static void who_comes_during_a_stop_is_told_too(void **state)
{
    struct world *w = world_new(NULL);
    struct client *late = &w->clients[1];

    (void)state;
    world_members(w, 1);
    relay_core_shutdown(w->relay.core, 5000, false, w->now);
    client_dial(w, late);
    Ziglan__Control *away = client_got(w, late, ZIGLAN__CONTROL__BODY_GO_AWAY);
    assert_non_null(away);
    assert_int_equal(away->go_away->reason, GOAWAY_SHUTDOWN);
    assert_int_equal(away->go_away->reconnect_in_ms, 1000);
    world_run(w, 1000);
    assert_false(late->open);
    assert_true(relay_core_stopped(w->relay.core));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_first_bytes_are_counted_and_dropped),
        cmocka_unit_test(a_stop_tells_everybody_and_ends),
        cmocka_unit_test(who_comes_during_a_stop_is_told_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
