/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions between relays: one for each pair, got when they are needed, ended when they are not. */
#include "relayd/base/neighbour_table.h"

#include "tests/support/relay_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { COMERS_MAX = 48 }; /* more than have room at once */

/* The book of all relays of a net. */
static bool book_find(void *context, const uint8_t key[KEY_SIZE], struct neighbour_place *out)
{
    const struct relay_net *net = context;

    for (size_t i = 0; i < net->count; i++) {
        if (memcmp(relay_net_key(net, i), key, KEY_SIZE) == 0) {
            out->addresses[0] = net->nodes[i].address;
            out->addresses_count = 1;
            return true;
        }
    }
    return false;
}

static struct relay_net *net_of(size_t count)
{
    struct relay_net *net = relay_net_new(count, 5);

    relay_net_start(net);
    for (size_t i = 0; i < count; i++) {
        relay_net_neighbours(net, i)->book =
            (struct neighbour_book){.context = net, .find = book_find};
    }
    return net;
}

static struct neighbour *want(struct relay_net *net, size_t from, size_t to)
{
    return neighbour_want(relay_net_neighbours(net, from), relay_net_key(net, to), net->now);
}

/* The open session of `from` with `to`. */
static struct neighbour *open_of(struct relay_net *net, size_t from, size_t to)
{
    return neighbour_of_key(relay_net_neighbours(net, from), relay_net_key(net, to));
}

static uint64_t control_received(const struct relay_net *net, size_t i)
{
    return link_hub_stats(net->nodes[i].core->base.hub)->control_received;
}

static Ziglan__Control ping(Ziglan__Ping *body)
{
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    ziglan__ping__init(body);
    message.body_case = ZIGLAN__CONTROL__BODY_PING;
    message.ping = body;
    return message;
}

static void a_relay_that_is_needed_is_dialled_and_gets_what_waited(void **state)
{
    struct relay_net *net = net_of(2);
    struct neighbour_table *table = relay_net_neighbours(net, 0);
    const uint8_t frame[40] = {SESSION_DGRAM_TO};
    Ziglan__Ping body;
    Ziglan__Control message = ping(&body);
    uint64_t before;

    (void)state;
    assert_int_equal(neighbour_send_to(table, relay_net_key(net, 1), &message, net->now), ERR_OK);
    assert_int_equal(neighbour_datagram_to(table, relay_net_key(net, 1), frame, sizeof(frame), NULL,
                                           0, net->now),
                     ERR_OK);
    assert_null(open_of(net, 0, 1));
    relay_net_run(net, 1000);
    assert_non_null(open_of(net, 0, 1));
    assert_true(open_of(net, 0, 1)->dialled);
    assert_non_null(open_of(net, 1, 0));
    assert_false(open_of(net, 1, 0)->dialled);
    assert_true(endpoint_equal(&open_of(net, 0, 1)->observed, &net->nodes[0].address));
    assert_true(control_received(net, 1) >= 1);
    assert_true(control_received(net, 0) >= 1); /* the pong */
    assert_int_equal(net->nodes[1].core->base.counters.drop_kind, 1);
    assert_int_equal(net->nodes[1].core->base.sessions.lists.stranger_count, 0);
    /* The next goes at once. */
    relay_net_run(net, 500);
    before = control_received(net, 1);
    assert_int_equal(neighbour_send_to(table, relay_net_key(net, 1), &message, net->now), ERR_OK);
    relay_net_run(net, 100);
    assert_int_equal(control_received(net, 1), before + 1);
    relay_net_free(net);
}

