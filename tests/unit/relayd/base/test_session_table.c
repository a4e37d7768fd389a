/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clients of a relay by handle and by key, and what follows from their states. */
#include "relayd/base/session_table.h"

#include "tests/support/env.h"
#include "tests/support/fixture.h"

struct table {
    struct test_env ports;
    struct mono now;
    struct relay_counters counters;
    struct limits limits;
    struct session_table sessions;
};

static struct table *table_new(uint32_t session_max)
{
    const struct relay_config cfg = {
        .session_max = session_max, .stun_per_addr_per_s = 1, .stun_per_s = 1};
    struct table *t = calloc(1, sizeof(*t));

    assert_non_null(t);
    t->now.ns = NS_PER_S;
    test_env_init(&t->ports, 1);
    assert_int_equal(limits_init(&t->limits, &cfg, &t->counters, &t->ports.env), ERR_OK);
    assert_int_equal(session_table_init(&t->sessions, session_max, &t->limits, &t->ports.env),
                     ERR_OK);
    return t;
}

static void table_free(struct table *t)
{
    session_table_fini(&t->sessions);
    limits_fini(&t->limits);
    free(t);
}

static struct relay_client *add(struct table *t, uint32_t index, uint32_t generation, uint8_t key)
{
    const struct link_peer peer = {.key = {key}};
    const struct link_event event = {.type = LINK_EVENT_OPEN,
                                     .handle = {.index = index, .generation = generation},
                                     .peer = &peer};

    return session_table_add(&t->sessions, &event, t->now);
}

static void a_client_is_found_by_its_handle_only_while_it_lives(void **state)
{
    struct table *t = table_new(10);
    struct relay_client *client = add(t, 3, 7, 1);
    const struct handle handle = {.index = 3, .generation = 7};
    const struct handle older = {.index = 3, .generation = 6};
    const struct handle beyond = {.index = 100000, .generation = 1};

    (void)state;
    assert_non_null(client);
    assert_int_equal(client->state, RELAY_CLIENT_STATE_STRANGER);
    assert_ptr_equal(session_table_at(&t->sessions, handle), client);
    assert_null(session_table_at(&t->sessions, older));
    assert_null(session_table_at(&t->sessions, beyond));
    assert_null(add(t, 3, 8, 2)); /* the place is taken until the link says that it is free */
    session_table_remove(&t->sessions, client, t->now);
    assert_null(session_table_at(&t->sessions, handle));
    assert_int_equal(t->sessions.count, 0);
    assert_int_equal(t->sessions.lists.stranger_count, 0);
    assert_non_null(add(t, 3, 8, 2));
    table_free(t);
}

static void all_clients_are_passed_once_in_the_order_of_the_link(void **state)
{
    static const uint32_t places[] = {500, 0, 64, 63};
    static const uint32_t order[] = {0, 63, 64, 500};
    struct table *t = table_new(10);
    struct relay_client *client;
    uint32_t at = 0;

    (void)state;
    assert_null(session_table_next(&t->sessions, &at));
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(add(t, places[i], 1, (uint8_t)i));
    }
    for (size_t i = 0; i < 4; i++) {
        client = session_table_next(&t->sessions, &at);
        assert_non_null(client);
        assert_int_equal(client->handle.index, order[i]);
    }
    assert_null(session_table_next(&t->sessions, &at));
    assert_int_equal(at, t->sessions.capacity);
    table_free(t);
}

static void the_newest_session_is_the_one_of_its_key(void **state)
{
    struct table *t = table_new(2);
    struct relay_client *first = add(t, 0, 1, 9);
    struct relay_client *second = add(t, 1, 1, 9);
    struct relay_client *older = NULL;

    (void)state;
    assert_null(session_table_of_key(&t->sessions, first->key));
    assert_int_equal(session_table_activate(&t->sessions, first, &older), ERR_OK);
    assert_null(older);
    assert_int_equal(session_table_activate(&t->sessions, second, &older), ERR_OK);
    assert_ptr_equal(older, first);
    assert_ptr_equal(session_table_of_key(&t->sessions, first->key), second);
    assert_false(session_table_deactivate(&t->sessions, first));
    assert_int_equal(session_table_key_count(&t->sessions), 1);
    assert_int_equal(session_table_activate(&t->sessions, add(t, 2, 1, 10), &older), ERR_OK);
    older = first;
    assert_int_equal(session_table_activate(&t->sessions, add(t, 3, 1, 11), &older), ERR_LIMIT);
    assert_null(older);
    assert_true(session_table_deactivate(&t->sessions, second));
    assert_null(session_table_of_key(&t->sessions, first->key));
    table_free(t);
}

static void a_state_has_its_list_and_its_deadline(void **state)
{
    struct table *t = table_new(10);
    struct relay_client_lists *lists = &t->sessions.lists;
    struct relay_client *a = add(t, 0, 1, 1);
    struct relay_client *b = add(t, 1, 1, 2);

    (void)state;
    assert_int_equal(lists->stranger_count, 2);
    assert_ptr_equal(TAILQ_FIRST(&lists->strangers), a);
    assert_int_equal(mono_ms_between(t->now, a->deadline), ADMISSION_MS);
    assert_int_equal(limits_stranger_enter(&t->limits, &a->limits, &a->remote), LIMITS_OK);
    relay_client_enter(lists, a, RELAY_CLIENT_STATE_MEMBER, t->now);
    assert_int_equal(map_count(t->limits.strangers_by_address), 0); /* it gives its place back */
    assert_int_equal(lists->stranger_count, 1);
    assert_true(a->deadline.ns == MONO_NEVER.ns);
    relay_client_enter(lists, a, RELAY_CLIENT_STATE_STRANGER, t->now);
    assert_ptr_equal(TAILQ_NEXT(b, in_waiting), a); /* it waits anew, behind the others */
    relay_client_enter(lists, b, RELAY_CLIENT_STATE_CLOSING, t->now);
    assert_false(relay_client_is_active(b));
    assert_ptr_equal(TAILQ_FIRST(&lists->closing), b);
    assert_int_equal(mono_ms_between(t->now, b->deadline), CLOSING_MS);
    relay_client_enter(lists, b, RELAY_CLIENT_STATE_CLOSED, t->now);
    assert_true(TAILQ_EMPTY(&lists->closing));
    assert_true(b->deadline.ns == MONO_NEVER.ns);
    session_table_remove(&t->sessions, b, t->now);
    session_table_remove(&t->sessions, a, t->now);
    assert_true(TAILQ_EMPTY(&lists->strangers));
    table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_is_found_by_its_handle_only_while_it_lives),
        cmocka_unit_test(all_clients_are_passed_once_in_the_order_of_the_link),
        cmocka_unit_test(the_newest_session_is_the_one_of_its_key),
        cmocka_unit_test(a_state_has_its_list_and_its_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
