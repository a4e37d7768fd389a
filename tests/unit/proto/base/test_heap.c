/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The heap of deadlines (proto/base/heap.h), by cases and against a naive twin. */
#include "tests/support/fixture.h"
#include "tests/support/rng.h"

#include "proto/base/heap.h"

struct waiter {
    int id;
    struct heap_entry timer;
};

static struct mono at(uint64_t ns)
{
    return (struct mono){ns};
}

static void equal_deadlines_fire_in_the_order_they_were_set(void **state)
{
    struct heap heap = {0};
    struct waiter waiters[20] = {{0}};

    (void)state;
    for (int i = 0; i < 20; i++) {
        waiters[i].id = i;
        assert_int_equal(heap_set(&heap, &waiters[i].timer, at(5)), ERR_OK);
    }
    assert_int_equal(heap_set(&heap, &waiters[0].timer, at(5)),
                     ERR_OK); /* set again: now it is last */
    assert_null(heap_pop_due(&heap, at(4)));
    for (int i = 1; i <= 20; i++) {
        struct heap_entry *entry = heap_pop_due(&heap, at(5));

        assert_non_null(entry);
        assert_int_equal(HEAP_OWNER(entry, struct waiter, timer)->id, i % 20);
        assert_int_equal(entry->position, 0);
    }
    assert_true(heap_deadline(&heap).ns == MONO_NEVER.ns);
    heap_fini(&heap);
}

static void never_removes_and_fini_lets_go(void **state)
{
    struct heap heap = {0};
    struct heap_entry a = {0}, b = {0};

    (void)state;
    assert_int_equal(heap_set(&heap, &a, MONO_NEVER), ERR_OK);
    assert_int_equal(heap.count, 0);
    assert_int_equal(heap_set(&heap, &a, at(1)), ERR_OK);
    assert_int_equal(heap_set(&heap, &b, at(2)), ERR_OK);
    assert_int_equal(heap_set(&heap, &a, MONO_NEVER), ERR_OK);
    assert_int_equal(a.position, 0);
    assert_true(heap_deadline(&heap).ns == 2);
    heap_remove(&heap, &a);
    assert_int_equal(heap.count, 1);
    heap_fini(&heap);
    assert_int_equal(b.position, 0);
}

static void random_operations_agree_with_a_twin(void **state)
{
    enum { COUNT = 300, STEPS = 40000 };
    static struct heap_entry entries[COUNT];
    uint64_t now = 0;
    struct rng rng = {4};
    struct heap heap = {0};

    (void)state;
    assert_int_equal(heap_reserve(&heap, COUNT), ERR_OK);
    for (int i = 0; i < STEPS; i++) {
        uint64_t r = rng_u64(&rng);
        struct heap_entry *entry = &entries[r / 16 % COUNT];
        struct heap_entry *first = NULL;

        for (int j = 0; j < COUNT; j++) { /* the twin: search them all */
            struct heap_entry *e = &entries[j];

            if (e->position != 0 &&
                (first == NULL || e->deadline.ns < first->deadline.ns ||
                 (e->deadline.ns == first->deadline.ns && e->order < first->order))) {
                first = e;
            }
        }
        assert_true(heap_deadline(&heap).ns == (first ? first->deadline.ns : MONO_NEVER.ns));
        if (r % 16 < 8) {
            assert_int_equal(heap_set(&heap, entry, at(now + (r >> 20) % 50)), ERR_OK);
        } else if (r % 16 < 11) {
            heap_remove(&heap, entry);
            assert_int_equal(entry->position, 0);
        } else {
            bool due = first != NULL && first->deadline.ns <= now;

            assert_ptr_equal(heap_pop_due(&heap, at(now)), due ? first : NULL);
            now += due ? 0 : 3;
        }
    }
    heap_fini(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_deadlines_fire_in_the_order_they_were_set),
        cmocka_unit_test(never_removes_and_fini_lets_go),
        cmocka_unit_test(random_operations_agree_with_a_twin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
