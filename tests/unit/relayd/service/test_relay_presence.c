/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts tell a relay that they are here, and ask it where others are. */
#include "proto/crypto/delegation.h"
#include "relayd/core/core.h"
#include "relayd/service/operator.h"

#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/relay_fixture.h"

#define HOUR_MS (3600 * 1000)

static const struct relay_config open_relay = {.open_relay = true};

static uint64_t wall_of(struct world *w)
{
    return env_wall_ms(&w->ports.env);
}

/* An attachment of the client to the relay. */
static struct part attachment(struct world *w, const struct client *c, uint64_t sequence)
{
    return attachment_of(wall_of(w), &c->identity, w->relay.identity.public_key, sequence, HOUR_MS);
}

static void attach_and_dial(struct world *w, struct client *c, uint64_t sequence)
{
    c->attachment = attachment(w, c, sequence);
    client_dial(w, c);
}

static void announce(struct world *w, struct client *c, const struct part *part)
{
    Ziglan__Announce body = ZIGLAN__ANNOUNCE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.record = control_bytes(part->bytes, part->size);
    message.request_id = c->request_next++;
    message.body_case = ZIGLAN__CONTROL__BODY_ANNOUNCE;
    message.announce = &body;
    client_send(c, &message);
    world_run(w, 100);
}

static void ask(struct world *w, struct client *c, const uint8_t key[KEY_SIZE])
{
    Ziglan__Locate body = ZIGLAN__LOCATE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    client_forget(c);
    body.key = control_bytes(key, KEY_SIZE);
    message.request_id = c->request_next++;
    message.body_case = ZIGLAN__CONTROL__BODY_LOCATE;
    message.locate = &body;
    client_send(c, &message);
    world_run(w, 100);
}

/* True if the client is told that the key is at this relay, by that very record. */
static bool is_told(struct world *w, struct client *c, const uint8_t key[KEY_SIZE],
                    const struct part *part)
{
    const Ziglan__Control *answer;

    ask(w, c, key);
    answer = client_got(w, c, ZIGLAN__CONTROL__BODY_LOCATED);
    if (answer == NULL) {
        return false;
    }
    assert_int_equal(answer->request_id, c->request_next - 1);
    assert_int_equal(answer->located->n_records, 1);
    assert_int_equal(answer->located->records[0].len, part->size);
    assert_memory_equal(answer->located->records[0].data, part->bytes, part->size);
    return true;
}

static uint32_t announced(struct world *w)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(w->relay.core, &snapshot, w->now);
    return snapshot.announced;
}

static void a_host_that_attached_is_found_by_its_key_until_it_leaves(void **state)
{
    struct world *w = world_new(&open_relay);
    struct client *a = &w->clients[0], *b = &w->clients[1];

    (void)state;
    attach_and_dial(w, a, 7);
    client_dial(w, b);
    assert_true(is_told(w, b, a->identity.public_key, &a->attachment));
    ask(w, a, b->identity.public_key); /* b has a session, but did not attach itself */
    assert_int_equal(client_error(w, a), VERDICT_NOT_FOUND);
    link_hub_close(a->hub, a->handle, 0, "bye", w->now);
    world_run(w, 500);
    ask(w, b, a->identity.public_key);
    assert_int_equal(client_error(w, b), VERDICT_NOT_FOUND);
    world_free(w);
}

static void a_host_renews_its_attachment_and_may_withhold_it_from_its_next_session(void **state)
{
    struct world *w = world_new(&open_relay);
    struct client *a = &w->clients[0], *b = &w->clients[1];

    (void)state;
    attach_and_dial(w, a, 7);
    client_dial(w, b);
    struct part renewed = attachment(w, a, 8), older = attachment(w, a, 6);
    announce(w, a, &renewed);
    assert_int_equal(client_count(w, a, ZIGLAN__CONTROL__BODY_DONE), 1);
    assert_true(is_told(w, b, a->identity.public_key, &renewed));
    announce(w, a, &older); /* no harm: the newer one stays */
    assert_true(is_told(w, b, a->identity.public_key, &renewed));
    a->attachment.size = 0;
    client_dial(w, a);
    ask(w, b, a->identity.public_key);
    assert_int_equal(client_error(w, b), VERDICT_NOT_FOUND);
    world_free(w);
}

static void an_attachment_that_is_not_renewed_ends(void **state)
{
    struct world *w = world_new(&open_relay);
    struct client *a = &w->clients[0], *b = &w->clients[1];

    (void)state;
    attach_and_dial(w, a, 7);
    client_dial(w, b);
    world_run(w, HOUR_MS - 60000);
    assert_true(is_told(w, b, a->identity.public_key, &a->attachment));
    world_run(w, 60000);
    ask(w, b, a->identity.public_key);
    assert_int_equal(client_error(w, b), VERDICT_NOT_FOUND);
    world_free(w);
}

