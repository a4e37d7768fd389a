/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operator does to members. */
#include "relayd/service/operator.h"

#include "proto/crypto/identity.h"
#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

static void a_revoked_member_is_cut_off_at_once(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    uint8_t frame[FRAME_SIZE];
    uint8_t invite[INVITE_SIZE];
    struct who_fits who;
    bool online = false;
    bool revoked = false;

    (void)state;
    world_members(w, 2);
    client_watch(w, a, 0);
    client_forget(a);
    assert_int_equal(operator_revoke(relay_core_operator(w->relay.core), "nobody", &who, w->now),
                     VERDICT_NOT_FOUND);
    assert_int_equal(operator_revoke(relay_core_operator(w->relay.core), "host1", &who, w->now),
                     VERDICT_OK);
    assert_memory_equal(who.list[0].key, b->identity.public_key, KEY_SIZE);
    assert_true(who.list[0].online);
    frame_fill(frame, 1);
    client_frame(b, SESSION_DGRAM_TO, a->identity.public_key, frame, sizeof(frame));
    client_frame(a, SESSION_DGRAM_TO, b->identity.public_key, frame, sizeof(frame));
    world_run(w, 100);
    assert_int_equal(client_datagrams(a, NULL), 0); /* before the connection is even closed */
    assert_int_equal(client_datagrams(b, NULL), 0);
    world_run(w, 500);
    assert_false(b->open);
    assert_int_equal(client_got(w, b, ZIGLAN__CONTROL__BODY_GO_AWAY)->go_away->reason, 2);
    assert_true(client_told(w, a, b, &online, &revoked));
    assert_true(revoked);
    client_forget(b);
    client_dial(w, b); /* it cannot come back, not even with a fresh invite */
    world_run(w, 500);
    assert_false(b->open);
    assert_int_equal(operator_restore(relay_core_operator(w->relay.core), "host1", &who, w->now),
                     VERDICT_OK);
    world_invite(w, 1, invite);
    client_forget(b);
    client_dial(w, b);
    client_join(w, b, invite, "back");
    assert_non_null(client_got(w, b, ZIGLAN__CONTROL__BODY_JOINED));
    world_free(w);
}

/* b left, and c became host1-2: the operator who says host1 may mean either. */
static void a_name_that_fits_several_is_a_choice(void **state)
{
    struct world *w = world_new(NULL);
    struct operator_service *verbs = relay_core_operator(w->relay.core);
    uint8_t invite[INVITE_SIZE];
    char key[KEY_TEXT_SIZE];
    struct who_fits who;

    (void)state;
    world_members(w, 2);
    client_ask(&w->clients[1], ZIGLAN__CONTROL__BODY_LEAVE);
    world_run(w, 100);
    assert_int_equal(operator_revoke(verbs, "host1", &who, w->now), VERDICT_OK); /* the only one */
    assert_int_equal(who.list[0].state, WHO_STATE_LEFT);
    assert_int_equal(operator_restore(verbs, "host1", &who, w->now), VERDICT_OK);
    world_invite(w, 5, invite);
    client_dial(w, &w->clients[1]);
    client_join(w, &w->clients[1], invite, "host1");
    client_dial(w, &w->clients[2]);
    client_join(w, &w->clients[2], invite, "host1");
    assert_int_equal(operator_revoke(verbs, "host1", &who, w->now), VERDICT_OK); /* the member */
    assert_int_equal(who.list[0].state, WHO_STATE_MEMBER);
    world_run(w, 500);
    assert_int_equal(operator_revoke(verbs, "host1", &who, w->now), VERDICT_REFUSED);
    assert_int_equal(who.count, 2);
    assert_int_equal(operator_restore(verbs, "host1", &who, w->now), VERDICT_OK);
    assert_int_equal(operator_revoke(verbs, "host1", &who, w->now), VERDICT_REFUSED);
    assert_int_equal(who.count, 1); /* host1-2, which was not named */
    assert_int_equal(
        operator_revoke(verbs, key_text(w->clients[2].identity.public_key, key), &who, w->now),
        VERDICT_OK);
    world_free(w);
}

static void a_shortened_key_of_the_log_names_a_member(void **state)
{
    struct world *w = world_new(NULL);
    struct operator_service *verbs = relay_core_operator(w->relay.core);
    char brief[KEY_SHORT_SIZE];
    struct who_fits who;

    (void)state;
    world_members(w, 2);
    (void)key_short(w->clients[1].identity.public_key, brief);
    assert_int_equal(operator_revoke(verbs, brief, &who, w->now), VERDICT_OK);
    assert_memory_equal(who.list[0].key, w->clients[1].identity.public_key, KEY_SIZE);
    assert_int_equal(operator_restore(verbs, brief, &who, w->now), VERDICT_OK);
    assert_int_equal(operator_revoke(verbs, "aaaaaaaaaa", &who, w->now), VERDICT_NOT_FOUND);
    world_free(w);
}

