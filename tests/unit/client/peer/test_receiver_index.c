/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receiver indexes: how they are drawn, to which conversation they lead, and when none is left. */
#include "client/peer/receiver_index.h"

#include "tests/support/env.h"
#include "tests/support/fixture.h"

/* A pointer that stands for a conversation; nothing is ever read from it. */
static struct conversation *owner_of(size_t i)
{
    static char places[1000];

    assert_true(i < sizeof(places));
    return (struct conversation *)(void *)&places[i];
}

static void each_index_leads_to_its_owner_until_it_is_dropped(void **state)
{
    enum { COUNT = 500 };
    struct rng rng = {7};
    struct env env = test_env_of(&rng);
    struct receiver_indexes indexes;
    uint32_t list[COUNT];

    (void)state;
    assert_int_equal(receiver_indexes_init(&indexes, COUNT, &env), ERR_OK);
    for (size_t i = 0; i < COUNT; i++) {
        list[i] = receiver_index_new(&indexes, owner_of(i));
        assert_int_not_equal(list[i], 0);
        assert_int_equal(list[i] & 0xf, 0); /* these bits name the worker that owns the session */
    }
    assert_int_equal(receiver_index_new(&indexes, owner_of(0)), 0); /* full */
    for (size_t i = 0; i < COUNT; i++) {
        assert_ptr_equal(receiver_index_find(&indexes, list[i]), owner_of(i));
        assert_null(receiver_index_find(&indexes, list[i] | 1));
    }
    for (size_t i = 0; i < COUNT; i += 2) {
        uint32_t changes = indexes.changes;

        receiver_index_drop(&indexes, list[i]);
        assert_int_equal(indexes.changes, changes + 1); /* so that caches of lookups are cleared */
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_ptr_equal(receiver_index_find(&indexes, list[i]), i % 2 == 0 ? NULL : owner_of(i));
    }
    assert_int_not_equal(receiver_index_new(&indexes, owner_of(0)), 0);
    receiver_index_drop(&indexes, 0);
    receiver_indexes_fini(&indexes);
}

/* ---- draws that cannot be used ---- */

static uint32_t drawn[20];
static size_t drawn_count;

/* env.random: draws the given numbers in turn, then the last one for ever. */
static void draw_given(void *context, void *buf, size_t size)
{
    size_t *at = context;

    if (size != sizeof(drawn[0])) { /* the map's seed */
        memset(buf, 7, size);
        return;
    }
    memcpy(buf, &drawn[*at], sizeof(drawn[0]));
    *at += *at + 1 < drawn_count ? 1 : 0;
}

static void an_index_in_use_and_the_one_that_means_none_are_drawn_again(void **state)
{
    static const struct {
        const char *name;
        uint32_t draws[4];
        size_t count;
        uint32_t want;
    } cases[] = {
        {"free", {0x120}, 1, 0x120},
        {"low bits are not chance", {0x12f}, 1, 0x120},
        {"in use", {0x100, 0x10f, 0x130}, 3, 0x130},
        {"none", {0, 0xf, 0x140}, 3, 0x140},
        {"in use for ever", {0x100}, 1, 0},
        {"none for ever", {0x3}, 1, 0},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        size_t at = 0;
        struct env env = {.context = &at, .random = draw_given};
        struct receiver_indexes indexes;

        drawn[0] = 0x100;
        drawn_count = 1;
        assert_int_equal(receiver_indexes_init(&indexes, 8, &env), ERR_OK);
        assert_int_equal(receiver_index_new(&indexes, owner_of(1)), 0x100);
        memcpy(drawn, cases[i].draws, sizeof(cases[i].draws));
        drawn_count = cases[i].count;
        at = 0;
        if (receiver_index_new(&indexes, owner_of(2)) != cases[i].want) {
            fail_msg("%s", cases[i].name);
        }
        assert_ptr_equal(receiver_index_find(&indexes, 0x100), owner_of(1));
        receiver_indexes_fini(&indexes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_index_leads_to_its_owner_until_it_is_dropped),
        cmocka_unit_test(an_index_in_use_and_the_one_that_means_none_are_drawn_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
