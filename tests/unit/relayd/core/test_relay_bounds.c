/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounds of docs/security.md inside the relay core that other tests do not fill. */
#include "proto/crypto/delegation.h"
#include "relayd/core/core_internal.h"

#include "proto/wire/stun.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

static void stun_answers_that_nobody_sends_are_bounded(void **state)
{
    struct world *w = world_new(NULL);
    uint8_t request[STUN_REQUEST_SIZE];
    const uint8_t id[STUN_ID_SIZE] = {1};

    (void)state;
    stun_request(request, id);
    for (unsigned i = 0; i < STUN_QUEUE_MAX + 50; i++) {
        const uint8_t ip[4] = {203, 0, (uint8_t)(i >> 8), (uint8_t)i};
        struct dgram in = {.local = w->relay.address,
                           .remote = endpoint_v4(ip, 7000),
                           .data = request,
                           .size = sizeof(request)};

        relay_core_receive(w->relay.core, &in, w->now);
    }
    relay_core_transmit(w->relay.core, &w->box, w->now);
    assert_int_equal(w->box.items_count, STUN_QUEUE_MAX);
    outbox_clear(&w->box);
    world_free(w);
}

static void a_ziglan_too_large_to_be_watched_is_looked_up(void **state)
{
    const struct relay_config cfg = {.watch_max = 1};
    struct world *w = world_new(&cfg);
    struct client *c = &w->clients[0];
    Ziglan__Watch watch = ZIGLAN__WATCH__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    const Ziglan__Control *error;

    (void)state;
    world_members(w, 2);
    watch.all = true;
    message.request_id = 77;
    message.body_case = ZIGLAN__CONTROL__BODY_WATCH;
    message.watch = &watch;
    client_send(c, &message);
    world_run(w, 200);
    assert_null(client_got(w, c, ZIGLAN__CONTROL__BODY_CHANGES));
    error = client_got(w, c, ZIGLAN__CONTROL__BODY_ERROR);
    assert_non_null(error);
    assert_int_equal(error->request_id, 77);
    assert_int_equal(error->error->code, VERDICT_LIMIT);
    world_free(w);
}

