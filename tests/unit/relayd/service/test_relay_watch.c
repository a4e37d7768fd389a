/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes, and who comes and goes, told to those who watch. */
#include "relayd/core/core_internal.h"

#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

static void watchers_see_who_joins_comes_and_goes(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    uint8_t invite[INVITE_SIZE];
    bool online = false;
    bool revoked = false;

    (void)state;
    world_members(w, 2);
    client_watch(w, c, 0);
    assert_true(client_told(w, c, &w->clients[0], &online, &revoked));
    assert_true(client_told(w, c, &w->clients[1], &online, &revoked));
    assert_true(online);
    client_forget(c);
    world_invite(w, 1, invite);
    client_dial(w, &w->clients[2]);
    client_join(w, &w->clients[2], invite, "new");
    assert_true(client_told(w, c, &w->clients[2], &online, &revoked));
    assert_true(online);
    client_forget(c);
    link_hub_close(w->clients[2].hub, w->clients[2].handle, 0, "bye", w->now);
    world_run(w, 200);
    assert_true(client_told(w, c, &w->clients[2], &online, &revoked));
    assert_false(online);
    assert_false(client_told(w, c, &w->clients[1], &online, &revoked)); /* of others nothing new */
    world_free(w);
}

static void a_watcher_that_continues_learns_who_is_online(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    uint64_t sequence;
    bool online = false;
    bool revoked = false;

    (void)state;
    world_members(w, 3);
    client_watch(w, c, 0);
    sequence = client_got(w, c, ZIGLAN__CONTROL__BODY_CHANGES)->changes->sequence;
    link_hub_close(w->clients[2].hub, w->clients[2].handle, 0, "bye", w->now);
    world_run(w, 200);
    client_forget(c);
    client_watch(w, c, sequence); /* nothing changed in the directory since */
    assert_true(client_told(w, c, &w->clients[1], &online, &revoked));
    assert_true(online);
    assert_false(client_told(w, c, &w->clients[2], &online, &revoked)); /* not told: offline */
    world_free(w);
}

static uint64_t told_session(struct world *w, struct client *c)
{
    size_t last = client_count(w, c, ZIGLAN__CONTROL__BODY_CHANGES) - 1;
    const Ziglan__Changes *changes =
        client_got_nth(w, c, ZIGLAN__CONTROL__BODY_CHANGES, last)->changes;

    assert_int_equal(changes->n_members, 1);
    return changes->members[0]->session;
}

/* Also where no time passes without one: a host that was killed comes back before the relay misses
 * it. */
static void watchers_learn_that_a_member_has_another_session(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    struct client *again = &w->clients[2];
    uint64_t first;

    (void)state;
    world_members(w, 2);
    client_watch(w, c, 0);
    client_forget(c);
    again->identity = w->clients[1].identity;
    client_dial(w, again);
    world_run(w, 200);
    first = told_session(w, c);
    assert_true(first != 0);
    client_forget(c);
    client_dial(w, &w->clients[1]);
    world_run(w, 200);
    assert_true(told_session(w, c) != 0 && told_session(w, c) != first);
    client_forget(c);
    link_hub_close(w->clients[1].hub, w->clients[1].handle, 0, "bye", w->now);
    world_run(w, 200);
    assert_int_equal(told_session(w, c), 0);
    world_free(w);
}

/* A world whose relay had `before` sessions when it crashed, and a first message to a watcher, when
 * two are back. */
static struct world *world_crashed(struct link_reset_row *rows, uint32_t capacity, uint32_t before)
{
    struct relay_config cfg = {.ledger = rows, .ledger_capacity = capacity};
    struct world *w;

    for (uint32_t i = 0; i < before; i++) {
        rows[i] = (struct link_reset_row){.used = 1};
    }
    w = world_new(&cfg);
    world_members(w, 2);
    client_watch(w, &w->clients[0], 0);
    return w;
}

static bool last_says_more(struct world *w)
{
    struct client *c = &w->clients[0];
    size_t last = client_count(w, c, ZIGLAN__CONTROL__BODY_CHANGES) - 1;

    return client_got_nth(w, c, ZIGLAN__CONTROL__BODY_CHANGES, last)->changes->more;
}

