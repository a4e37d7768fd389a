/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file behind the reset ledger: what is written in one turn, and what the next start takes. */
#include "relayd/engine/reset_ledger_file.h"

#include "tests/support/env.h"
#include "tests/support/fixture.h"

#include <ev.h>
#include <unistd.h>

enum { ROWS = 200 };

struct place {
    char dir[64];
    char path[96];
    struct test_env ports;
    struct ev_loop *loop;
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    (void)snprintf(p->dir, sizeof(p->dir), "/tmp/ziglan-ledger-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    (void)snprintf(p->path, sizeof(p->path), "%s/reset-ledger", p->dir);
    test_env_init(&p->ports, 1);
    p->loop = ev_loop_new(EVFLAG_AUTO);
    assert_non_null(p->loop);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;

    ev_loop_destroy(p->loop);
    (void)unlink(p->path);
    assert_int_equal(rmdir(p->dir), 0);
    free(p);
    return 0;
}

static struct reset_ledger_file *open_rows(struct place *p, uint32_t capacity)
{
    struct reset_ledger_file *file =
        reset_ledger_file_open(p->path, capacity, &p->ports.env, p->loop);

    assert_non_null(file);
    assert_int_equal(reset_ledger_file_capacity(file), capacity);
    return file;
}

/* Let the timer of the ledger write once. */
static void turn(struct place *p)
{
    (void)ev_run(p->loop, EVRUN_ONCE);
}

/* A ledger of which every row is used, written and closed as by a crash. */
static void crash_with_rows(struct place *p)
{
    struct reset_ledger_file *file = open_rows(p, ROWS);
    struct link_reset_row *rows = reset_ledger_file_rows(file);

    for (uint32_t i = 0; i < ROWS; i++) {
        rows[i].cid[0] = (uint8_t)i;
        rows[i].used = 1;
    }
    turn(p);
    reset_ledger_file_close(file, false);
}

static size_t rows_used(struct reset_ledger_file *file)
{
    const struct link_reset_row *rows = reset_ledger_file_rows(file);
    size_t used = 0;

    for (uint32_t i = 0; i < reset_ledger_file_capacity(file); i++) {
        used += rows[i].used == 1 && rows[i].cid[0] == (uint8_t)i ? 1 : 0;
    }
    return used;
}

static void one_turn_writes_every_row_that_changed(void **state)
{
    struct place *p = *state;
    struct reset_ledger_file *file;

    crash_with_rows(p);
    file = open_rows(p, ROWS);
    assert_int_equal(rows_used(file), ROWS);
    reset_ledger_file_close(file, false);
    assert_int_equal(p->ports.warnings, 0);
}

static void a_file_that_is_old_or_of_another_size_is_begun_anew(void **state)
{
    struct place *p = *state;
    struct reset_ledger_file *file;

    crash_with_rows(p);
    p->ports.wall_ms += 60001;
    file = open_rows(p, ROWS);
    assert_int_equal(rows_used(file), 0);
    reset_ledger_file_close(file, false);
    crash_with_rows(p);
    file = open_rows(p, ROWS + 1);
    assert_int_equal(rows_used(file), 0);
    reset_ledger_file_close(file, false);
    assert_int_equal(p->ports.warnings, 0);
}

/* Older versions gave the file another name. One that somebody else put there stays. */
static void the_file_of_an_older_version_is_removed_at_the_start(void **state)
{
    struct place *p = *state;
    char former[96];
    FILE *other;

    (void)snprintf(former, sizeof(former), "%s/roll", p->dir);
    crash_with_rows(p);
    assert_int_equal(rename(p->path, former), 0);
    reset_ledger_file_close(open_rows(p, ROWS), true);
    assert_int_not_equal(access(former, F_OK), 0);
    other = fopen(former, "w");
    assert_non_null(other);
    (void)fputs("no ledger but something else", other);
    assert_int_equal(fclose(other), 0);
    reset_ledger_file_close(open_rows(p, ROWS), true);
    assert_int_equal(unlink(former), 0);
    assert_int_equal(p->ports.warnings, 0);
}

static void a_clean_end_removes_the_file(void **state)
{
    struct place *p = *state;

    reset_ledger_file_close(open_rows(p, ROWS), true);
    assert_int_not_equal(access(p->path, F_OK), 0);
}

static void without_a_file_the_ledger_is_in_memory(void **state)
{
    struct place *p = *state;
    struct reset_ledger_file *file;

    (void)snprintf(p->path, sizeof(p->path), "%s", p->dir); /* a folder is in the way */
    file = open_rows(p, ROWS);
    assert_non_null(reset_ledger_file_rows(file));
    assert_int_equal(p->ports.warnings, 1);
    reset_ledger_file_close(file, true);
}

static void no_ledger_is_an_empty_one(void **state)
{
    (void)state;
    assert_null(reset_ledger_file_rows(NULL));
    assert_int_equal(reset_ledger_file_capacity(NULL), 0);
    reset_ledger_file_close(NULL, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_turn_writes_every_row_that_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_old_or_of_another_size_is_begun_anew, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_file_of_an_older_version_is_removed_at_the_start,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clean_end_removes_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_file_the_ledger_is_in_memory, set_up, tear_down),
        cmocka_unit_test(no_ledger_is_an_empty_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