/* Who comes and goes stands in a ring; a watcher that falls behind it is told everything again. */
static void a_watcher_that_lost_its_place_is_told_everything_again(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    Ziglan__Watch watch = ZIGLAN__WATCH__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    size_t members = 0;

    (void)state;
    world_members(w, 2);
    watch.all = true;
    message.request_id = 78;
    message.body_case = ZIGLAN__CONTROL__BODY_WATCH;
    message.watch = &watch;
    client_send(c, &message);
    world_run(w, 200);
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

static void administration_is_refused_even_to_members(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    Ziglan__Invite invite = ZIGLAN__INVITE__INIT;
    Ziglan__Revoke revoke = ZIGLAN__REVOKE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    (void)state;
    world_members(w, 2);
    invite.uses = 1;
    message.request_id = 5;
    message.body_case = ZIGLAN__CONTROL__BODY_INVITE;
    message.invite = &invite;
    client_send(c, &message);
    revoke.key.data = w->clients[1].identity.public_key;
    revoke.key.len = KEY_SIZE;
    message.request_id = 6;
    message.body_case = ZIGLAN__CONTROL__BODY_REVOKE;
    message.revoke = &revoke;
    client_send(c, &message);
    world_run(w, 200);
    assert_int_equal(client_count(w, c, ZIGLAN__CONTROL__BODY_ERROR), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(client_got_nth(w, c, ZIGLAN__CONTROL__BODY_ERROR, i)->error->code,
                         VERDICT_REFUSED);
    }
    assert_true(w->clients[1].open);
    world_free(w);
}

static void watch_all(struct world *w, struct client *c, uint32_t request_id)
{
    Ziglan__Watch watch = ZIGLAN__WATCH__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    watch.all = true;
    message.request_id = request_id;
    message.body_case = ZIGLAN__CONTROL__BODY_WATCH;
    message.watch = &watch;
    client_send(c, &message);
    world_run(w, 200);
}

/* A frame from a to b; true if it arrived. */
static bool frame_passes(struct world *w, struct client *a, struct client *b)
{
    uint8_t frame[64] = {FRAME_HOST_FIRST};

    client_forget(b);
    client_frame(a, SESSION_DGRAM_TO, b->identity.public_key, frame, sizeof(frame));
    world_run(w, 100);
    return client_datagrams(b, NULL) == 1;
}

/* What the last Changes that a watcher got says of the only member in it. */
static bool last_online(struct world *w, struct client *c)
{
    size_t count = client_count(w, c, ZIGLAN__CONTROL__BODY_CHANGES);
    const Ziglan__Changes *changes;

    assert_true(count > 0);
    changes = client_got_nth(w, c, ZIGLAN__CONTROL__BODY_CHANGES, count - 1)->changes;
    assert_int_equal(changes->n_members, 1);
    return changes->members[0]->online;
}

/* Each part is another one, so each join changes the directory. */
static void a_member_can_make_so_much_news(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    uint64_t sequence;

    (void)state;
    world_members(w, 1);
    for (int i = 0; i < 110; i++) {
        client_join(w, c, NULL, "a");
    }
    assert_true(world_counters(w).control_broadcast > 0);
    assert_int_equal(client_error(w, c), VERDICT_LIMIT);
    sequence = directory_sequence(w->relay.core->base.directory);
    client_forget(c);
    client_join(w, c, NULL, "a");
    assert_int_equal(directory_sequence(w->relay.core->base.directory), sequence);
    assert_int_equal(client_error(w, c), VERDICT_LIMIT);
    assert_true(c->open); /* it stays a member */
    client_forget(c);
    watch_all(w, c, 9); /* counted too */
    assert_int_equal(client_error(w, c), VERDICT_LIMIT);
    world_run(w, 5000);
    client_forget(c);
    client_join(w, c, NULL, "a");
    assert_true(directory_sequence(w->relay.core->base.directory) > sequence);
    assert_non_null(client_got(w, c, ZIGLAN__CONTROL__BODY_JOINED));
    world_free(w);
}

/* Coming and going is news to all as well. */
static void a_member_can_come_so_often(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    const Ziglan__Control *away = NULL;

    (void)state;
    world_members(w, 1);
    for (int i = 0; i < 110 && away == NULL; i++) {
        link_hub_close(c->hub, c->handle, 0, "again", w->now);
        world_run(w, 20);
        client_forget(c);
        client_dial(w, c);
        away = client_got(w, c, ZIGLAN__CONTROL__BODY_GO_AWAY);
    }
    assert_non_null(away);
    assert_int_equal(away->go_away->reason, GOAWAY_BUSY);
    world_free(w);
}

/* However many watch, the sockets have their turn after so many messages, and then all theirs. */
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

static void members_come_before_strangers(void **state)
{
    const struct relay_config cfg = {.session_max = 2};
    struct world *w = world_new(&cfg);
    struct client *member = &w->clients[0];

    (void)state;
    world_members(w, 1);
    link_hub_close(member->hub, member->handle, 0, "for a while", w->now);
    world_run(w, 100);
    client_dial(w, &w->clients[1]);
    client_dial(w, &w->clients[2]);
    client_dial(w, member);
    world_run(w, 500);
    assert_true(member->open);
    assert_false(w->clients[1].open);
    assert_true(w->clients[2].open);
    assert_int_equal(client_got(w, &w->clients[1], ZIGLAN__CONTROL__BODY_GO_AWAY)->go_away->reason,
                     GOAWAY_BUSY);
    client_dial(w, &w->clients[3]); /* a stranger makes nobody go */
    world_run(w, 500);
    assert_false(w->clients[3].open);
    assert_true(w->clients[2].open);
    world_free(w);
}

static void a_session_ends_with_its_admission(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    struct relay_client *session;
    uint64_t left_ms;

    (void)state;
    world_members(w, 2);
    watch_all(w, b, 9);
    session = session_table_of_key(&w->relay.core->base.sessions, a->identity.public_key);
    left_ms = mono_ms_between(w->now, session->deadline);
    assert_true(left_ms <= DIRECTORY_ADMISSION_MS + RECORD_CLOCK_SKEW_MS);
    assert_true(left_ms >= DIRECTORY_ADMISSION_MS);
    assert_true(frame_passes(w, a, b));
    session->deadline = w->now; /* seven days later, without renewal */
    world_run(w, HOUSEKEEPING_MS + 1000);
    assert_int_equal(client_got(w, a, ZIGLAN__CONTROL__BODY_GO_AWAY)->go_away->reason,
                     GOAWAY_NOT_ADMITTED);
    assert_false(a->open);
    assert_false(last_online(w, b));
    assert_false(frame_passes(w, b, a));
    assert_true(b->open);
    world_free(w);
}

static void a_renewed_admission_keeps_its_session(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct relay_client *session;

    (void)state;
    world_members(w, 2);
    session = session_table_of_key(&w->relay.core->base.sessions, a->identity.public_key);
    session->deadline = mono_add_ms(w->now, 30000);
    client_join(w, a, NULL, "host0");
    world_run(w, HOUSEKEEPING_MS + 1000);
    assert_true(a->open);
    assert_true(frame_passes(w, a, &w->clients[1]));
    world_free(w);
}

/* Who comes back after its admission ended must join before anything passes. */
static void an_admission_that_is_over_opens_nothing(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];

    (void)state;
    world_members(w, 2);
    watch_all(w, b, 9);
    w->ports.wall_ms += DIRECTORY_ADMISSION_MS + 2 * RECORD_CLOCK_SKEW_MS;
    client_forget(b);
    client_dial(w, a); /* the session that it replaces was a member's */
    assert_true(a->open);
    assert_false(last_online(w, b));
    assert_false(frame_passes(w, a, b));
    client_join(w, a, NULL, "host0"); /* no invite is needed */
    assert_non_null(client_got(w, a, ZIGLAN__CONTROL__BODY_JOINED));
    assert_true(frame_passes(w, a, b)); /* the wall clock ends no session that is open */
    world_free(w);
}

