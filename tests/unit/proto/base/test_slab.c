/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pool with handles (proto/base/slab.h), by cases and against a naive twin. */
#include "tests/support/fixture.h"
#include "tests/support/rng.h"

#include "proto/base/slab.h"

static void stale_and_invented_handles_find_nothing(void **state)
{
    struct slab *slab;
    struct handle first, second;
    uint64_t *object;

    (void)state;
    assert_int_equal(slab_new(&slab, sizeof(*object), 10), ERR_OK);
    assert_null(slab_at(slab, HANDLE_NONE));
    object = slab_take(slab, &first);
    assert_non_null(object);
    assert_true(*object == 0);
    *object = 7;
    assert_ptr_equal(slab_at(slab, first), object);
    assert_null(slab_at(slab, (struct handle){first.index, first.generation + 1}));
    assert_null(slab_at(slab, (struct handle){first.index + 1, 1}));
    assert_null(slab_at(slab, (struct handle){UINT32_MAX, 1}));
    slab_release(slab, first);
    slab_release(slab, first); /* again: nothing happens */
    assert_null(slab_at(slab, first));
    assert_int_equal(slab_count(slab), 0);
    for (int i = 0; i < 200; i++) { /* the first slot is used again, several times */
        object = slab_take(slab, &second);
        assert_non_null(object);
        assert_true(*object == 0);
        *object = 9;
        assert_false(handle_equal(first, second));
        assert_null(slab_at(slab, first));
        slab_release(slab, second);
    }
    slab_free(slab);
    slab_free(NULL);
}

static void the_cap_holds_and_is_available_again(void **state)
{
    enum { CAP = 130 }; /* more than two chunks */
    struct slab *slab;
    struct handle handles[CAP], none;

    (void)state;
    assert_int_equal(slab_new(&slab, 24, CAP), ERR_OK);
    for (int i = 0; i < CAP; i++) {
        assert_non_null(slab_take(slab, &handles[i]));
    }
    assert_null(slab_take(slab, &none));
    assert_true(handle_equal(none, HANDLE_NONE));
    slab_release(slab, handles[77]);
    assert_non_null(slab_take(slab, &none));
    assert_null(slab_take(slab, &none));
    slab_free(slab);
}

static void random_operations_agree_with_a_twin(void **state)
{
    enum { CAP = 200, STEPS = 50000 };
    struct {
        struct handle handle;
        uint64_t value;
    } twin[CAP];
    uint32_t count = 0;
    struct rng rng = {1};
    struct slab *slab;

    (void)state;
    assert_int_equal(slab_new(&slab, sizeof(uint64_t), CAP), ERR_OK);
    for (int i = 0; i < STEPS; i++) {
        uint64_t r = rng_u64(&rng);

        if (r % 100 < 52) {
            struct handle handle;
            uint64_t *object = slab_take(slab, &handle);

            assert_int_equal(object == NULL, count == CAP);
            if (object != NULL) {
                *object = r;
                twin[count].handle = handle;
                twin[count++].value = r;
            }
        } else if (count > 0) {
            uint32_t at = (uint32_t)(r / 100 % count);

            assert_true(*(uint64_t *)slab_at(slab, twin[at].handle) == twin[at].value);
            slab_release(slab, twin[at].handle);
            assert_null(slab_at(slab, twin[at].handle));
            twin[at] = twin[--count];
        }
        assert_int_equal(slab_count(slab), count);
    }
    uint32_t seen = 0;
    struct handle cursor = HANDLE_NONE;
    uint32_t last = 0;

    for (uint64_t *object = slab_next(slab, &cursor); object != NULL;
         object = slab_next(slab, &cursor)) {
        assert_true(seen == 0 || cursor.index > last);
        last = cursor.index;
        assert_ptr_equal(slab_at(slab, cursor), object);
        seen++;
        slab_release(slab, cursor); /* allowed while visiting */
    }
    assert_int_equal(seen, count);
    assert_int_equal(slab_count(slab), 0);
    slab_free(slab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stale_and_invented_handles_find_nothing),
        cmocka_unit_test(the_cap_holds_and_is_available_again),
        cmocka_unit_test(random_operations_agree_with_a_twin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