/* A value that is larger than any that the directory writes cannot be read. */
static void where_the_store_fails_nobody_fits(void **state)
{
    static const uint8_t value[100];
    struct world *w = world_new(NULL);
    struct who_fits who;

    (void)state;
    world_members(w, 2);
    must(store_write(w->relay.store, STORE_TABLE_NAMES, "host1", 5, value, sizeof(value)), "write");
    assert_int_equal(operator_revoke(relay_core_operator(w->relay.core), "host1", &who, w->now),
                     VERDICT_UNAVAILABLE);
    assert_int_equal(who.count, 0);
    world_free(w);
}

/* The reinstalled host b: its former key a is forgotten, and it gets its name. */
static void a_forgotten_member_is_cut_off_and_its_name_given_on(void **state)
{
    struct world *w = world_new(NULL);
    struct operator_service *verbs = relay_core_operator(w->relay.core);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    struct client *c = &w->clients[2];
    bool online = false, revoked = false;
    struct who_fits who;

    (void)state;
    world_members(w, 3);
    client_watch(w, c, 0);
    assert_int_equal(operator_rename(verbs, "host1", "host0", &who, w->now), VERDICT_NAME_TAKEN);
    assert_memory_equal(who.list[0].key, a->identity.public_key, KEY_SIZE);
    assert_int_equal(operator_forget(verbs, "host0", &who, w->now), VERDICT_OK);
    assert_true(who.list[0].online);
    assert_int_equal(operator_rename(verbs, "host1", "host0", &who, w->now), VERDICT_OK);
    world_run(w, 500);
    assert_false(a->open);
    assert_int_equal(client_got(w, a, ZIGLAN__CONTROL__BODY_GO_AWAY)->go_away->reason,
                     GOAWAY_FORGOTTEN);
    assert_true(b->open);
    assert_true(client_told(w, c, a, &online, &revoked));
    assert_true(revoked);
    assert_true(client_told(w, c, b, &online, &revoked));
    assert_false(revoked);
    client_lookup(w, c, NULL, "host0", NULL);
    assert_non_null(client_got(w, c, ZIGLAN__CONTROL__BODY_FOUND));
    assert_int_equal(operator_forget(verbs, "host1", &who, w->now), VERDICT_OK); /* the name */
    assert_memory_equal(who.list[0].key, b->identity.public_key, KEY_SIZE);
    assert_true(b->open);
    assert_int_equal(operator_forget(verbs, "host1", &who, w->now), VERDICT_NOT_FOUND);
    world_free(w);
}

/* By the name that it had, or by its key: one fits, and it is no member. */
static void the_name_of_a_revoked_key_is_freed_by_either(void **state)
{
    struct world *w = world_new(NULL);
    struct operator_service *verbs = relay_core_operator(w->relay.core);
    char key[KEY_TEXT_SIZE];
    struct who_fits who;

    (void)state;
    world_members(w, 2);
    assert_int_equal(operator_revoke(verbs, "host0", &who, w->now), VERDICT_OK);
    assert_int_equal(operator_forget(verbs, "host0", &who, w->now), VERDICT_OK);
    assert_string_equal(who.list[0].name, "host0");
    assert_int_equal(who.list[0].state, WHO_STATE_REVOKED);

    assert_int_equal(operator_revoke(verbs, "host1", &who, w->now), VERDICT_OK);
    (void)key_text(w->clients[1].identity.public_key, key);
    assert_int_equal(operator_forget(verbs, key, &who, w->now), VERDICT_OK);
    assert_int_equal(operator_forget(verbs, key, &who, w->now), VERDICT_NOT_FOUND);
    world_free(w);
}

static void who_takes_the_place_of_a_member_cuts_it_off(void **state)
{
    struct world *w = world_new(NULL);
    struct directory_terms terms = {.uses = 1, .name = "host0"};
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    char text[URL_SIZE_MAX], error[URL_ERROR_SIZE];
    const Ziglan__Joined *joined;
    struct url url;

    (void)state;
    world_members(w, 1);
    assert_int_equal(operator_invite(relay_core_operator(w->relay.core), &terms, text), VERDICT_OK);
    assert_memory_equal(terms.replaces, a->identity.public_key, KEY_SIZE);
    must(url_parse(&url, text, strlen(text), error), "url_parse");
    client_dial(w, b);
    client_join(w, b, url.invite, "host0");
    joined = client_got(w, b, ZIGLAN__CONTROL__BODY_JOINED)->joined;
    assert_string_equal(joined->granted_name, "host0");
    assert_int_equal(joined->name_note, 0);
    world_run(w, 500);
    assert_false(a->open);
    assert_int_equal(client_got(w, a, ZIGLAN__CONTROL__BODY_GO_AWAY)->go_away->reason, 2);
    client_forget(a);
    client_dial(w, a); /* it may join again, but needs an invite */
    client_join(w, a, NULL, "host0");
    assert_int_equal(client_error(w, a), VERDICT_NOT_MEMBER);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_revoked_member_is_cut_off_at_once),
        cmocka_unit_test(a_name_that_fits_several_is_a_choice),
        cmocka_unit_test(a_shortened_key_of_the_log_names_a_member),
        cmocka_unit_test(where_the_store_fails_nobody_fits),
        cmocka_unit_test(a_forgotten_member_is_cut_off_and_its_name_given_on),
        cmocka_unit_test(the_name_of_a_revoked_key_is_freed_by_either),
        cmocka_unit_test(who_takes_the_place_of_a_member_cuts_it_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