static void what_waits_is_bounded_and_lost_with_the_attempt(void **state)
{
    struct relay_net *net = net_of(2);
    struct neighbour_table *table = relay_net_neighbours(net, 0);
    const uint8_t frame[40] = {SESSION_DGRAM_TO};
    static const uint8_t nobody[KEY_SIZE] = {9};
    Ziglan__Ping body;
    Ziglan__Control message = ping(&body);

    (void)state;
    relay_node_stop(&net->nodes[1]);
    for (int i = 0; i < NEIGHBOUR_QUEUE_CONTROLS; i++) {
        assert_int_equal(neighbour_send_to(table, relay_net_key(net, 1), &message, net->now),
                         ERR_OK);
    }
    assert_int_equal(neighbour_send_to(table, relay_net_key(net, 1), &message, net->now),
                     ERR_LIMIT);
    for (int i = 0; i < NEIGHBOUR_QUEUE_DATAGRAMS; i++) {
        assert_int_equal(neighbour_datagram_to(table, relay_net_key(net, 1), frame, sizeof(frame),
                                               frame, sizeof(frame), net->now),
                         ERR_OK);
    }
    assert_int_equal(neighbour_datagram_to(table, relay_net_key(net, 1), frame, sizeof(frame), NULL,
                                           0, net->now),
                     ERR_LIMIT);
    assert_int_equal(net->nodes[0].core->base.counters.neighbour_queue_full, 2);
    assert_true(table->waiting_bytes > 0);
    assert_int_equal(neighbour_send_to(table, nobody, &message, net->now), ERR_DROP);
    assert_int_equal(neighbour_send_to(table, relay_net_key(net, 0), &message, net->now), ERR_DROP);
    relay_net_run(net, NEIGHBOUR_DIAL_MS + 100);
    assert_int_equal(table->count, 0);
    assert_int_equal(table->waiting_bytes, 0);
    relay_net_free(net);
}

static void of_two_that_dial_each_other_one_session_stays(void **state)
{
    (void)state;
    /* The second dials somewhat later, before, while and after the first one's session opens. */
    for (uint64_t later_ms = 0; later_ms < 120; later_ms += 5) {
        for (size_t first = 0; first < 2; first++) {
            struct relay_net *net = net_of(2);

            assert_non_null(want(net, first, 1 - first));
            relay_net_run(net, later_ms);
            assert_non_null(want(net, 1 - first, first));
            relay_net_run(net, 2000);
            assert_non_null(open_of(net, 0, 1));
            assert_non_null(open_of(net, 1, 0));
            assert_int_not_equal(open_of(net, 0, 1)->dialled, open_of(net, 1, 0)->dialled);
            for (size_t i = 0; i < 2; i++) {
                const struct neighbour_table *table = relay_net_neighbours(net, i);

                assert_int_equal(table->count, 1);
                assert_int_equal(table->accepted_count, !open_of(net, i, 1 - i)->dialled);
                assert_int_equal(net->nodes[i].core->base.sessions.count, 1);
            }
            relay_net_free(net);
        }
    }
}

/* A question and a datagram of a relay for another one. */
static void queue_both(struct relay_net *net, size_t from, size_t to)
{
    struct neighbour_table *table = relay_net_neighbours(net, from);
    const uint8_t frame[40] = {SESSION_DGRAM_TO};
    Ziglan__Locate body = ZIGLAN__LOCATE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.key = control_bytes(relay_net_key(net, from), KEY_SIZE);
    message.request_id = 1;
    message.body_case = ZIGLAN__CONTROL__BODY_LOCATE;
    message.locate = &body;
    assert_int_equal(neighbour_send_to(table, relay_net_key(net, to), &message, net->now), ERR_OK);
    assert_int_equal(neighbour_datagram_to(table, relay_net_key(net, to), frame, sizeof(frame),
                                           NULL, 0, net->now),
                     ERR_OK);
}

static void what_waits_arrives_over_whichever_session_stays(void **state)
{
    (void)state;
    for (uint64_t later_ms = 0; later_ms < 120; later_ms += 5) {
        for (size_t first = 0; first < 2; first++) {
            struct relay_net *net = net_of(2);

            queue_both(net, first, 1 - first);
            relay_net_run(net, later_ms);
            queue_both(net, 1 - first, first);
            relay_net_run(net, 2000);
            for (size_t i = 0; i < 2; i++) {
                const struct relay_counters *c = &net->nodes[i].core->base.counters;

                if (c->drop_kind != 1 || c->locates_of_relays != 1) {
                    fail_msg("%u ms later than %zu: %zu got %llu datagrams, %llu questions",
                             (unsigned)later_ms, first, i, (unsigned long long)c->drop_kind,
                             (unsigned long long)c->locates_of_relays);
                }
            }
            relay_net_free(net);
        }
    }
}

