/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marks about two keys (rendezvous/relaying/marks.h). */
#include "tests/support/fixture.h"

#include "rendezvous/relaying/marks.h"
#include "tests/support/env.h"

static const struct mono start = {NS_PER_S};

static struct marks *marks_made(void)
{
    struct test_env ports;
    struct marks *marks;

    test_env_init(&ports, 1);
    assert_int_equal(marks_new(&marks, &ports.env), ERR_OK);
    return marks;
}

static struct mark_name name_of(uint64_t number)
{
    return (struct mark_name){.one = {1}, .other = {2}, .kind = 3, .number = number};
}

static void a_mark_is_taken_once_in_a_while(void **state)
{
    struct marks *marks = marks_made();
    struct mark_name name = name_of(0), other = name;
    struct mono until;

    (void)state;
    memcpy(other.one, name.other, KEY_SIZE);
    memcpy(other.other, name.one, KEY_SIZE);
    assert_false(marks_find(marks, &name, &until));
    assert_true(marks_take(marks, &name, 1000, start));
    assert_false(marks_take(marks, &name, 1000, mono_add_ms(start, 999)));
    assert_true(marks_take(marks, &other, 1000, start)); /* the other way round */
    assert_true(marks_take(marks, &name, 1000, mono_add_ms(start, 1000)));
    assert_true(marks_find(marks, &name, &until));
    assert_int_equal(until.ns, mono_add_ms(start, 2000).ns);
    marks_clear(marks, &name);
    assert_false(marks_find(marks, &name, &until));
    marks_free(marks);
}

static void a_flood_of_marks_displaces_few_of_a_few(void **state)
{
    struct marks *marks = marks_made();
    struct mono until;
    size_t left = 0;

    (void)state;
    for (uint64_t i = 0; i < MARKS_COUNT; i++) {
        struct mark_name name = name_of(i);

        marks_set(marks, &name, start);
    }
    for (uint64_t i = 0; i < MARKS_COUNT; i++) {
        struct mark_name name = name_of(i);

        left += marks_find(marks, &name, &until) ? 1 : 0;
    }
    assert_in_range(left, MARKS_COUNT / 2, MARKS_COUNT * 3 / 4); /* 1 - 1/e of the places */
    marks_free(marks);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mark_is_taken_once_in_a_while),
        cmocka_unit_test(a_flood_of_marks_displaces_few_of_a_few),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
