/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay core with real clients: sessions, joining, forwarding, watching, limits. */
#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

#include "proto/crypto/identity.h"
#include "proto/crypto/signed.h"
#include "relayd/core/core_internal.h"
#include "rendezvous/store/store_memory.h"

enum { FRAME_SIZE = 100 };

static void frame_fill(uint8_t frame[FRAME_SIZE], uint8_t mark)
{
    memset(frame, mark, FRAME_SIZE);
    frame[0] = FRAME_TYPE_DATA;
}

static void lookup(struct world *w, struct client *c, const uint8_t *key, const char *name,
                   const uint8_t *address)
{
    Ziglan__Lookup body = ZIGLAN__LOOKUP__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t key_copy[KEY_SIZE];
    uint8_t address_copy[16];
    char name_copy[64] = "";

    if (key != NULL) {
        memcpy(key_copy, key, KEY_SIZE);
        body.key.data = key_copy;
        body.key.len = KEY_SIZE;
    }
    if (address != NULL) {
        memcpy(address_copy, address, 16);
        body.address.data = address_copy;
        body.address.len = 16;
    }
    if (name != NULL) {
        (void)snprintf(name_copy, sizeof(name_copy), "%s", name);
        body.name = name_copy;
    }
    message.request_id = c->request_next++;
    message.body_case = ZIGLAN__CONTROL__BODY_LOOKUP;
    message.lookup = &body;
    client_send(c, &message);
    world_run(w, 100);
}

static void watch(struct world *w, struct client *c, uint64_t since)
{
    Ziglan__Watch body = ZIGLAN__WATCH__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.all = true;
    body.since = since;
    message.request_id = c->request_next++;
    message.body_case = ZIGLAN__CONTROL__BODY_WATCH;
    message.watch = &body;
    client_send(c, &message);
    world_run(w, 200);
}

/* What the watcher was told last about a member; false if nothing. */
static bool told(struct world *w, struct client *c, const struct client *about, bool *online,
                 bool *revoked)
{
    Ziglan__Control *message;
    bool found = false;

    for (size_t n = 0;; n++) {
        message = client_got_nth(w, c, ZIGLAN__CONTROL__BODY_CHANGES, n);
        if (message == NULL) {
            return found;
        }
        for (size_t i = 0; i < message->changes->n_members; i++) {
            const Ziglan__Member *member = message->changes->members[i];
            struct record_parts parts;
            struct record_admission admission;
            struct record_revocation revocation;
            if (member->revocation.len > 0) {
                assert_int_equal(signed_open(&parts, RECORD_TYPE_REVOCATION,
                                             member->revocation.data, member->revocation.len),
                                 ERR_OK);
                assert_int_equal(
                    record_revocation_decode(&revocation, parts.record, parts.record_size), ERR_OK);
                if (memcmp(revocation.member_key, about->identity.public_key, KEY_SIZE) == 0) {
                    found = true;
                    *revoked = true;
                }
                continue;
            }
            assert_int_equal(signed_open(&parts, RECORD_TYPE_ADMISSION, member->admission.data,
                                         member->admission.len),
                             ERR_OK);
            assert_int_equal(record_admission_decode(&admission, parts.record, parts.record_size),
                             ERR_OK);
            if (memcmp(admission.member_key, about->identity.public_key, KEY_SIZE) == 0) {
                found = true;
                *online = member->online;
                *revoked = false;
            }
        }
    }
}

/* ---- joining ---- */

static void an_invite_admits_and_names(void **state)
{
    struct world *w = world_new(NULL);
    uint8_t invite[INVITE_SIZE];
    struct client *c = &w->clients[0];
    struct record_parts parts;
    struct record_admission admission;
    Ziglan__Joined *joined;

    (void)state;
    world_invite(w, 1, invite);
    client_dial(w, c);
    assert_true(c->open);
    client_join(w, c, invite, "nas");
    assert_non_null(client_got(w, c, ZIGLAN__CONTROL__BODY_JOINED));
    joined = client_got(w, c, ZIGLAN__CONTROL__BODY_JOINED)->joined;
    assert_string_equal(joined->granted_name, "nas");
    assert_string_equal(joined->ziglan_name, "home");
    assert_true(joined->sequence > 0);
    assert_int_equal(
        signed_open(&parts, RECORD_TYPE_ADMISSION, joined->admission.data, joined->admission.len),
        ERR_OK);
    assert_int_equal(record_admission_decode(&admission, parts.record, parts.record_size), ERR_OK);
    assert_memory_equal(admission.member_key, c->identity.public_key, KEY_SIZE);
    assert_int_equal(world_counters(w).join_ok, 1);
    world_free(w);
}

