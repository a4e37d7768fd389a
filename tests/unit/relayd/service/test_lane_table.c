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
    return lane_table_init(&table, &ports.env, 0);
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

/* The worker that forwards what comes with a label, of so many (relayd/engine/workers.c). */
static uint32_t worker_of(uint64_t label, uint32_t workers)
{
    return (uint32_t)(label >> 32 & 15) % workers;
}

/* Each of so many workers has a part of them, and has it still beside more workers. */
static void labels_are_dealt_to_workers_and_stay_there(void **state)
{
    enum { DRAWN = 3, LANES = 200 };
    uint32_t counts[DRAWN] = {0};
    struct lane_end *a = NULL;

    (void)state;
    lane_table_fini(&table);
    assert_int_equal(lane_table_init(&table, &ports.env, DRAWN), ERR_OK);
    for (size_t i = 1; i <= LANES; i++) {
        assert_int_equal(lane_table_open(&table, &a, &clients[0], &clients[i], now), ERR_OK);
        uint32_t worker = worker_of(a->label, DRAWN);

        counts[worker]++;
        for (uint32_t more = DRAWN; more <= 16; more++) {
            assert_int_equal(worker_of(a->label, more), worker);
        }
    }
    for (size_t i = 0; i < DRAWN; i++) {
        assert_in_range(counts[i], LANES / DRAWN / 2, LANES / DRAWN * 2);
    }
}

/* Its workers are others than ours, and as many as it likes. */
static void the_label_of_a_neighbours_end_is_no_workers(void **state)
{
    enum { LANES = 200, THERE = 8 };
    const struct lane_far far = {.key = (const uint8_t[KEY_SIZE]){1}};
    struct neighbour neighbour = {0};
    uint32_t counts[THERE] = {0};
    struct lane_end *a = NULL;

    (void)state;
    lane_table_fini(&table);
    assert_int_equal(lane_table_init(&table, &ports.env, 1), ERR_OK);
    clients[CLIENTS - 1].neighbour = &neighbour;
    clients[CLIENTS - 1].state = RELAY_CLIENT_STATE_NEIGHBOUR;
    for (size_t i = 0; i < LANES; i++) {
        assert_int_equal(
            lane_table_open_far(&table, &a, &clients[i], &clients[CLIENTS - 1], &far, now), ERR_OK);
        assert_int_equal(worker_of(a->label, THERE), 0);
        counts[worker_of(a->other->label, THERE)]++;
    }
    for (size_t i = 0; i < THERE; i++) {
        assert_in_range(counts[i], LANES / THERE / 3, LANES / THERE * 3);
    }
}

static void what_was_drawn_elsewhere_is_checked(void **state)
{
    const uint8_t secret[LANE_SECRET_SIZE] = {7};
    struct lane_drawn drawn[2] = {{.label = 5, .secret = secret}, {.label = 6, .secret = secret}};
    struct lane_end *a = NULL;

    (void)state;
    assert_int_equal(lane_table_restore(&table, &a, &clients[0], &clients[1], drawn, now), ERR_OK);
    assert_ptr_equal(lane_table_find(&table, 6), a->other);
    assert_memory_equal(a->other->secret, secret, LANE_SECRET_SIZE);
    drawn[1].label = 7; /* the first one is here */
    assert_int_equal(lane_table_restore(&table, &a, &clients[2], &clients[3], drawn, now),
                     ERR_DROP);
    drawn[0].label = 0;
    assert_int_equal(lane_table_restore(&table, &a, &clients[2], &clients[3], drawn, now),
                     ERR_DROP);
    drawn[0].label = 7; /* twice */
    assert_int_equal(lane_table_restore(&table, &a, &clients[2], &clients[3], drawn, now),
                     ERR_DROP);
    assert_int_equal(lane_table_count(&table), 1);
    lane_table_give(a, &clients[2]);
    lane_table_give(a->other, &clients[3]);
    assert_int_equal(clients[0].lanes.opened + clients[1].lanes.incoming, 0);
    assert_int_equal(clients[2].lanes.opened, 1);
    assert_int_equal(clients[3].lanes.incoming, 1);
    assert_ptr_equal(lane_table_between(&clients[3], &clients[2]), a->other);
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
    struct lane_far far = {.key = (const uint8_t[KEY_SIZE]){9},
                           .drawn = {.label = 77, .secret = secret}};
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
    far.drawn.label = 0;
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
    struct lane_far far = {.key = (const uint8_t[KEY_SIZE]){9}, .drawn = {.secret = secret}};
    struct lane_end *out = NULL;
    uint32_t opened = 0;

    (void)state;
    neighbour_begin();
    for (uint32_t i = 0; i < LANES_PER_RELAY_MAX + 100; i++) {
        struct relay_client *to = &clients[1 + i % (CLIENTS - 1)];

        far.drawn.label++;
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
    struct lane_far far = {.key = (const uint8_t[KEY_SIZE]){9}, .drawn = {.secret = secret}};
    struct lane_end *out = NULL, *last = NULL;
    uint32_t given = 0, incoming = 0;

    (void)state;
    neighbour_begin();
    for (uint32_t i = 0; i < LANES_PER_MEMBER_MAX; i++) {
        far.drawn.label++;
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
    far.drawn.label++;
    assert_int_equal(lane_table_open_far(&table, &out, &clients[0], &clients[1], &far, now),
                     ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_lane_is_found_by_both_labels_and_by_both_hosts, begin,
                                        end),
        cmocka_unit_test_setup_teardown(labels_are_dealt_to_workers_and_stay_there, begin, end),
        cmocka_unit_test_setup_teardown(the_label_of_a_neighbours_end_is_no_workers, begin, end),
        cmocka_unit_test_setup_teardown(what_was_drawn_elsewhere_is_checked, begin, end),
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
