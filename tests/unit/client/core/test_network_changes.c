/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which changes of the network cost a host its relay session or its paths. */
#include "client/admin/sentences.h"
#include "client/core/core_internal.h"
#include "client/core/network.h"
#include "client/peer/conversation.h"
#include "client/peer/introduction.h"
#include "relayd/core/core_internal.h"

#include "tests/support/host_fixture.h"

#include <stdio.h>
#include <string.h>

/* The ways of host 0: one to every relay, one to every host. */
struct ways {
    struct lab *lab;
    struct way to_relay, to_hosts;
};

static bool find(void *context, const struct endpoint *local, const struct endpoint *remote,
                 struct way *out)
{
    const struct ways *ways = context;

    (void)local;
    *out = endpoint_equal(remote, &ways->lab->relay.address) ? ways->to_relay : ways->to_hosts;
    return true;
}

/* Host 0 looks at its network, which has these ways and its one address. */
static void look(struct ways *ways, bool doubtful)
{
    struct way_finder finder = {.find = find, .context = ways, .doubtful = doubtful};
    struct host_node *host = &ways->lab->hosts[0];
    struct host_local_addr addr = {.prefix_bits = 128};

    memcpy(addr.ip, host->address.ip, sizeof(addr.ip));
    host_core_network(host->core, &addr, 1, host->address.port, &finder, ways->lab->now);
}

static void learn(struct ways *ways)
{
    struct way_finder finder = {.find = find, .context = ways};

    host_core_learn_ways(ways->lab->hosts[0].core, &finder);
}

static uint64_t sessions_opened(struct lab *lab)
{
    return lab->relay.core->base.counters.sessions_opened;
}

static struct ways ways_of(struct lab *lab)
{
    return (struct ways){.lab = lab, .to_relay = {.interface = 2}, .to_hosts = {.interface = 2}};
}

/* A pair that is direct; host 0 knows its ways. */
static struct lab *direct_pair(struct ways *ways)
{
    struct lab *lab = lab_joined();

    *ways = ways_of(lab);
    send_ping(lab, 84);
    run_ms(lab, 2000);
    assert_string_equal(state_of_nas(lab), "direct");
    look(ways, false);
    learn(ways);
    run_ms(lab, 2000);
    return lab;
}

static void three_hundred_thousand_changes_elsewhere_reopen_nothing(void **state)
{
    struct ways ways;
    struct lab *lab = direct_pair(&ways);
    uint64_t opened = sessions_opened(lab);
    uint32_t sequence = lab->hosts[0].core->underlay.sequence;
    size_t delivered = lab->hosts[1].delivered;

    (void)state;
    for (int i = 0; i < 300000; i++) {
        look(&ways, false);
        if (i % 30000 == 0) {
            send_ping(lab, 84);
            run_ms(lab, 100);
        }
    }
    assert_int_equal(lab->hosts[1].delivered, delivered + 10);
    assert_int_equal(sessions_opened(lab), opened);
    assert_int_equal(lab->hosts[0].core->underlay.sequence, sequence);
    assert_int_equal(lab->hosts[0].core->dataplane.counters.direct_lost, 0);
    assert_string_equal(state_of_nas(lab), "direct");
    lab_free(lab);
}

/* The relay's answer to one ping decides, and the path in use answers one, too. */
static void what_is_in_doubt_is_asked_and_stays(void **state)
{
    struct ways ways;
    struct lab *lab = direct_pair(&ways);
    uint64_t opened = sessions_opened(lab);

    (void)state;
    for (int i = 0; i < 10; i++) {
        look(&ways, true);
        assert_string_equal(state_of_nas(lab), "direct");
        run_ms(lab, 2000);
    }
    assert_int_equal(sessions_opened(lab), opened);
    assert_int_equal(lab->hosts[0].core->dataplane.counters.direct_lost, 0);
    lab_free(lab);
}

static void a_session_whose_way_changed_moves_and_is_not_opened_anew(void **state)
{
    struct ways ways;
    struct lab *lab = direct_pair(&ways);
    uint64_t opened = sessions_opened(lab);

    (void)state;
    for (uint8_t i = 1; i <= 50; i++) {
        ways.to_relay.source[15] = i;
        look(&ways, false);
        run_ms(lab, 300);
        assert_string_equal(state_of_nas(lab), "direct"); /* its way did not change */
    }
    assert_int_equal(sessions_opened(lab), opened);
    assert_true(lab->relay.core->base.counters.moved == 0); /* the same address in this wire */
    lab_free(lab);
}