static void who_jumps_to_and_fro_is_told_of_so_often(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    struct punch_request request = {.has_session = true};
    struct punch_side answer = {.observed = b->address};
    struct link_event event = {.type = LINK_EVENT_MOVED, .remote = a->address};
    uint64_t updates;

    (void)state;
    world_members(w, 2);
    memcpy(request.requester.key, a->identity.public_key, KEY_SIZE);
    request.requester.observed = a->address;
    memcpy(request.target, b->identity.public_key, KEY_SIZE);
    memcpy(answer.key, b->identity.public_key, KEY_SIZE);
    assert_int_equal(punch_request(w->relay.core->punch.broker, &request, w->now), VERDICT_OK);
    request.requester = answer;
    memcpy(request.target, a->identity.public_key, KEY_SIZE);
    assert_int_equal(punch_request(w->relay.core->punch.broker, &request, w->now),
                     VERDICT_OK); /* a yes */
    assert_int_equal(punch_stats(w->relay.core->punch.broker)->live, 1);
    event.handle =
        session_table_of_key(&w->relay.core->base.sessions, a->identity.public_key)->handle;
    for (uint16_t i = 0; i < 300; i++) {
        event.remote.port = (uint16_t)(6000 + i % 2);
        session_on_moved(&w->relay.core->session, &event, w->now);
    }
    updates = punch_stats(w->relay.core->punch.broker)->updates;
    assert_in_range(updates, 90, 100);
    world_run(w, 6000);
    event.remote.port = 6999;
    session_on_moved(&w->relay.core->session, &event, w->now);
    assert_int_equal(punch_stats(w->relay.core->punch.broker)->updates, updates + 1);
    world_free(w);
}

static bool store_is_healthy(struct world *w)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(w->relay.core, &snapshot, w->now);
    return snapshot.store_ok;
}

static void join_with(struct world *w, struct client *c, uint8_t *part, size_t size)
{
    Ziglan__Join join = ZIGLAN__JOIN__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    client_forget(c);
    join.member_part.data = part;
    join.member_part.len = size;
    message.request_id = 4;
    message.body_case = ZIGLAN__CONTROL__BODY_JOIN;
    message.join = &join;
    client_send(c, &message);
    world_run(w, 200);
}

/* Health is bad until something was written, and then good without anybody's doing. */
static void a_store_is_healthy_only_after_a_write(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    uint8_t part[RECORD_SIGNED_SIZE_MAX];
    size_t size;

    (void)state;
    world_members(w, 1);
    size = member_part_make(w, c, "a", part);
    join_with(w, c, part, size);
    store_memory_fail_commit(w->relay.store, true);
    client_forget(c);
    client_join(w, c, NULL, "b"); /* another part */
    assert_int_equal(client_error(w, c), VERDICT_UNAVAILABLE);
    assert_false(store_is_healthy(w));
    join_with(w, c, part, size); /* nothing to write */
    assert_non_null(client_got(w, c, ZIGLAN__CONTROL__BODY_JOINED));
    assert_false(store_is_healthy(w));
    world_run(w, HOUSEKEEPING_MS + 1000);
    assert_false(store_is_healthy(w));
    store_memory_fail_commit(w->relay.store, false);
    world_run(w, HOUSEKEEPING_MS + 1000);
    assert_true(store_is_healthy(w));
    world_free(w);
}