static void a_used_or_wrong_invite_admits_nobody(void **state)
{
    struct world *w = world_new(NULL);
    uint8_t invite[INVITE_SIZE];
    uint8_t wrong[INVITE_SIZE] = {1, 2, 3};

    (void)state;
    world_invite(w, 1, invite);
    for (int i = 0; i < 3; i++) {
        client_dial(w, &w->clients[i]);
    }
    client_join(w, &w->clients[0], invite, "first");
    client_join(w, &w->clients[1], invite, "second"); /* single use */
    client_join(w, &w->clients[2], wrong, "third");
    assert_int_equal(client_error(w, &w->clients[1]), VERDICT_INVITE_INVALID);
    assert_int_equal(client_error(w, &w->clients[2]), VERDICT_INVITE_INVALID);
    assert_int_equal(world_counters(w).join_invite_invalid, 2);
    client_forget(&w->clients[2]);
    client_join(w, &w->clients[2], NULL, "third");
    assert_int_equal(client_error(w, &w->clients[2]), VERDICT_NOT_MEMBER);
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

static void a_failing_store_refuses_joins_and_forwards_on(void **state)
{
    struct world *w = world_new(NULL);
    uint8_t invite[INVITE_SIZE];
    uint8_t frame[FRAME_SIZE];
    struct relay_snapshot snapshot;

    (void)state;
    world_members(w, 2);
    world_invite(w, 1, invite);
    store_memory_fail_commit(w->relay.store, true);
    client_dial(w, &w->clients[2]);
    client_join(w, &w->clients[2], invite, "late");
    assert_int_equal(client_error(w, &w->clients[2]), VERDICT_UNAVAILABLE);
    relay_core_snapshot(w->relay.core, &snapshot, w->now);
    assert_false(snapshot.store_ok);
    frame_fill(frame, 1);
    client_frame(&w->clients[0], SESSION_DGRAM_TO, w->clients[1].identity.public_key, frame,
                 sizeof(frame));
    world_run(w, 100);
    assert_int_equal(client_datagrams(&w->clients[1], NULL), 1);
    store_memory_fail_commit(w->relay.store,
                             false); /* there is room again: the invite was not used up */
    client_forget(&w->clients[2]);
    client_join(w, &w->clients[2], invite, "late");
    assert_non_null(client_got(w, &w->clients[2], ZIGLAN__CONTROL__BODY_JOINED));
    relay_core_snapshot(w->relay.core, &snapshot, w->now);
    assert_true(snapshot.store_ok);
    world_free(w);
}

static void a_stranger_can_only_join_and_ping(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[1];
    uint8_t frame[FRAME_SIZE];

    (void)state;
    world_members(w, 1);
    client_dial(w, c);
    client_ask(c, ZIGLAN__CONTROL__BODY_PING);
    world_run(w, 100);
    assert_int_equal(client_got(w, c, ZIGLAN__CONTROL__BODY_PONG)->pong->token, 77);
    lookup(w, c, NULL, "host0", NULL);
    assert_int_equal(client_error(w, c), VERDICT_NOT_MEMBER);
    client_forget(c);
    watch(w, c, 0);
    assert_int_equal(client_error(w, c), VERDICT_NOT_MEMBER);
    client_forget(c);
    frame_fill(frame, 1);
    client_frame(c, SESSION_DGRAM_TO, w->clients[0].identity.public_key, frame, sizeof(frame));
    world_run(w, 100);
    assert_int_equal(client_datagrams(&w->clients[0], NULL), 0);
    assert_int_equal(client_count(w, c, ZIGLAN__CONTROL__BODY_GONE), 0); /* nor who is here */
    assert_int_equal(world_counters(w).drop_not_allowed, 1);
    /* ... and a member cannot reach the stranger either */
    client_frame(&w->clients[0], SESSION_DGRAM_TO, c->identity.public_key, frame, sizeof(frame));
    world_run(w, 100);
    assert_int_equal(client_datagrams(c, NULL), 0);
    assert_true(c->open);
    world_run(w, 61000);
    assert_false(c->open);
    assert_int_equal(client_got(w, c, ZIGLAN__CONTROL__BODY_GO_AWAY)->go_away->reason, 4);
    assert_int_equal(world_counters(w).closed_not_admitted, 1);
    world_free(w);
}

/* ---- finding ---- */

static void lookup_finds_by_name_key_and_address(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    const uint8_t *key = w->clients[1].identity.public_key;
    uint8_t address[16];
    uint8_t nobody[KEY_SIZE] = {9};
    Ziglan__Found *found;

    (void)state;
    world_members(w, 2);
    lookup(w, c, NULL, "HOST1", NULL);
    found = client_got(w, c, ZIGLAN__CONTROL__BODY_FOUND)->found;
    assert_true(found->member->online);
    assert_true(found->member->member_part.len > 0 && found->member->admission.len > 0);
    lookup(w, c, key, NULL, NULL);
    assert_int_equal(client_count(w, c, ZIGLAN__CONTROL__BODY_FOUND), 2);
    key_ip6(address, key);
    lookup(w, c, NULL, NULL, address);
    assert_int_equal(client_count(w, c, ZIGLAN__CONTROL__BODY_FOUND), 3);
    lookup(w, c, nobody, NULL, NULL);
    assert_int_equal(client_error(w, c), VERDICT_NOT_FOUND);
    world_free(w);
}

static void watchers_see_who_joins_comes_and_goes(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    uint8_t invite[INVITE_SIZE];
    bool online = false;
    bool revoked = false;

    (void)state;
    world_members(w, 2);
    watch(w, c, 0);
    assert_true(told(w, c, &w->clients[0], &online, &revoked));
    assert_true(told(w, c, &w->clients[1], &online, &revoked));
    assert_true(online);
    client_forget(c);
    world_invite(w, 1, invite);
    client_dial(w, &w->clients[2]);
    client_join(w, &w->clients[2], invite, "new");
    assert_true(told(w, c, &w->clients[2], &online, &revoked));
    assert_true(online);
    client_forget(c);
    link_hub_close(w->clients[2].hub, w->clients[2].handle, 0, "bye", w->now);
    world_run(w, 200);
    assert_true(told(w, c, &w->clients[2], &online, &revoked));
    assert_false(online);
    assert_false(told(w, c, &w->clients[1], &online, &revoked)); /* of others nothing new */
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
    watch(w, c, 0);
    sequence = client_got(w, c, ZIGLAN__CONTROL__BODY_CHANGES)->changes->sequence;
    link_hub_close(w->clients[2].hub, w->clients[2].handle, 0, "bye", w->now);
    world_run(w, 200);
    client_forget(c);
    watch(w, c, sequence); /* nothing changed in the directory since */
    assert_true(told(w, c, &w->clients[1], &online, &revoked));
    assert_true(online);
    assert_false(told(w, c, &w->clients[2], &online, &revoked)); /* not told: offline */
    world_free(w);
}

/* 400 members are more than a watcher may have waiting: they come in pieces, all of them, over a
 * slow path too. */
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
    watch(w, c, 0);
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

/* ---- forwarding ---- */

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
    world_free(w);
}