static void a_session_that_does_not_answer_on_its_new_way_is_replaced_within_a_second(void **state)
{
    struct ways ways;
    struct lab *lab = direct_pair(&ways);

    (void)state;
    relay_node_stop(&lab->relay);
    start_relay(lab);
    lab->relay.core->base.counters.sessions_opened = 0;
    ways.to_relay.source[15] = 1;
    look(&ways, false);
    run_ms(lab, 1000);
    assert_true(ziglan_at(lab, 0)->entry_point->open);
    assert_true(sessions_opened(lab) >= 1);
    lab_free(lab);
}

static void a_path_whose_way_changed_is_tried_again_and_relayed_meanwhile(void **state)
{
    struct ways ways;
    struct lab *lab = direct_pair(&ways);
    uint64_t opened = sessions_opened(lab);

    (void)state;
    ways.to_hosts.interface = 3;
    look(&ways, false);
    assert_string_equal(state_of_nas(lab), "relayed");
    send_ping(lab, 84);
    run_ms(lab, 1000);
    assert_string_equal(state_of_nas(lab), "direct");
    assert_int_equal(sessions_opened(lab), opened);
    lab_free(lab);
}

static void begins(struct ways *ways)
{
    struct way_finder finder = {.find = find, .context = ways};

    host_core_network_begins(ways->lab->hosts[0].core, &finder);
}

/* A packet from the new network would come to the router of the peer unasked. */
static void a_path_that_goes_another_way_is_not_used_until_the_network_was_looked_at(void **state)
{
    struct ways ways;
    struct lab *lab = direct_pair(&ways);
    uint64_t lost = lab->hosts[0].core->dataplane.counters.direct_lost;

    (void)state;
    begins(&ways); /* a change elsewhere */
    assert_string_equal(state_of_nas(lab), "direct");
    ways.to_hosts.interface = 3;
    begins(&ways);
    assert_string_equal(state_of_nas(lab), "relayed");
    run_ms(lab, 100);
    assert_string_equal(state_of_nas(lab), "relayed");
    ways.to_hosts.interface = 2; /* it was put right before anybody looked */
    look(&ways, false);
    assert_string_equal(state_of_nas(lab), "direct");
    assert_int_equal(lab->hosts[0].core->dataplane.counters.direct_lost, lost);
    lab_free(lab);
}

/* Else the peer is told where we were, and what we send there meanwhile comes unasked. */
static void after_a_move_a_relay_introduces_only_once_it_sees_where_we_are(void **state)
{
    struct ways ways;
    struct lab *lab = direct_pair(&ways);
    struct conversation *a = lab->hosts[0].core->peers.list[0]->conversation;
    struct relay_session *relay = ziglan_at(lab, 0)->entry_point;
    struct mono settled = mono_add_ms(lab->now, RELAY_SESSION_SETTLE_MS);
    struct endpoint seen = lab->hosts[0].address;

    (void)state;
    ways.to_relay.interface = 3;
    look(&ways, false);
    assert_int_equal(introduction_ask_at(a).ns, MONO_NEVER.ns); /* there is nothing to ask */
    a->punching.retry.at = lab->now;
    assert_int_equal(introduction_ask_at(a).ns,
                     settled.ns); /* it may see no change, and say nothing */
    relay_session_on_observed(relay, &seen, lab->now);
    assert_int_equal(introduction_ask_at(a).ns, lab->now.ns);
    lab_free(lab);
}

/* A laptop that falls asleep and wakes up without end opens a session each time. */
static void sessions_are_opened_no_oftener_than_the_relay_allows(void **state)
{
    enum { SECONDS = 300 };
    struct lab *lab = lab_joined();
    struct host_node *host = &lab->hosts[0];

    (void)state;
    run_ms(lab, 1000);
    uint64_t before = sessions_opened(lab);
    for (int i = 0; i < SECONDS; i++) {
        host_node_tell_network(host, lab->now);
        run_ms(lab, 1000);
        assert_true(ziglan_at(lab, 0)->entry_point->open);
    }
    assert_in_range(sessions_opened(lab) - before, RELAY_SESSION_OPENS_BURST - 1,
                    RELAY_SESSION_OPENS_BURST + SECONDS / RELAY_SESSION_OPEN_EVERY_S);
    assert_int_equal(lab->relay.core->base.counters.closed_busy, 0);
    assert_int_equal(ziglan_at(lab, 0)->state, ZIGLAN_STATE_JOINED);
    lab_free(lab);
}

