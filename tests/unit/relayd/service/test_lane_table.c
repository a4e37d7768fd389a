/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lanes of a relay and their caps (relayd/service/lane_table.h). */
#include "relayd/service/lane_table.h"

#include "relayd/base/neighbour_table.h"
#include "tests/support/env.h"
#include "tests/support/fixture.h"

enum { CLIENTS = 600 };

static struct mono now = {NS_PER_S};
static struct test_env ports;
static struct relay_client clients[CLIENTS];
static struct lane_table table;

static int begin(void **state)
{
    (void)state;
    test_env_init(&ports, 1);
    memset(clients, 0, sizeof(clients));
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i].state = RELAY_CLIENT_STATE_MEMBER;
    }
    return lane_table_init(&table, &ports.env);
}

static int end(void **state)
{
    (void)state;
    lane_table_fini(&table);
    return 0;
}

static void a_lane_is_found_by_both_labels_and_by_both_hosts(void **state)
{
    struct lane_end *a = NULL;
    uint64_t labels[2];

    (void)state;
    assert_int_equal(lane_table_open(&table, &a, &clients[0], &clients[1], now), ERR_OK);
    labels[0] = a->label;
    labels[1] = a->other->label;
    assert_ptr_equal(lane_table_find(&table, labels[0]), a);
    assert_ptr_equal(lane_table_find(&table, labels[1]), a->other);
    assert_ptr_equal(lane_table_between(&clients[0], &clients[1]), a);
    assert_ptr_equal(lane_table_between(&clients[1], &clients[0]), a->other);
    assert_null(lane_table_between(&clients[0], &clients[2]));
    assert_null(lane_table_find(&table, labels[0] ^ 1));
    lane_table_close(&table, a->other);
    assert_null(lane_table_find(&table, labels[0]));
    assert_null(lane_table_find(&table, labels[1]));
    assert_null(lane_table_between(&clients[0], &clients[1]));
    assert_int_equal(lane_table_count(&table), 0);
    assert_int_equal(clients[0].lanes.opened + clients[1].lanes.incoming, 0);
}

static void a_host_opens_so_many_and_so_many_are_opened_to_it(void **state)
{
    struct lane_end *out = NULL;
    uint32_t opened = 0, incoming = 0;

    (void)state;
    for (size_t i = 1; i < 300; i++) {
        opened += lane_table_open(&table, &out, &clients[0], &clients[i], now) == ERR_OK ? 1 : 0;
    }
    for (size_t i = 300; i < CLIENTS; i++) {
        incoming += lane_table_open(&table, &out, &clients[i], &clients[0], now) == ERR_OK ? 1 : 0;
    }
    assert_int_equal(opened, LANES_PER_MEMBER_MAX);
    assert_int_equal(incoming, LANES_PER_MEMBER_MAX);
    assert_int_equal(lane_table_open(&table, &out, &clients[0], &clients[299], now), ERR_LIMIT);
    lane_table_close(&table, lane_table_between(&clients[0], &clients[1]));
    assert_int_equal(lane_table_open(&table, &out, &clients[0], &clients[299], now), ERR_OK);
}

static void a_stranger_has_fewer(void **state)
{
    struct lane_end *out = NULL;
    uint32_t opened = 0;

    (void)state;
    clients[0].state = RELAY_CLIENT_STATE_STRANGER;
    for (size_t i = 1; i < 100; i++) {
        opened += lane_table_open(&table, &out, &clients[0], &clients[i], now) == ERR_OK ? 1 : 0;
    }
    assert_int_equal(opened, LANES_PER_STRANGER_MAX);
    assert_int_equal(table.strangers_count, LANES_PER_STRANGER_MAX);
}

/* How many lanes these clients can have with each other, at most so many each. */
static uint32_t fill(size_t each)
{
    struct lane_end *out = NULL;
    uint32_t opened = 0;

    for (size_t i = 0; i < CLIENTS; i++) {
        for (size_t k = 1; k <= each; k++) {
            struct relay_client *to = &clients[(i + k) % CLIENTS];

            opened += lane_table_open(&table, &out, &clients[i], to, now) == ERR_OK ? 1 : 0;
        }
    }
    return opened;
}

static void all_together_have_a_bound_and_strangers_half_of_it(void **state)
{
    struct lane_end *out = NULL;
    struct handle cursor = HANDLE_NONE;
    struct relay_lane *lane;

    (void)state;
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i].state = RELAY_CLIENT_STATE_STRANGER;
    }
    assert_int_equal(fill(LANES_PER_STRANGER_MAX), LANES_MAX / 2);
    clients[0].state = RELAY_CLIENT_STATE_MEMBER;
    clients[300].state = RELAY_CLIENT_STATE_MEMBER;
    assert_int_equal(lane_table_open(&table, &out, &clients[0], &clients[300], now), ERR_OK);
    while ((lane = lane_table_next(&table, &cursor)) != NULL) {
        lane_table_close(&table, &lane->ends[0]);
    }
    assert_int_equal(table.strangers_count, 0);
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i].state = RELAY_CLIENT_STATE_MEMBER;
    }
    assert_int_equal(fill(LANES_PER_MEMBER_MAX), LANES_MAX);
}

