/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom hosts block (rendezvous/relaying/block_table.h). */
#include "tests/support/fixture.h"

#include "rendezvous/relaying/block_table.h"
#include "tests/support/env.h"

static const uint8_t here[KEY_SIZE] = {1}, other[KEY_SIZE] = {2}, bad[KEY_SIZE] = {3};

static struct block_table *blocks_made(void)
{
    struct test_env ports;
    struct block_table *blocks;

    test_env_init(&ports, 1);
    assert_int_equal(block_table_new(&blocks, &ports.env), ERR_OK);
    return blocks;
}

static void a_block_holds_for_one_host_and_one_key(void **state)
{
    struct block_table *blocks = blocks_made();

    (void)state;
    assert_false(block_table_has(blocks, here, bad));
    assert_int_equal(block_table_put(blocks, here, bad, 1, BLOCK_TABLE_MAX), ERR_OK);
    assert_int_equal(block_table_put(blocks, here, bad, 1, BLOCK_TABLE_MAX),
                     ERR_OK); /* said again */
    assert_true(block_table_has(blocks, here, bad));
    assert_false(block_table_has(blocks, bad, here));
    assert_false(block_table_has(blocks, other, bad));
    assert_int_equal(block_table_put(blocks, here, other, 1, BLOCK_TABLE_MAX), ERR_LIMIT);
    block_table_remove(blocks, here, other);
    block_table_remove(blocks, here, bad);
    assert_false(block_table_has(blocks, here, bad));
    block_table_free(blocks);
}

static void a_host_that_goes_takes_its_blocks_along(void **state)
{
    struct block_table *blocks = blocks_made();
    uint8_t key[KEY_SIZE] = {9};

    (void)state;
    for (uint8_t i = 0; i < 20; i++) {
        key[1] = i;
        assert_int_equal(
            block_table_put(blocks, here, key, BLOCK_TABLE_PER_MEMBER_MAX, BLOCK_TABLE_MAX),
            ERR_OK);
    }
    assert_int_equal(
        block_table_put(blocks, other, key, BLOCK_TABLE_PER_MEMBER_MAX, BLOCK_TABLE_MAX), ERR_OK);
    block_table_gone(blocks, here);
    block_table_gone(blocks, here);
    assert_false(block_table_has(blocks, here, key));
    assert_true(block_table_has(blocks, other, key));
    block_table_free(blocks);
}

static void all_together_have_a_bound(void **state)
{
    struct block_table *blocks = blocks_made();
    uint8_t key[KEY_SIZE] = {9};

    (void)state;
    for (uint32_t i = 0; i < BLOCK_TABLE_MAX; i++) {
        memcpy(key + 1, &i, sizeof(i));
        assert_int_equal(block_table_put(blocks, key, here, 1, BLOCK_TABLE_MAX), ERR_OK);
    }
    assert_int_equal(block_table_put(blocks, other, here, 1, BLOCK_TABLE_MAX), ERR_LIMIT);
    block_table_gone(blocks, key);
    assert_int_equal(block_table_put(blocks, other, here, 1, BLOCK_TABLE_MAX / 2), ERR_LIMIT);
    assert_int_equal(block_table_put(blocks, other, here, 1, BLOCK_TABLE_MAX), ERR_OK);
    block_table_free(blocks);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_holds_for_one_host_and_one_key),
        cmocka_unit_test(a_host_that_goes_takes_its_blocks_along),
        cmocka_unit_test(all_together_have_a_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