static void a_relay_that_lost_its_session_gets_another_in_either_direction(void **state)
{
    (void)state;
    for (size_t restarted = 0; restarted < 2; restarted++) {
        struct relay_net *net = net_of(2);

        assert_non_null(want(net, 0, 1));
        relay_net_run(net, NEIGHBOUR_RACE_MS + 2000);
        relay_node_stop(&net->nodes[restarted]);
        relay_node_start(&net->nodes[restarted], net->now);
        relay_net_neighbours(net, restarted)->book =
            (struct neighbour_book){.context = net, .find = book_find};
        assert_non_null(want(net, restarted, 1 - restarted));
        relay_net_run(net, 1000);
        assert_non_null(open_of(net, 0, 1));
        assert_non_null(open_of(net, 1, 0));
        assert_int_equal(relay_net_neighbours(net, 1 - restarted)->count, 1);
        relay_net_free(net);
    }
}

static void a_session_ends_when_nobody_uses_it_unless_it_is_kept(void **state)
{
    struct relay_net *net = net_of(3);

    (void)state;
    assert_non_null(want(net, 0, 1));
    want(net, 0, 2)->kept = true;
    relay_net_run(net, NEIGHBOUR_IDLE_MS - 1000);
    assert_non_null(open_of(net, 0, 1));
    relay_net_run(net, 2000);
    assert_null(open_of(net, 0, 1));
    assert_null(open_of(net, 1, 0));
    assert_non_null(open_of(net, 0, 2));
    assert_int_equal(net->nodes[1].core->base.sessions.count, 0);
    relay_net_free(net);
}

static void a_dead_neighbour_is_given_up(void **state)
{
    struct relay_net *net = net_of(2);
    Ziglan__Ping body;
    Ziglan__Control message = ping(&body);

    (void)state;
    want(net, 0, 1)->kept = true;
    relay_net_run(net, 1000);
    relay_node_stop(&net->nodes[1]);
    assert_int_equal(
        neighbour_send_to(relay_net_neighbours(net, 0), relay_net_key(net, 1), &message, net->now),
        ERR_OK);
    relay_net_run(net, NEIGHBOUR_STALL_MS + 5000);
    assert_null(open_of(net, 0, 1));
    relay_net_free(net);
}

static void a_neighbour_that_dialled_and_died_is_given_up_whatever_is_sent_to_it(void **state)
{
    struct relay_net *net = net_of(2);
    Ziglan__Ping body;
    Ziglan__Control message = ping(&body);

    (void)state;
    want(net, 0, 1)->kept = true;
    relay_net_run(net, 10 * NEIGHBOUR_IDLE_MS);
    assert_non_null(open_of(net, 1, 0)); /* nobody says anything, but it is there */
    relay_node_stop(&net->nodes[0]);
    for (int s = 0; s < NEIGHBOUR_SILENT_MS / 1000; s += 5) {
        if (open_of(net, 1, 0) != NULL) {
            neighbour_tell(relay_net_neighbours(net, 1), open_of(net, 1, 0), &message);
        }
        relay_net_run(net, 5000);
    }
    assert_null(open_of(net, 1, 0));
    relay_net_free(net);
}

