/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each of a hub's tables alone, with parts that belong to no real connection. */
#include "proto/link/quic/hub_tables.h"
#include "tests/support/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct tables {
    struct test_env world;
    struct hub_tables tables;
    uint32_t half_open;
};

static void tables_open(struct tables *t)
{
    memset(t, 0, sizeof(*t));
    test_env_init(&t->world, 1);
    assert_int_equal(hub_tables_init(&t->tables, 8, 10, &t->half_open, &t->world.env), ERR_OK);
}

static void a_connection_is_found_by_each_of_its_ids_until_they_go(void **state)
{
    static struct tables t;
    struct conn_ids ids = {.cids_count = 0}, other = {.cids_count = 0};
    struct link_conn *c = (struct link_conn *)(void *)&ids;
    uint8_t cid[HUB_CID_SIZE] = {1};

    (void)state;
    tables_open(&t);
    for (uint8_t i = 0; i < HUB_CIDS_MAX; i++) {
        cid[1] = i;
        assert_int_equal(hub_cid_add(&t.tables, c, &ids, cid, sizeof(cid)), ERR_OK);
    }
    cid[1] = HUB_CIDS_MAX;
    assert_int_equal(hub_cid_add(&t.tables, c, &ids, cid, sizeof(cid)), ERR_LIMIT);
    cid[1] = 3;
    assert_int_equal(hub_cid_add(&t.tables, c, &other, cid, sizeof(cid)), ERR_LIMIT); /* taken */
    assert_ptr_equal(hub_cid_find(&t.tables, cid, sizeof(cid)), c);
    assert_null(hub_cid_find(&t.tables, cid, sizeof(cid) - 1)); /* another id */
    hub_cid_remove(&t.tables, &ids, cid, sizeof(cid));
    assert_null(hub_cid_find(&t.tables, cid, sizeof(cid)));
    hub_ids_clear(&t.tables, &ids);
    for (uint8_t i = 0; i < HUB_CIDS_MAX; i++) {
        cid[1] = i;
        assert_null(hub_cid_find(&t.tables, cid, sizeof(cid)));
    }
    assert_int_equal(map_count(t.tables.cids), 0);
    hub_tables_fini(&t.tables);
}

static void reset_tokens_that_do_not_fit_are_let_go(void **state)
{
    static struct tables t;
    struct conn_ids ids = {.cids_count = 0};
    struct link_conn *c = (struct link_conn *)(void *)&ids;
    ngtcp2_stateless_reset_token token = {{0}};

    (void)state;
    tables_open(&t);
    for (uint8_t i = 0; i < HUB_RESETS_MAX + 3; i++) {
        token.data[0] = i;
        hub_reset_add(&t.tables, c, &ids, &token);
        hub_reset_add(&t.tables, c, &ids, &token); /* twice is once */
    }
    assert_int_equal(map_count(t.tables.resets), HUB_RESETS_MAX);
    token.data[0] = 0;
    hub_reset_remove(&t.tables, &ids, &token);
    assert_int_equal(map_count(t.tables.resets), HUB_RESETS_MAX - 1);
    hub_ids_clear(&t.tables, &ids);
    assert_int_equal(map_count(t.tables.resets), 0);
    hub_tables_fini(&t.tables);
}

static void half_open_ones_are_counted_by_what_one_customer_holds(void **state)
{
    static struct tables t;
    const uint8_t four[4] = {192, 0, 2, 1};
    uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1};
    struct conn_door doors[4] = {{.half_open = false}};
    struct endpoint first = endpoint_v4(four, 1), second = endpoint_v4(four, 2), net, near;

    (void)state;
    net = endpoint_v6(six, 1);
    six[15] = 9;
    near = endpoint_v6(six, 1); /* of the same /64 */
    tables_open(&t);
    hub_half_open_enter(&t.tables, &doors[0], &first);
    hub_half_open_enter(&t.tables, &doors[1], &second);
    hub_half_open_enter(&t.tables, &doors[2], &net);
    hub_half_open_enter(&t.tables, &doors[3], &near);
    assert_int_equal(t.half_open, 4);
    assert_int_equal(hub_half_open_count(&t.tables, &first), 2);
    assert_int_equal(hub_half_open_count(&t.tables, &near), 2);
    for (int i = 0; i < 4; i++) {
        hub_half_open_leave(&t.tables, &doors[i]);
        hub_half_open_leave(&t.tables, &doors[i]); /* twice is once */
    }
    assert_int_equal(t.half_open, 0);
    assert_int_equal(map_count(t.tables.half_open_ips), 0);
    hub_tables_fini(&t.tables);
}

static void the_line_of_the_ready_is_first_come_first_served(void **state)
{
    static struct tables t;
    struct conn_turn turns[3] = {{.ready = false}};

    (void)state;
    tables_open(&t);
    for (int i = 0; i < 3; i++) {
        hub_ready_enter(&t.tables, &turns[i]);
    }
    hub_ready_enter(&t.tables, &turns[0]); /* it keeps its place */
    assert_ptr_equal(TAILQ_FIRST(&t.tables.ready), &turns[0]);
    hub_ready_leave(&t.tables, &turns[0]);
    hub_ready_leave(&t.tables, &turns[0]);
    hub_ready_enter(&t.tables, &turns[0]);
    assert_ptr_equal(TAILQ_FIRST(&t.tables.ready), &turns[1]);
    assert_ptr_equal(TAILQ_LAST(&t.tables.ready, hub_line), &turns[0]);
    hub_tables_fini(&t.tables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_is_found_by_each_of_its_ids_until_they_go),
        cmocka_unit_test(reset_tokens_that_do_not_fit_are_let_go),
        cmocka_unit_test(half_open_ones_are_counted_by_what_one_customer_holds),
        cmocka_unit_test(the_line_of_the_ready_is_first_come_first_served),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