/* A member joins and its frames pass at a relay that never saw the ziglan's key. */
static void a_delegation_stands_for_the_ziglan_s_key(void **state)
{
    struct world *w = world_new(NULL);
    uint8_t first[RECORD_SIGNED_SIZE_MAX];
    uint8_t second[RECORD_SIGNED_SIZE_MAX];
    uint8_t foreign[RECORD_SIGNED_SIZE_MAX];
    size_t first_size = 0;
    size_t second_size = 0;
    size_t foreign_size = 0;
    const uint8_t *key = w->relay.identity.public_key;

    (void)state;
    must(delegation_sign(first, &first_size, &w->relay.ziglan_identity, key, 1,
                         test_env_wall_ms(&w->ports)),
         "sign");
    must(delegation_sign(second, &second_size, &w->relay.ziglan_identity, key, 90,
                         test_env_wall_ms(&w->ports)),
         "sign");
    must(delegation_sign(foreign, &foreign_size, &w->relay.identity, key, 90,
                         test_env_wall_ms(&w->ports)),
         "sign");
    relay_node_stop(&w->relay);
    w->relay.cfg.ziglan_identity = NULL;
    w->relay.cfg.delegation = first;
    w->relay.cfg.delegation_size = first_size;
    world_core_start(w);
    world_members(w, 2);
    assert_true(frame_passes(w, &w->clients[0], &w->clients[1]));

    /* Another ziglan's is not taken over, and the first is over after a day: nobody dials. */
    w->relay.cfg.delegation = foreign;
    w->relay.cfg.delegation_size = foreign_size;
    relay_core_reload(w->relay.core, &w->relay.cfg, w->now);
    w->ports.wall_ms += UINT64_C(25) * 3600 * 1000;
    client_dial(w, &w->clients[2]);
    assert_false(w->clients[2].open);
    w->relay.cfg.delegation = second;
    w->relay.cfg.delegation_size = second_size;
    relay_core_reload(w->relay.core, &w->relay.cfg, w->now);
    client_dial(w, &w->clients[2]);
    assert_true(w->clients[2].open);
    world_free(w);
}

/* Hosts accept a delegation that is in force by their clock, so a relay whose clock was set must
 * not go on telling the old one until its next housekeeping. */
static void a_clock_that_was_set_renews_the_delegation_at_once(void **state)
{
    static const uint64_t days_ms = UINT64_C(40) * 24 * 3600 * 1000;
    struct world *w = world_new(NULL);
    struct relay_snapshot snapshot;

    (void)state;
    w->ports.wall_ms += days_ms;
    client_dial(w, &w->clients[0]);
    assert_true(w->clients[0].open);
    w->ports.wall_ms -= days_ms;
    client_dial(w, &w->clients[1]);
    assert_true(w->clients[1].open);
    relay_core_snapshot(w->relay.core, &snapshot, w->now);
    assert_int_equal(snapshot.counters.clock_steps, 2);
    world_free(w);
}

static void a_foreign_delegation_starts_nothing(void **state)
{
    struct world *w = world_new(NULL);
    struct relay_core *core = NULL;
    uint8_t bytes[RECORD_SIGNED_SIZE_MAX];
    size_t size = 0;

    (void)state;
    must(delegation_sign(bytes, &size, &w->relay.ziglan_identity, w->clients[0].identity.public_key,
                         90, test_env_wall_ms(&w->ports)),
         "sign");
    w->relay.cfg.ziglan_identity = NULL;
    w->relay.cfg.delegation = bytes;
    w->relay.cfg.delegation_size = size;
    assert_int_equal(relay_core_new(&core, &w->relay.cfg, w->relay.store, &w->ports.env, w->now),
                     ERR_SYSTEM);
    bytes[size - 1] ^= 1;
    assert_int_equal(relay_core_new(&core, &w->relay.cfg, w->relay.store, &w->ports.env, w->now),
                     ERR_SYSTEM);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stun_answers_that_nobody_sends_are_bounded),
        cmocka_unit_test(a_ziglan_too_large_to_be_watched_is_looked_up),
        cmocka_unit_test(a_watcher_that_lost_its_place_is_told_everything_again),
        cmocka_unit_test(administration_is_refused_even_to_members),
        cmocka_unit_test(a_member_can_make_so_much_news),
        cmocka_unit_test(a_member_can_come_so_often),
        cmocka_unit_test(watchers_are_told_in_turns),
        cmocka_unit_test(members_come_before_strangers),
        cmocka_unit_test(a_session_ends_with_its_admission),
        cmocka_unit_test(a_renewed_admission_keeps_its_session),
        cmocka_unit_test(an_admission_that_is_over_opens_nothing),
        cmocka_unit_test(who_jumps_to_and_fro_is_told_of_so_often),
        cmocka_unit_test(a_store_is_healthy_only_after_a_write),
        cmocka_unit_test(a_delegation_stands_for_the_ziglan_s_key),
        cmocka_unit_test(a_clock_that_was_set_renews_the_delegation_at_once),
        cmocka_unit_test(a_foreign_delegation_starts_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