/* Else who is back first takes the others, who come a moment later, for offline. */
static void
after_a_crash_nobody_is_offline_before_those_who_were_here_had_time_to_come(void **state)
{
    static const struct {
        uint32_t before;
        bool waits;
    } cases[] = {{0, false}, {2, false}, {3, true}};
    static struct link_reset_row rows[4096];

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct world *w = world_crashed(rows, TEST_COUNT(rows), cases[i].before);

        assert_true(mono_ms_between(w->relay.core->base.started_at, w->now) < WATCH_SETTLE_MS);
        assert_int_equal(last_says_more(w), cases[i].waits);
        world_run(w, WATCH_SETTLE_MS);
        assert_false(last_says_more(w));
        world_free(w);
    }
}

static void after_a_crash_all_is_told_when_the_last_one_is_back(void **state)
{
    static struct link_reset_row rows[4096];
    struct world *w = world_crashed(rows, TEST_COUNT(rows), 3);

    (void)state;
    assert_true(last_says_more(w));
    client_dial(w, &w->clients[2]);
    world_run(w, 200);
    assert_true(mono_ms_between(w->relay.core->base.started_at, w->now) < WATCH_SETTLE_MS);
    assert_false(last_says_more(w));
    world_free(w);
}

/* A message that announced more is followed by one that does not, even if there is nothing more. */
static void a_watcher_knows_when_it_was_told_all(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    const uint8_t stranger[KEY_SIZE] = {1};
    size_t messages;

    (void)state;
    world_members(w, 2);
    client_watch(w, c, 0);
    client_forget(c);
    for (int i = 0; i < WATCH_ONLINE_PER_MESSAGE; i++) {
        watch_online_changed(&w->relay.core->watch, w->clients[1].identity.public_key, w->now);
    }
    watch_online_changed(&w->relay.core->watch, stranger, w->now);
    world_run(w, 200);
    messages = client_count(w, c, ZIGLAN__CONTROL__BODY_CHANGES);
    assert_int_equal(messages, 2);
    assert_true(client_got_nth(w, c, ZIGLAN__CONTROL__BODY_CHANGES, 0)->changes->more);
    assert_false(client_got_nth(w, c, ZIGLAN__CONTROL__BODY_CHANGES, 1)->changes->more);
    world_free(w);
}

/* The records of 400 members are more than may wait for one watcher: they come in many messages,
 * and none is missing. */
static void a_large_directory_comes_in_pieces(void **state)
{
    enum { MANY = 400 };
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    struct identity identity;
    uint8_t invite[INVITE_SIZE];
    size_t members = 0;
    size_t messages;
    bool more = true;

    (void)state;
    world_members(w, 1);
    world_invite(w, MANY, invite);
    identity = w->clients[1].identity;
    for (int i = 0; i < MANY; i++) { /* joined by the directory itself, without a session each */
        uint8_t seed[IDENTITY_SEED_SIZE] = {0xee, (uint8_t)i, (uint8_t)(i >> 8)};
        uint8_t part[RECORD_SIGNED_SIZE_MAX];
        struct directory_join join = {.invite = invite, .invite_size = sizeof(invite)};
        struct directory_joined joined;
        identity_from_seed(&w->clients[1].identity, seed);
        join.key = w->clients[1].identity.public_key;
        join.member_part = part;
        join.member_part_size = member_part_make(w, &w->clients[1], "many", part);
        assert_int_equal(directory_join(w->relay.core->base.directory, &join, &joined), VERDICT_OK);
    }
    w->clients[1].identity = identity;
    client_watch(w, c, 0);
    world_run(w, 10000);
    assert_true(c->open);
    messages = client_count(w, c, ZIGLAN__CONTROL__BODY_CHANGES);
    assert_true(messages > 8);
    for (size_t i = 0; i < messages; i++) {
        Ziglan__Changes *changes = client_got_nth(w, c, ZIGLAN__CONTROL__BODY_CHANGES, i)->changes;
        members += changes->n_members;
        assert_true(more); /* whoever said "no more" was the last */
        more = changes->more;
    }
    assert_false(more);
    assert_int_equal(members, MANY + 1);
    world_free(w);
}