/* Client 0 becomes a relay, at which other hosts are. */
static void neighbour_begin(void)
{
    static struct neighbour neighbour;

    clients[0].state = RELAY_CLIENT_STATE_NEIGHBOUR;
    clients[0].neighbour = &neighbour;
}

static void a_lane_to_another_relay_is_found_by_the_host_there(void **state)
{
    static const uint8_t secret[LANE_SECRET_SIZE] = {1};
    struct lane_far far = {.key = (const uint8_t[KEY_SIZE]){9}, .label = 77, .secret = secret};
    struct lane_end *ours = NULL, *given = NULL;

    (void)state;
    neighbour_begin();
    assert_int_equal(lane_table_open_far(&table, &ours, &clients[1], &clients[0], &far, now),
                     ERR_OK);
    assert_int_not_equal(ours->other->label, 77); /* the one who asks draws it */
    assert_true(lane_end_is_relays(ours->other) && !lane_end_is_relays(ours));
    assert_memory_equal(lane_end_peer(ours), far.key, KEY_SIZE);
    assert_ptr_equal(lane_table_to(&clients[1], far.key), ours);
    assert_ptr_equal(lane_table_through(&clients[1], far.key, &clients[0]), ours);
    assert_null(lane_table_through(&clients[1], far.key, &clients[2]));
    assert_int_equal(lane_table_open_far(&table, &given, &clients[0], &clients[2], &far, now),
                     ERR_OK);
    assert_ptr_equal(lane_table_find(&table, 77), given);
    assert_true(lane_end_is_relays(given) && given->lane->given);
    assert_memory_equal(given->secret, secret, LANE_SECRET_SIZE);
    assert_int_equal(lane_table_open_far(&table, &given, &clients[0], &clients[3], &far, now),
                     ERR_DROP); /* that label is here */
    far.label = 0;
    assert_int_equal(lane_table_open_far(&table, &given, &clients[0], &clients[3], &far, now),
                     ERR_DROP);
    lane_table_binds(&table, given->lane, true);
    lane_table_close(&table, given->other);
    assert_true(LIST_EMPTY(&table.binding));
    assert_null(lane_table_find(&table, 77));
}

static void a_relay_has_a_bound_and_takes_no_more_than_the_strangers_part(void **state)
{
    static const uint8_t secret[LANE_SECRET_SIZE] = {1};
    struct lane_far far = {.key = (const uint8_t[KEY_SIZE]){9}, .secret = secret};
    struct lane_end *out = NULL;
    uint32_t opened = 0;

    (void)state;
    neighbour_begin();
    for (uint32_t i = 0; i < LANES_PER_RELAY_MAX + 100; i++) {
        struct relay_client *to = &clients[1 + i % (CLIENTS - 1)];

        far.label++;
        opened += lane_table_open_far(&table, &out, &clients[0], to, &far, now) == ERR_OK ? 1 : 0;
    }
    assert_int_equal(opened, LANES_PER_RELAY_MAX);
    assert_int_equal(table.strangers_count, LANES_PER_RELAY_MAX);
    assert_int_equal(lane_table_open_far(&table, &out, &clients[1], &clients[0], &far, now),
                     ERR_OK); /* what hosts here ask of it is another matter */
}

static void other_relays_have_half_of_what_is_opened_to_a_host(void **state)
{
    static const uint8_t secret[LANE_SECRET_SIZE] = {1};
    struct lane_far far = {.key = (const uint8_t[KEY_SIZE]){9}, .secret = secret};
    struct lane_end *out = NULL, *last = NULL;
    uint32_t given = 0, incoming = 0;

    (void)state;
    neighbour_begin();
    for (uint32_t i = 0; i < LANES_PER_MEMBER_MAX; i++) {
        far.label++;
        if (lane_table_open_far(&table, &out, &clients[0], &clients[1], &far, now) == ERR_OK) {
            given++;
            last = out;
        }
    }
    assert_int_equal(given, LANES_PER_MEMBER_MAX / 2);
    for (size_t i = 2; i < CLIENTS; i++) {
        incoming += lane_table_open(&table, &out, &clients[i], &clients[1], now) == ERR_OK ? 1 : 0;
    }
    assert_int_equal(incoming, LANES_PER_MEMBER_MAX / 2);
    assert_non_null(last);
    lane_table_close(&table, last);
    far.label++;
    assert_int_equal(lane_table_open_far(&table, &out, &clients[0], &clients[1], &far, now),
                     ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_lane_is_found_by_both_labels_and_by_both_hosts, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_host_opens_so_many_and_so_many_are_opened_to_it, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_stranger_has_fewer, begin, end),
        cmocka_unit_test_setup_teardown(a_lane_to_another_relay_is_found_by_the_host_there, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            a_relay_has_a_bound_and_takes_no_more_than_the_strangers_part, begin, end),
        cmocka_unit_test_setup_teardown(other_relays_have_half_of_what_is_opened_to_a_host, begin,
                                        end),
        cmocka_unit_test_setup_teardown(all_together_have_a_bound_and_strangers_half_of_it, begin,
                                        end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