/* ---- sessions ---- */

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
    world_free(w);
}

static void a_revoked_member_is_cut_off_at_once(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    uint8_t frame[FRAME_SIZE];
    uint8_t invite[INVITE_SIZE];
    uint8_t key[KEY_SIZE];
    bool online = false;
    bool revoked = false;

    (void)state;
    world_members(w, 2);
    watch(w, a, 0);
    client_forget(a);
    assert_int_equal(operator_revoke(relay_core_operator(w->relay.core), "nobody", key, w->now),
                     VERDICT_NOT_FOUND);
    assert_int_equal(operator_revoke(relay_core_operator(w->relay.core), "host1", key, w->now),
                     VERDICT_OK);
    assert_memory_equal(key, b->identity.public_key, KEY_SIZE);
    frame_fill(frame, 1);
    client_frame(b, SESSION_DGRAM_TO, a->identity.public_key, frame, sizeof(frame));
    client_frame(a, SESSION_DGRAM_TO, b->identity.public_key, frame, sizeof(frame));
    world_run(w, 100);
    assert_int_equal(client_datagrams(a, NULL), 0); /* before the connection is even closed */
    assert_int_equal(client_datagrams(b, NULL), 0);
    world_run(w, 500);
    assert_false(b->open);
    assert_int_equal(client_got(w, b, ZIGLAN__CONTROL__BODY_GO_AWAY)->go_away->reason, 2);
    assert_true(told(w, a, b, &online, &revoked));
    assert_true(revoked);
    client_forget(b);
    client_dial(w, b); /* it cannot come back, not even with a fresh invite */
    world_run(w, 500);
    assert_false(b->open);
    assert_int_equal(operator_restore(relay_core_operator(w->relay.core), "host1", key, w->now),
                     VERDICT_OK);
    world_invite(w, 1, invite);
    client_forget(b);
    client_dial(w, b);
    client_join(w, b, invite, "back");
    assert_non_null(client_got(w, b, ZIGLAN__CONTROL__BODY_JOINED));
    world_free(w);
}