static void only_the_hosts_own_attachment_to_this_relay_is_taken(void **state)
{
    struct world *w = world_new(&open_relay);
    struct client *a = &w->clients[0], *b = &w->clients[1], *c = &w->clients[2];
    struct identity other = fixture_identity('o');

    (void)state;
    client_dial(w, a);
    client_dial(w, b);
    struct part bad[] = {
        attachment(w, c, 7), /* another's, who is not here */
        attachment_of(wall_of(w), &a->identity, other.public_key, 7, HOUR_MS), /* other relay */
        attachment(w, a, 7),                                                   /* forged, below */
        attachment_of(wall_of(w), &a->identity, w->relay.identity.public_key, 7, 2 * HOUR_MS),
        delegation_of(wall_of(w), &a->identity, &w->relay.identity, 1, wall_of(w) + HOUR_MS),
    };
    bad[2].bytes[bad[2].size - 1] ^= 1;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        client_forget(a);
        announce(w, a, &bad[i]);
        assert_int_equal(client_error(w, a), VERDICT_BAD_REQUEST);
    }
    struct part future =
        attachment_of(wall_of(w) + HOUR_MS, &a->identity, w->relay.identity.public_key, 7, HOUR_MS);
    client_forget(a);
    announce(w, a, &future);
    assert_int_equal(client_error(w, a), VERDICT_CLOCK);
    ask(w, b, a->identity.public_key);
    assert_int_equal(client_error(w, b), VERDICT_NOT_FOUND);
    ask(w, b, c->identity.public_key);
    assert_int_equal(client_error(w, b), VERDICT_NOT_FOUND);
    struct relay_counters counters = world_counters(w);
    assert_int_equal(counters.attachment_bad, 5);
    assert_int_equal(counters.attachment_clock, 1);
    assert_int_equal(counters.attachment_ok, 0);
    world_free(w);
}

static void a_stranger_is_found_at_an_open_relay_only_and_a_member_at_any(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0], *b = &w->clients[1];
    uint8_t invite[INVITE_SIZE];

    (void)state;
    attach_and_dial(w, a, 7);
    client_dial(w, b);
    ask(w, b, a->identity.public_key);
    assert_int_equal(client_error(w, b), VERDICT_NOT_FOUND);
    world_invite(w, 1, invite);
    client_join(w, a, invite, "a");
    assert_true(is_told(w, b, a->identity.public_key, &a->attachment));
    world_free(w);
}

static void a_ziglans_key_leads_to_its_entry_point(void **state)
{
    struct world *w = world_new(NULL);
    struct client *b = &w->clients[1];
    struct record_delegation delegation;
    const Ziglan__Control *answer;

    (void)state;
    client_dial(w, b);
    ask(w, b, w->relay.ziglan_identity.public_key);
    answer = client_got(w, b, ZIGLAN__CONTROL__BODY_LOCATED);
    assert_non_null(answer);
    assert_int_equal(answer->located->n_records, 1);
    assert_int_equal(delegation_verify(&delegation, answer->located->records[0].data,
                                       answer->located->records[0].len,
                                       w->relay.ziglan_identity.public_key,
                                       w->relay.identity.public_key, wall_of(w)),
                     DELEGATION_BELIEVED);
    world_run(w, 49 * HOUR_MS / 2); /* it is signed anew each day, and so announced */
    assert_int_equal(announced(w), 1);
    world_free(w);
}

static void a_session_may_ask_so_often_and_renew_so_often(void **state)
{
    struct world *w = world_new(&open_relay);
    struct client *a = &w->clients[0];

    (void)state;
    client_dial(w, a);
    for (int i = 0; i < LOCATE_BURST; i++) {
        Ziglan__Locate body = ZIGLAN__LOCATE__INIT;
        Ziglan__Control message = ZIGLAN__CONTROL__INIT;
        uint8_t key[KEY_SIZE] = {(uint8_t)i};

        body.key = control_bytes(key, KEY_SIZE);
        message.request_id = a->request_next++;
        message.body_case = ZIGLAN__CONTROL__BODY_LOCATE;
        message.locate = &body;
        client_send(a, &message);
    }
    world_run(w, 50);
    assert_int_equal(world_counters(w).locates, LOCATE_BURST);
    ask(w, a, a->identity.public_key);
    assert_int_equal(client_error(w, a), VERDICT_LIMIT);
    world_run(w, 1000);
    ask(w, a, a->identity.public_key);
    assert_int_equal(client_error(w, a), VERDICT_NOT_FOUND);
    for (uint64_t i = 0; i < BROADCAST_BURST / BROADCAST_COST + 30; i++) {
        struct part part = attachment(w, a, 10 + i);
        announce(w, a, &part);
    }
    assert_true(world_counters(w).attachment_ok >= BROADCAST_BURST / BROADCAST_COST);
    assert_true(world_counters(w).attachment_limit > 20);
    world_free(w);
}

static void a_revoked_member_is_not_here_any_more(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0], *b = &w->clients[1];

    (void)state;
    world_members(w, 2);
    struct part part = attachment(w, a, 7);
    announce(w, a, &part);
    assert_true(is_told(w, b, a->identity.public_key, &part));
    struct who_fits fits;
    assert_int_equal(operator_revoke(relay_core_operator(w->relay.core), "host0", &fits, w->now),
                     VERDICT_OK);
    world_run(w, 500);
    ask(w, b, a->identity.public_key);
    assert_int_equal(client_error(w, b), VERDICT_NOT_FOUND);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_that_attached_is_found_by_its_key_until_it_leaves),
        cmocka_unit_test(a_host_renews_its_attachment_and_may_withhold_it_from_its_next_session),
        cmocka_unit_test(an_attachment_that_is_not_renewed_ends),
        cmocka_unit_test(only_the_hosts_own_attachment_to_this_relay_is_taken),
        cmocka_unit_test(a_stranger_is_found_at_an_open_relay_only_and_a_member_at_any),
        cmocka_unit_test(a_ziglans_key_leads_to_its_entry_point),
        cmocka_unit_test(a_session_may_ask_so_often_and_renew_so_often),
        cmocka_unit_test(a_revoked_member_is_not_here_any_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
