/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host that was restarted is talked to again at once, and nobody can make more of that. */
#include "client/peer/revival.h"

#include "client/core/core_internal.h"
#include "client/core/dataplane.h"
#include "client/peer/life.h"
#include "tests/support/host_fixture.h"

enum { PORT_AGAIN = 6001, STRAY_SIZE = 64 };

/* Host 0 sends 20 packets a second for so long; nas sends nothing by itself. */
static void send_for_ms(struct lab *lab, uint64_t ms)
{
    for (uint64_t passed = 0; passed < ms; passed += 50) {
        send_ping(lab, 84);
        run_ms(lab, 50);
    }
}

static void a_host_that_restarts_under_traffic_is_reached_within_a_second(void **state)
{
    struct lab *lab = lab_relayed();

    (void)state;
    send_for_ms(lab, 4000);
    lab_restart(lab, 1);
    size_t before = lab->hosts[1].delivered;
    send_for_ms(lab, 500);
    assert_true(lab->hosts[1].delivered > before);
    before = lab->hosts[1].delivered;
    send_for_ms(lab, 1000);
    assert_int_equal(lab->hosts[1].delivered, before + 20);
    lab_free(lab);
}

/* Also from another port, which is told by its new session to the relay. */
static void it_is_direct_again_within_three_seconds(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    send_for_ms(lab, 4000);
    assert_string_equal(state_of_nas(lab), "direct");
    lab->hosts[1].address.port = PORT_AGAIN;
    lab_restart(lab, 1);
    send_for_ms(lab, 3000);
    assert_string_equal(state_of_nas(lab), "direct");
    assert_int_equal(path_table_direct(&conversation_at(lab, 0)->paths)->remote.port, PORT_AGAIN);
    lab_free(lab);
}

static void its_peer_begins_a_new_session_without_traffic_too(void **state)
{
    struct lab *lab = lab_relayed();

    (void)state;
    run_ms(lab, 4000);
    uint64_t before = lab->hosts[0].core->dataplane.counters.handshakes;
    lab_restart(lab, 1);
    run_ms(lab, 1000);
    assert_int_equal(lab->hosts[0].core->dataplane.counters.handshakes, before + 1);
    assert_non_null(conversation_at(lab, 1)->sessions.current);
    lab_free(lab);
}

/* It only has another session to its relay, and answers on the session that we have. */
static void a_peer_that_was_not_restarted_keeps_its_session(void **state)
{
    struct lab *lab = lab_relayed();
    struct ziglan *ziglan = ziglan_at(lab, 1);

    (void)state;
    send_for_ms(lab, 4000);
    uint64_t before = lab->hosts[0].core->dataplane.counters.handshakes;
    (void)relay_session_on_network(ziglan->entry_point, NULL, lab->now);
    send_for_ms(lab, 2000);
    assert_int_equal(lab->hosts[0].core->dataplane.counters.handshakes, before);
    assert_false(conversation_at(lab, 0)->relayed.doubted);
    lab_free(lab);
}

/* Where a frame of host 0 came to host 1 from: its relay, or (relayed false) an address. */
static struct origin origin_of(struct lab *lab, bool relayed)
{
    struct origin origin = {.local = lab->hosts[1].address, .remote = lab->hosts[0].address};

    if (relayed) {
        origin.relay = ziglan_at(lab, 1)->entry_point;
        origin.source_key = lab->hosts[0].identity.public_key;
    }
    return origin;
}

/* Host 1 gets a frame of a session that it does not know. */
static void stray(struct lab *lab, const struct origin *origin)
{
    static const uint8_t frame[STRAY_SIZE] = {FRAME_TYPE_DATA, 1, 0, 0, 1, 2, 3, 4};

    dataplane_receive(lab->hosts[1].core, origin, frame, sizeof(frame), &lab->hosts[1].io,
                      lab->now);
}

static void many_such_frames_make_one_initiation(void **state)
{
    struct lab *lab = lab_joined();
    struct origin origin = origin_of(lab, true);
    uint64_t sent = lab->hosts[1].core->dataplane.counters.frames_out;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        stray(lab, &origin);
    }
    assert_int_equal(lab->hosts[1].core->dataplane.counters.frames_out, sent + 1);
    assert_int_equal(conversation_at(lab, 1)->initiating.tries, 1);
    flush_host(lab, &lab->hosts[1]);
    run_ms(lab, 500);
    assert_non_null(conversation_at(lab, 1)->sessions.current);
    lab_free(lab);
}

/* The peer may still use its former session: it is told of the new one, at most four times a
 * second. */
static void a_session_just_made_is_not_made_again(void **state)
{
    struct lab *lab = lab_relayed();
    struct origin origin = origin_of(lab, true);
    struct host_counters *counters = &lab->hosts[1].core->dataplane.counters;

    (void)state;
    uint64_t handshakes = counters->handshakes;
    uint64_t sent = counters->frames_out;
    for (int i = 0; i < 100; i++) {
        stray(lab, &origin);
        lab->now = mono_add_ms(lab->now, 10);
    }
    assert_int_equal(counters->handshakes, handshakes);
    assert_in_range(counters->frames_out - sent, 1, 5);
    lab_free(lab);
}

static void frames_without_a_voucher_do_nothing(void **state)
{
    struct lab *lab = lab_joined();
    const struct peer *anna = lab->hosts[1].core->peers.list[0];
    struct origin direct = origin_of(lab, false);
    struct origin stranger = origin_of(lab, true);
    struct origin full = origin_of(lab, true);
    uint8_t key[KEY_SIZE] = {5};

    (void)state;
    stray(lab, &direct);
    assert_null(anna->conversation);
    stranger.source_key = key;
    stray(lab, &stranger);
    assert_null(anna->conversation);
    lab->hosts[1].core->conversations.count += CONVERSATIONS_MAX; /* all places are taken */
    stray(lab, &full);
    assert_null(anna->conversation);
    lab->hosts[1].core->conversations.count -= CONVERSATIONS_MAX;
    stray(lab, &full);
    assert_non_null(anna->conversation);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_that_restarts_under_traffic_is_reached_within_a_second),
        cmocka_unit_test(it_is_direct_again_within_three_seconds),
        cmocka_unit_test(its_peer_begins_a_new_session_without_traffic_too),
        cmocka_unit_test(a_peer_that_was_not_restarted_keeps_its_session),
        cmocka_unit_test(many_such_frames_make_one_initiation),
        cmocka_unit_test(a_session_just_made_is_not_made_again),
        cmocka_unit_test(frames_without_a_voucher_do_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