static void a_ziglan_too_large_to_be_watched_is_looked_up(void **state)
{
    const struct relay_config cfg = {.watch_max = 1};
    struct world *w = world_new(&cfg);
    struct client *c = &w->clients[0];
    const Ziglan__Control *error;

    (void)state;
    world_members(w, 2);
    c->request_next = 77;
    client_watch(w, c, 0);
    assert_null(client_got(w, c, ZIGLAN__CONTROL__BODY_CHANGES));
    error = client_got(w, c, ZIGLAN__CONTROL__BODY_ERROR);
    assert_non_null(error);
    assert_int_equal(error->request_id, 77);
    assert_int_equal(error->error->code, VERDICT_LIMIT);
    world_free(w);
}

/* Who comes and goes stands in a ring; a watcher that the ring overtakes is told everything again.
 */
static void a_watcher_that_lost_its_place_is_told_everything_again(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    size_t members = 0;

    (void)state;
    world_members(w, 2);
    client_watch(w, c, 0);
    client_forget(c);
    for (int i = 0; i <= ONLINE_RING_SIZE; i++) {
        watch_online_changed(&w->relay.core->watch, w->clients[1].identity.public_key, w->now);
    }
    world_run(w, 200);
    for (size_t i = 0; i < client_count(w, c, ZIGLAN__CONTROL__BODY_CHANGES); i++) {
        members += client_got_nth(w, c, ZIGLAN__CONTROL__BODY_CHANGES, i)->changes->n_members;
    }
    assert_int_equal(members, 2);
    world_free(w);
}

/* However many watch, the sockets have their turn after WATCH_MESSAGES_PER_EXPIRE messages, and
 * then the other watchers theirs. */
static void watchers_are_told_in_turns(void **state)
{
    enum { MANY = 600 };
    struct world *w = world_new(NULL);
    struct relay_client *sessions = calloc(MANY, sizeof(*sessions));
    uint64_t before;

    (void)state;
    assert_non_null(sessions);
    world_members(w, 1);
    world_run(w, 1000);
    for (uint32_t i = 0; i < MANY; i++) { /* their connections are gone; nothing is sent */
        struct relay_client *session = &sessions[i];
        session->handle = (struct handle){.index = 1000 + i, .generation = 1};
        session->state = RELAY_CLIENT_STATE_MEMBER;
        session->watch = calloc(1, sizeof(*session->watch));
        assert_non_null(session->watch);
        *session->watch =
            (struct watch){.client = session,
                           .directory_done = true,
                           .sequence = directory_sequence(w->relay.core->base.directory),
                           .online_at = w->relay.core->watch.online_next};
        TAILQ_INSERT_TAIL(&w->relay.core->watch.watches, session->watch, in_watches);
        w->relay.core->watch.count++;
    }
    watch_online_changed(&w->relay.core->watch, w->clients[0].identity.public_key, w->now);
    w->now = mono_add_ms(w->now, WATCH_BATCH_MS);
    before = w->relay.core->base.counters.changes_sent;
    watch_expire(&w->relay.core->watch, w->now);
    assert_int_equal(w->relay.core->base.counters.changes_sent - before, WATCH_MESSAGES_PER_EXPIRE);
    assert_true(mono_due(relay_core_deadline(w->relay.core), w->now));
    watch_expire(&w->relay.core->watch, w->now);
    watch_expire(&w->relay.core->watch, w->now);
    assert_int_equal(w->relay.core->base.counters.changes_sent - before, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(sessions[i].watch->online_at, w->relay.core->watch.online_next);
        watch_stop(&w->relay.core->watch, &sessions[i]);
    }
    free(sessions);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(watchers_see_who_joins_comes_and_goes),
        cmocka_unit_test(a_watcher_that_continues_learns_who_is_online),
        cmocka_unit_test(watchers_learn_that_a_member_has_another_session),
        cmocka_unit_test(a_watcher_knows_when_it_was_told_all),
        cmocka_unit_test(
            after_a_crash_nobody_is_offline_before_those_who_were_here_had_time_to_come),
        cmocka_unit_test(after_a_crash_all_is_told_when_the_last_one_is_back),
        cmocka_unit_test(a_large_directory_comes_in_pieces),
        cmocka_unit_test(a_ziglan_too_large_to_be_watched_is_looked_up),
        cmocka_unit_test(a_watcher_that_lost_its_place_is_told_everything_again),
        cmocka_unit_test(watchers_are_told_in_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
