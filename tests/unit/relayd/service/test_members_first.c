/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever strangers use up of an open relay, members have their part of it: real relay cores. */
#include "tests/support/far_hosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Two open relays. At the first, a is a stranger and c is made a member. */
struct world {
    struct far_hosts town;
    struct net_host c;
    struct relay_core *core;
    struct relay_client *stranger, *member;
};

static void world_init(struct world *w)
{
    far_hosts_init(&w->town, 2);
    net_host_init(&w->c, w->town.net, 3);
    net_host_dial(&w->c, 0);
    w->core = w->town.net->nodes[0].core;
    w->stranger = session_table_of_key(&w->core->base.sessions, w->town.a_key);
    w->member = session_table_of_key(&w->core->base.sessions, w->c.identity.public_key);
    assert_non_null(w->stranger);
    assert_non_null(w->member);
    relay_client_enter(&w->core->base.sessions.lists, w->member, RELAY_CLIENT_STATE_MEMBER,
                       w->town.net->now);
}

static void world_fini(struct world *w)
{
    net_host_fini(&w->c);
    far_hosts_fini(&w->town);
}

/* Frames for `count` keys that nobody knows; returns how many are looked up. Only what all share
 * is asked about here, so each question comes as from a new session. */
static size_t seek(struct world *w, struct relay_client *client, uint8_t kind, size_t count)
{
    struct presence_answer answer;
    size_t sought = 0;

    for (size_t i = 0; i < count; i++) {
        const uint8_t key[KEY_SIZE] = {kind, (uint8_t)i, (uint8_t)(i >> 8)};

        limits_client_init(&client->limits, w->town.net->now);
        sought += presence_find(&w->core->presence, client, key, &answer, w->town.net->now) ==
                          PRESENCE_FIND_SOUGHT
                      ? 1
                      : 0;
    }
    return sought;
}

static void scores_set(struct world *w, uint64_t level)
{
    w->core->presence.seats.scores = (struct bucket){.level = level, .filled_at = w->town.net->now};
}

static void strangers_leave_half_of_the_look_ups_to_members(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    assert_int_equal(seek(&w, w.stranger, 1, LOCATE_NET_BURST), LOCATE_COUNT_MAX / 2);
    assert_int_equal(seek(&w, w.member, 2, LOCATE_COUNT_MAX), LOCATE_COUNT_MAX / 2);
    assert_true(w.core->base.counters.locate_busy > 0);
    world_fini(&w);
}

static void strangers_leave_half_of_the_work_of_look_ups_to_members(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    scores_set(&w, PRESENCE_SCORES_BURST / 2 - 1);
    assert_int_equal(seek(&w, w.stranger, 1, 10), 0);
    assert_int_equal(seek(&w, w.member, 2, 10), 10);
    world_fini(&w);
}

static void strangers_of_one_network_share_their_questions(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    scores_set(&w, 0); /* nothing is begun, only counted */
    (void)seek(&w, w.stranger, 1, 2 * LOCATE_NET_BURST);
    assert_int_equal(w.core->base.counters.locate_limit, LOCATE_NET_BURST);
    (void)seek(&w, w.member, 2, 2 * LOCATE_NET_BURST);
    assert_int_equal(w.core->base.counters.locate_limit, LOCATE_NET_BURST);
    world_fini(&w);
}

/* Which relays there are is a long answer. */
static void who_asks_for_relays_again_and_again_is_refused(void **state)
{
    Ziglan__NodeLookup body = ZIGLAN__NODE_LOOKUP__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct world w;
    uint64_t sent;

    (void)state;
    world_init(&w);
    body.count = NODES_MAX;
    message.body_case = ZIGLAN__CONTROL__BODY_NODE_LOOKUP;
    message.node_lookup = &body;
    net_host_send(&w.town.a, &message);
    relay_net_run(w.town.net, 200);
    assert_int_equal(w.town.a.answer->body_case, ZIGLAN__CONTROL__BODY_NODES);
    sent = w.core->base.counters.node_lookups;
    for (int i = 0; i < 2 * LOCATE_BURST; i++) {
        net_host_send(&w.town.a, &message);
    }
    relay_net_run(w.town.net, 200);
    assert_in_range(w.core->base.counters.node_lookups - sent, LOCATE_BURST / 2, LOCATE_BURST);
    assert_true(w.core->base.counters.node_lookups_limit >= LOCATE_BURST);
    assert_int_equal(w.town.a.answer->body_case, ZIGLAN__CONTROL__BODY_ERROR);
    assert_int_equal(w.town.a.answer->error->code, VERDICT_LIMIT);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_leave_half_of_the_look_ups_to_members),
        cmocka_unit_test(strangers_leave_half_of_the_work_of_look_ups_to_members),
        cmocka_unit_test(strangers_of_one_network_share_their_questions),
        cmocka_unit_test(who_asks_for_relays_again_and_again_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
