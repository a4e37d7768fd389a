/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions: who is let in, who makes room, and how long it lasts. */
#include "proto/crypto/identity.h"
#include "relayd/core/core_internal.h"

#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

/* Whether the only member in the last Changes that a watcher got is online. */
static bool last_online(struct world *w, struct client *c)
{
    size_t count = client_count(w, c, ZIGLAN__CONTROL__BODY_CHANGES);
    const Ziglan__Changes *changes;

    assert_true(count > 0);
    changes = client_got_nth(w, c, ZIGLAN__CONTROL__BODY_CHANGES, count - 1)->changes;
    assert_int_equal(changes->n_members, 1);
    return changes->members[0]->online;
}

/* The lines of one event. */
struct lines {
    const char *event;
    char last[200];
    unsigned count;
};

static void on_line(void *context, enum trace_level level, const char *event, const char *text)
{
    struct lines *lines = context;

    if (strcmp(event, lines->event) == 0) {
        assert_int_equal(level, TRACE_LEVEL_INFO); /* an operator sees it by default */
        (void)snprintf(lines->last, sizeof(lines->last), "%s", text);
        lines->count++;
    }
}

/* In words, and one line a minute and reason, however often somebody comes. */
static void who_is_sent_away_stands_in_the_log(void **state)
{
    struct lines lines = {.event = "session.ended"};
    struct world *w = world_new(NULL);
    struct relay_core *core = w->relay.core;

    (void)state;
    world_members(w, 2);
    w->ports.note = on_line;
    w->ports.note_context = &lines;
    for (int i = 0; i < 4; i++) {
        client_dial(w, &w->clients[1]); /* the same key again */
        world_run(w, 500);
    }
    assert_int_equal(lines.count, 1);
    assert_non_null(strstr(lines.last, " name=host1 reason=replaced left_out=0"));
    session_send_away(&core->session,
                      session_table_of_key(&core->base.sessions, w->clients[0].identity.public_key),
                      GOAWAY_REVOKED, 0, w->now);
    assert_int_equal(lines.count, 2);
    assert_non_null(strstr(lines.last, " name=host0 reason=revoked"));
    world_run(w, 60000);
    client_dial(w, &w->clients[1]);
    world_run(w, 500);
    assert_int_equal(lines.count, 3);
    assert_non_null(strstr(lines.last, "reason=replaced left_out=3"));
    world_free(w);
}

static void a_member_who_comes_back_needs_no_join(void **state)
{
    struct world *w = world_new(NULL);
    uint8_t frame[FRAME_SIZE];

    (void)state;
    world_members(w, 2);
    relay_node_stop(&w->relay);
    world_core_start(w); /* the same keys and the same store: a restart */
    client_dial(w, &w->clients[0]);
    client_dial(w, &w->clients[1]);
    frame_fill(frame, 1);
    client_frame(&w->clients[0], SESSION_DGRAM_TO, w->clients[1].identity.public_key, frame,
                 sizeof(frame));
    world_run(w, 100);
    assert_int_equal(client_datagrams(&w->clients[1], NULL), 1);
    world_free(w);
}

static void the_newest_session_of_a_key_wins(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    struct handle old;
    uint8_t frame[FRAME_SIZE];
    struct relay_snapshot snapshot;

    (void)state;
    world_members(w, 2);
    old = b->handle;
    client_dial(w, b); /* the same key again */
    assert_true(b->open);
    world_run(w, 500);
    relay_core_snapshot(w->relay.core, &snapshot, w->now);
    assert_int_equal(snapshot.sessions, 2);
    assert_int_equal(snapshot.counters.closed_replaced, 1);
    assert_int_equal(link_hub_rtt_ns(b->hub, old), 0); /* the old connection is gone */
    client_forget(b);
    frame_fill(frame, 1);
    client_frame(a, SESSION_DGRAM_TO, b->identity.public_key, frame, sizeof(frame));
    world_run(w, 100);
    assert_int_equal(client_datagrams(b, NULL), 1);
    world_free(w);
}

/* The client was sent away as there is no room, with these words. */
static void said(struct world *w, struct client *c, const char *words)
{
    const Ziglan__Control *message = client_got(w, c, ZIGLAN__CONTROL__BODY_GO_AWAY);

    assert_non_null(message);
    assert_int_equal(message->go_away->reason, GOAWAY_BUSY);
    assert_non_null(strstr(message->go_away->text, words));
}

static void sessions_are_capped(void **state)
{
    struct relay_config cfg = {.session_max = 2};
    struct world *w = world_new(&cfg);

    (void)state;
    client_dial(w, &w->clients[0]);
    client_dial(w, &w->clients[1]);
    client_dial(w, &w->clients[2]);
    world_run(w, 500);
    assert_true(w->clients[0].open);
    assert_true(w->clients[1].open);
    assert_false(w->clients[2].open);
    assert_int_equal(client_got(w, &w->clients[2], ZIGLAN__CONTROL__BODY_GO_AWAY)->go_away->reason,
                     3);
    assert_int_equal(world_counters(w).closed_busy, 1);
    assert_int_equal(world_counters(w).session_refused_full, 1);
    said(w, &w->clients[2], "session_max");
    world_free(w);
}