static void who_leaves_is_a_stranger_again(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    uint8_t frame[FRAME_SIZE];

    (void)state;
    world_members(w, 2);
    client_ask(b, ZIGLAN__CONTROL__BODY_LEAVE);
    world_run(w, 100);
    assert_non_null(client_got(w, b, ZIGLAN__CONTROL__BODY_DONE));
    frame_fill(frame, 1);
    client_frame(b, SESSION_DGRAM_TO, a->identity.public_key, frame, sizeof(frame));
    world_run(w, 100);
    assert_int_equal(client_datagrams(a, NULL), 0);
    world_free(w);
}

static void a_flood_of_control_messages_is_refused(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];

    (void)state;
    world_members(w, 1);
    world_run(w, 10000);
    for (int i = 0; i < 150; i++) {
        client_ask(c, ZIGLAN__CONTROL__BODY_PING);
    }
    world_run(w, 200);
    assert_true(client_count(w, c, ZIGLAN__CONTROL__BODY_PONG) <= 106);
    assert_true(world_counters(w).control_rate >= 44);
    assert_int_equal(client_count(w, c, ZIGLAN__CONTROL__BODY_ERROR), 1); /* said once a second */
    assert_int_equal(client_error(w, c), VERDICT_LIMIT);
    assert_true(c->open);
    world_free(w);
}

static void a_stop_tells_everybody_and_ends(void **state)
{
    struct world *w = world_new(NULL);

    (void)state;
    world_members(w, 3);
    relay_core_shutdown(w->relay.core, 1000, w->now);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invite_admits_and_names),
        cmocka_unit_test(a_used_or_wrong_invite_admits_nobody),
        cmocka_unit_test(a_member_who_comes_back_needs_no_join),
        cmocka_unit_test(a_failing_store_refuses_joins_and_forwards_on),
        cmocka_unit_test(a_stranger_can_only_join_and_ping),
        cmocka_unit_test(lookup_finds_by_name_key_and_address),
        cmocka_unit_test(watchers_see_who_joins_comes_and_goes),
        cmocka_unit_test(a_watcher_that_continues_learns_who_is_online),
        cmocka_unit_test(a_large_directory_comes_in_pieces),
        cmocka_unit_test(a_frame_arrives_with_the_authenticated_source),
        cmocka_unit_test(nothing_else_is_forwarded),
        cmocka_unit_test(gone_comes_once_a_second_and_key),
        cmocka_unit_test(an_open_relay_forwards_strangers_at_their_rate),
        cmocka_unit_test(a_strangers_bucket_runs_out),
        cmocka_unit_test(the_newest_session_of_a_key_wins),
        cmocka_unit_test(sessions_are_capped),
        cmocka_unit_test(a_revoked_member_is_cut_off_at_once),
        cmocka_unit_test(who_leaves_is_a_stranger_again),
        cmocka_unit_test(a_flood_of_control_messages_is_refused),
        cmocka_unit_test(a_stop_tells_everybody_and_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