static void few_relays_of_one_network_are_let_in(void **state)
{
    struct relay_net *net = relay_net_new(NEIGHBOURS_PER_NET + 3, 6);

    (void)state;
    for (size_t i = 1; i < net->count; i++) {
        const uint8_t ip[4] = {20, 1, 3, (uint8_t)i};

        net->nodes[i].address = endpoint_v4(ip, 4433);
    }
    relay_net_start(net);
    for (size_t i = 1; i < net->count; i++) {
        relay_net_neighbours(net, i)->book =
            (struct neighbour_book){.context = net, .find = book_find};
        assert_non_null(want(net, i, 0));
        relay_net_run(net, 500);
    }
    assert_int_equal(relay_net_neighbours(net, 0)->count, NEIGHBOURS_PER_NET);
    assert_int_equal(net->nodes[0].core->base.counters.neighbours_refused_net, 2);
    /* One of them comes again, and makes room for itself; one that went makes room for another. */
    relay_node_stop(&net->nodes[1]);
    relay_node_start(&net->nodes[1], net->now);
    relay_net_neighbours(net, 1)->book = (struct neighbour_book){.context = net, .find = book_find};
    assert_non_null(want(net, 1, 0));
    relay_net_run(net, 500);
    assert_non_null(open_of(net, 1, 0));
    neighbour_end(relay_net_neighbours(net, 1), open_of(net, 1, 0), net->now);
    assert_non_null(want(net, net->count - 1, 0));
    relay_net_run(net, 500);
    assert_non_null(open_of(net, net->count - 1, 0));
    assert_int_equal(relay_net_neighbours(net, 0)->count, NEIGHBOURS_PER_NET);
    relay_net_free(net);
}

/* One that is here comes again from a network that is full: the refusal frees no place. */
static void a_refused_second_session_frees_no_place_in_the_network_of_the_first(void **state)
{
    struct relay_net *net = relay_net_new(2 * NEIGHBOURS_PER_NET + 2, 6);
    const uint8_t elsewhere[4] = {20, 2, 3, 99};

    (void)state;
    for (size_t i = 1; i < net->count; i++) {
        const uint8_t ip[4] = {20, i <= NEIGHBOURS_PER_NET ? 2 : 1, 3, (uint8_t)i};

        net->nodes[i].address = endpoint_v4(ip, 4433);
    }
    relay_net_start(net);
    for (size_t i = 1; i < net->count; i++) {
        relay_net_neighbours(net, i)->book =
            (struct neighbour_book){.context = net, .find = book_find};
    }
    for (size_t i = 1; i < net->count - 1; i++) {
        assert_non_null(want(net, i, 0));
        relay_net_run(net, 500);
    }
    assert_int_equal(relay_net_neighbours(net, 0)->count, 2 * NEIGHBOURS_PER_NET);
    relay_node_stop(&net->nodes[net->count - 2]);
    net->nodes[net->count - 2].address = endpoint_v4(elsewhere, 4433);
    relay_node_start(&net->nodes[net->count - 2], net->now);
    relay_net_neighbours(net, net->count - 2)->book =
        (struct neighbour_book){.context = net, .find = book_find};
    assert_non_null(want(net, net->count - 2, 0));
    relay_net_run(net, 500);
    assert_int_equal(net->nodes[0].core->base.counters.neighbours_refused_net, 1);
    assert_non_null(want(net, net->count - 1, 0));
    relay_net_run(net, 500);
    assert_int_equal(net->nodes[0].core->base.counters.neighbours_refused_net, 2);
    assert_int_equal(relay_net_neighbours(net, 0)->count, 2 * NEIGHBOURS_PER_NET);
    relay_net_free(net);
}

static void who_comes_takes_no_place_from_whom_we_look_for(void **state)
{
    struct relay_net *net = net_of(NEIGHBOURS_ACCEPTED_MAX + 4);
    struct neighbour_table *table = relay_net_neighbours(net, 0);

    (void)state;
    for (size_t i = 1; i < net->count - 1; i++) {
        want(net, i, 0)->kept = true;
    }
    relay_net_run(net, 3000);
    assert_int_equal(table->count, NEIGHBOURS_ACCEPTED_MAX);
    assert_int_equal(table->accepted_count, NEIGHBOURS_ACCEPTED_MAX);
    assert_int_equal(net->nodes[0].core->base.counters.neighbours_refused_all, 2);
    assert_non_null(want(net, 0, net->count - 1));
    relay_net_run(net, 1000);
    assert_non_null(open_of(net, 0, net->count - 1));
    relay_net_free(net);
}