/* As many strangers as may be count at so many addresses of the client's /24. */
static void strangers_count(struct world *w, const struct client *c, int addresses)
{
    static struct relay_client dummies[STRANGERS_PER_NET];
    struct limits *limits = &w->relay.core->base.limits;

    for (int i = 0; i < addresses * STRANGERS_PER_ADDRESS; i++) {
        struct endpoint at = c->address;

        at.ip[15] = (uint8_t)(at.ip[15] + (addresses > 1 ? 1 + i / STRANGERS_PER_ADDRESS : 0));
        assert_int_equal(limits_stranger_enter(limits, &dummies[i].limits, &at), LIMITS_OK);
    }
}

static void strangers_of_an_address_hear_why_there_is_no_room(void **state)
{
    (void)state;
    for (int addresses = 1; addresses <= 8; addresses += 7) {
        struct world *w = world_new(NULL);
        struct client *c = &w->clients[0];

        strangers_count(w, c, addresses);
        client_dial(w, c);
        world_run(w, 500);
        assert_false(c->open);
        said(w, c, addresses == 1 ? "of your address" : "of your network");
        assert_int_equal(world_counters(w).session_refused_address, addresses == 1 ? 1 : 0);
        assert_int_equal(world_counters(w).session_refused_net, addresses == 1 ? 0 : 1);
        world_free(w);
    }
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
    said(w, &w->clients[1], "a member of its ziglan came");
    assert_int_equal(world_counters(w).session_refused_displaced, 1);
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
    client_watch(w, b, 0);
    session = session_table_of_key(&w->relay.core->base.sessions, a->identity.public_key);
    left_ms = mono_ms_between(w->now, session->deadline);
    assert_true(left_ms <= DIRECTORY_ADMISSION_MS + RECORD_CLOCK_SKEW_MS);
    assert_true(left_ms >= DIRECTORY_ADMISSION_MS);
    assert_true(client_frame_passes(w, a, b));
    session->deadline = w->now; /* seven days later, without renewal */
    world_run(w, HOUSEKEEPING_MS + 1000);
    assert_int_equal(client_got(w, a, ZIGLAN__CONTROL__BODY_GO_AWAY)->go_away->reason,
                     GOAWAY_NOT_ADMITTED);
    assert_false(a->open);
    assert_false(last_online(w, b));
    assert_false(client_frame_passes(w, b, a));
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
    assert_true(client_frame_passes(w, a, &w->clients[1]));
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
    client_watch(w, b, 0);
    w->ports.wall_ms += DIRECTORY_ADMISSION_MS + 2 * RECORD_CLOCK_SKEW_MS;
    client_forget(b);
    client_dial(w, a); /* the session that it replaces was a member's */
    assert_true(a->open);
    assert_false(last_online(w, b));
    assert_false(client_frame_passes(w, a, b));
    client_join(w, a, NULL, "host0"); /* no invite is needed */
    assert_non_null(client_got(w, a, ZIGLAN__CONTROL__BODY_JOINED));
    assert_true(client_frame_passes(w, a, b)); /* the wall clock ends no session that is open */
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

/* All watchers are told who comes and goes, so this is limited like any broadcast. */
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
    said(w, c, "opened too many sessions");
    assert_int_equal(world_counters(w).session_refused_often, 1);
    world_free(w);
}

/* What the relay told this client about its hosts in the nth message; NULL: there are not so many.
 */
static const char *hosts_told(struct world *w, struct client *c, size_t nth)
{
    const Ziglan__Control *message = client_got_nth(w, c, ZIGLAN__CONTROL__BODY_RELAY_HOSTS, nth);

    return message == NULL ? NULL : message->relay_hosts->hosts;
}

static void reload_hosts(struct world *w, const char *hosts)
{
    struct relay_config cfg = w->relay.cfg;

    cfg.public_hosts = hosts;
    relay_core_reload(w->relay.core, &cfg, w->now);
    world_run(w, 100);
}

static void members_are_told_where_the_relay_can_be_reached(void **state)
{
    struct world *w = world_new(NULL);
    struct client *member = &w->clients[0];
    struct client *stranger = &w->clients[1];
    uint8_t invite[INVITE_SIZE];

    (void)state;
    world_invite(w, 1, invite);
    client_dial(w, member);
    client_dial(w, stranger);
    assert_null(hosts_told(w, member, 0)); /* not before it is one */
    client_join(w, member, invite, "nas");
    assert_string_equal(hosts_told(w, member, 0), w->relay.public_host);
    reload_hosts(w, "vps.example.org,192.0.2.9:443");
    assert_string_equal(hosts_told(w, member, 1), "vps.example.org,192.0.2.9:443");
    reload_hosts(w, "vps.example.org,192.0.2.9:443"); /* nothing new */
    reload_hosts(w, "");                              /* nothing to tell */
    assert_null(hosts_told(w, member, 2));
    assert_null(hosts_told(w, stranger, 0));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_told_where_the_relay_can_be_reached),
        cmocka_unit_test(who_is_sent_away_stands_in_the_log),
        cmocka_unit_test(a_member_who_comes_back_needs_no_join),
        cmocka_unit_test(the_newest_session_of_a_key_wins),
        cmocka_unit_test(sessions_are_capped),
        cmocka_unit_test(strangers_of_an_address_hear_why_there_is_no_room),
        cmocka_unit_test(members_come_before_strangers),
        cmocka_unit_test(a_session_ends_with_its_admission),
        cmocka_unit_test(a_renewed_admission_keeps_its_session),
        cmocka_unit_test(an_admission_that_is_over_opens_nothing),
        cmocka_unit_test(who_jumps_to_and_fro_is_told_of_so_often),
        cmocka_unit_test(a_member_can_come_so_often),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