/* A user who tries a used invite again and again opens a session each time. */
static void joining_again_does_not_open_more_sessions_than_that(void **state)
{
    enum { SECONDS = 60 };
    struct lab *lab = lab_new();
    struct directory_terms terms = {.uses = 1};
    char text[URL_SIZE_MAX + 1];
    char error[URL_ERROR_SIZE];

    (void)state;
    assert_int_equal(operator_invite(relay_core_operator(lab->relay.core), &terms, text),
                     VERDICT_OK);
    for (size_t i = 0; i < HOSTS; i++) { /* nas uses it up */
        assert_int_equal(
            host_core_join(lab->hosts[1 - i].core, text, NULL, error, sizeof(error), lab->now),
            ERR_OK);
        run_ms(lab, 1000);
    }
    assert_int_equal(ziglan_at(lab, 0)->state, ZIGLAN_STATE_REFUSED);
    uint64_t before = sessions_opened(lab);
    for (int i = 0; i < SECONDS; i++) {
        assert_int_equal(
            host_core_join(lab->hosts[0].core, text, NULL, error, sizeof(error), lab->now), ERR_OK);
        run_ms(lab, 1000);
    }
    assert_in_range(sessions_opened(lab) - before, RELAY_SESSION_OPENS_BURST - 1,
                    RELAY_SESSION_OPENS_BURST + SECONDS / RELAY_SESSION_OPEN_EVERY_S);
    lab_free(lab);
}

static void note(void *context, enum trace_level level, const char *event, const char *text)
{
    char *said = context;

    if (level == TRACE_LEVEL_WARN && strcmp(event, "relay.closed") == 0) {
        (void)snprintf(said, 256, "%s", text);
    }
}

static void a_relay_that_is_busy_is_told_of_in_words(void **state)
{
    struct lab *lab = lab_joined();
    struct relay_core *relay = lab->relay.core;
    char said[256] = "";
    char text[SENTENCE_SIZE];

    (void)state;
    run_ms(lab, 1000);
    lab->ports.note = note;
    lab->ports.note_context = said;
    session_send_away(
        &relay->session,
        session_table_of_key(&relay->base.sessions, lab->hosts[0].identity.public_key), GOAWAY_BUSY,
        15000, lab->now);
    (void)relay_node_pump(&lab->relay, lab->now);
    run_ms(lab, 1000);
    assert_non_null(strstr(said, "reason=busy"));
    assert_non_null(strstr(said, "again_in_s=15"));
    assert_non_null(strstr(sentence_of_trouble(&ziglan_at(lab, 0)->trouble, text), "busy"));
    lab->ports.note = NULL;
    run_ms(lab, 16000);
    assert_int_equal(ziglan_at(lab, 0)->state, ZIGLAN_STATE_JOINED);
    assert_string_equal(sentence_of_trouble(&ziglan_at(lab, 0)->trouble, text), "");
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_hundred_thousand_changes_elsewhere_reopen_nothing),
        cmocka_unit_test(what_is_in_doubt_is_asked_and_stays),
        cmocka_unit_test(a_session_whose_way_changed_moves_and_is_not_opened_anew),
        cmocka_unit_test(a_session_that_does_not_answer_on_its_new_way_is_replaced_within_a_second),
        cmocka_unit_test(a_path_whose_way_changed_is_tried_again_and_relayed_meanwhile),
        cmocka_unit_test(a_path_that_goes_another_way_is_not_used_until_the_network_was_looked_at),
        cmocka_unit_test(after_a_move_a_relay_introduces_only_once_it_sees_where_we_are),
        cmocka_unit_test(sessions_are_opened_no_oftener_than_the_relay_allows),
        cmocka_unit_test(joining_again_does_not_open_more_sessions_than_that),
        cmocka_unit_test(a_relay_that_is_busy_is_told_of_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