/* A relay has a word for each of many: announcements and questions of presence. */
static void sessions_for_a_word_end_soon_and_make_room_for_the_next(void **state)
{
    struct relay_net *net = net_of(3);
    struct neighbour_table *table = relay_net_neighbours(net, 0);
    Ziglan__Ping body;
    Ziglan__Control message = ping(&body);

    (void)state;
    assert_int_equal(neighbour_send_brief(table, relay_net_key(net, 1), &message, net->now),
                     ERR_OK);
    assert_int_equal(neighbour_send_brief(table, relay_net_key(net, 2), &message, net->now),
                     ERR_OK);
    relay_net_run(net, NEIGHBOUR_BRIEF_MS - 1000);
    assert_non_null(open_of(net, 0, 1));
    assert_int_equal(neighbour_send_to(table, relay_net_key(net, 2), &message, net->now), ERR_OK);
    assert_int_equal(neighbour_send_brief(table, relay_net_key(net, 2), &message, net->now),
                     ERR_OK);
    relay_net_run(net, 2000);
    assert_null(open_of(net, 0, 1));
    relay_net_run(net, NEIGHBOUR_IDLE_MS - 3000);
    assert_non_null(open_of(net, 0, 2)); /* it was used for more */
    relay_net_free(net);

    net = net_of(COMERS_MAX);
    table = relay_net_neighbours(net, 0);
    for (size_t i = 1; i < net->count; i++) { /* all have a word for one, which has room for 40 */
        assert_int_equal(neighbour_send_brief(relay_net_neighbours(net, i), relay_net_key(net, 0),
                                              &message, net->now),
                         ERR_OK);
        relay_net_run(net, 100);
    }
    assert_int_equal(net->nodes[0].core->base.counters.neighbours_refused_all, 0);
    assert_true(control_received(net, 0) >= net->count - 1);
    relay_net_free(net);
}

static void a_relay_that_stops_says_so_and_dials_nobody_any_more(void **state)
{
    struct relay_net *net = net_of(3);

    (void)state;
    assert_non_null(want(net, 0, 1));
    assert_non_null(want(net, 2, 0));
    relay_net_run(net, 1000);
    assert_non_null(want(net, 0, 2));
    relay_core_shutdown(net->nodes[0].core, 1000, false, net->now);
    relay_net_run(net, 400);
    assert_true(relay_core_stopped(net->nodes[0].core));
    assert_int_equal(relay_net_neighbours(net, 1)->count, 0);
    assert_int_equal(relay_net_neighbours(net, 2)->count, 0);
    assert_null(want(net, 0, 1));
    relay_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_that_is_needed_is_dialled_and_gets_what_waited),
        cmocka_unit_test(what_waits_is_bounded_and_lost_with_the_attempt),
        cmocka_unit_test(of_two_that_dial_each_other_one_session_stays),
        cmocka_unit_test(what_waits_arrives_over_whichever_session_stays),
        cmocka_unit_test(a_relay_that_lost_its_session_gets_another_in_either_direction),
        cmocka_unit_test(a_session_ends_when_nobody_uses_it_unless_it_is_kept),
        cmocka_unit_test(a_dead_neighbour_is_given_up),
        cmocka_unit_test(a_neighbour_that_dialled_and_died_is_given_up_whatever_is_sent_to_it),
        cmocka_unit_test(few_relays_of_one_network_are_let_in),
        cmocka_unit_test(a_refused_second_session_frees_no_place_in_the_network_of_the_first),
        cmocka_unit_test(who_comes_takes_no_place_from_whom_we_look_for),
        cmocka_unit_test(sessions_for_a_word_end_soon_and_make_room_for_the_next),
        cmocka_unit_test(a_relay_that_stops_says_so_and_dials_nobody_any_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
