/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store port: what both implementations promise, and then what each has of its own. */
#include "rendezvous/store/store.h"

#include "rendezvous/store/lmdb/store_lmdb.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/env.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A store and what is needed to open it again, so that each case runs on both implementations. */
struct subject {
    struct test_env ports;
    struct store *store;
    char path[64]; /* LMDB only */
    bool lmdb;
};

static void subject_open(struct subject *h)
{
    char error[256] = "";

    if (h->lmdb) {
        if (store_lmdb_open(&h->store, h->path, &h->ports.env, error, sizeof(error)) != ERR_OK) {
            fail_msg("%s", error);
        }
    } else {
        assert_int_equal(store_memory_new(&h->store), ERR_OK);
    }
}

static void subject_init(struct subject *h, bool lmdb)
{
    memset(h, 0, sizeof(*h));
    test_env_init(&h->ports, 0);
    h->lmdb = lmdb;
    if (lmdb) {
        (void)snprintf(h->path, sizeof(h->path), "/tmp/ziglan-store-XXXXXX");
        assert_non_null(mkdtemp(h->path));
    }
    subject_open(h);
}

static void remove_in(const char *path, const char *name)
{
    char full[128];

    (void)snprintf(full, sizeof(full), "%s/%s", path, name);
    (void)unlink(full);
}

static void subject_fini(struct subject *h)
{
    store_close(h->store);
    if (h->lmdb) {
        remove_in(h->path, "data.mdb");
        remove_in(h->path, "lock");
        assert_int_equal(rmdir(h->path), 0); /* nothing else was left there */
    }
}

/* What a killed program leaves: for LMDB all handles are closed without a commit. */
static void subject_crash(struct subject *h)
{
    if (h->lmdb) {
        store_close(h->store);
        subject_open(h);
    } else {
        store_memory_crash(h->store);
    }
}

static void put(struct subject *h, enum store_table table, const char *key, const char *value)
{
    assert_int_equal(store_write(h->store, table, key, strlen(key), value, strlen(value)), ERR_OK);
}

static void del(struct subject *h, enum store_table table, const char *key)
{
    assert_int_equal(store_remove(h->store, table, key, strlen(key)), ERR_OK);
}

/* The value as text, "-" if there is none. */
static const char *get(struct subject *h, enum store_table table, const char *key, char text[64])
{
    size_t size;

    memset(text, 0, 64);
    assert_int_equal(store_read(h->store, table, key, strlen(key), text, 63, &size), ERR_OK);
    if (size == STORE_NONE) {
        text[0] = '-';
    }
    return text;
}

#define assert_value(h, table, key, want)                                                          \
    do {                                                                                           \
        char text_[64];                                                                            \
        assert_string_equal(get((h), (table), (key), text_), (want));                              \
    } while (0)

/* All keys from `from` on, separated by blanks. */
static const char *keys_from(struct subject *h, enum store_table table, const char *from,
                             char text[256])
{
    struct store_cursor cursor = store_cursor_from(table, from, strlen(from));
    char value[64];
    size_t size, used = 0;

    text[0] = '\0';
    for (;;) {
        assert_int_equal(store_next(h->store, &cursor, value, sizeof(value), &size), ERR_OK);
        if (size == STORE_NONE) {
            return text;
        }
        used += (size_t)snprintf(text + used, 256 - used, "%s%.*s", used > 0 ? " " : "",
                                 (int)cursor.key_size, (const char *)cursor.key);
    }
}

#define assert_keys(h, table, from, want)                                                          \
    do {                                                                                           \
        char keys_[256];                                                                           \
        assert_string_equal(keys_from((h), (table), (from), keys_), (want));                       \
    } while (0)

/* ---- cases for both implementations ---- */

static void values_come_back_by_table_and_key(struct subject *h)
{
    put(h, STORE_TABLE_MEMBERS, "a", "one");
    put(h, STORE_TABLE_NAMES, "a", "other table");
    put(h, STORE_TABLE_MEMBERS, "b", "");
    assert_value(h, STORE_TABLE_MEMBERS, "a", "one");
    assert_value(h, STORE_TABLE_NAMES, "a", "other table");
    assert_value(h, STORE_TABLE_MEMBERS, "b", "");
    assert_value(h, STORE_TABLE_MEMBERS, "c", "-");
    put(h, STORE_TABLE_MEMBERS, "a", "two");
    assert_value(h, STORE_TABLE_MEMBERS, "a", "two");
    del(h, STORE_TABLE_MEMBERS, "a");
    del(h, STORE_TABLE_MEMBERS, "a");
    assert_value(h, STORE_TABLE_MEMBERS, "a", "-");
}

static void keys_come_in_order_from_anywhere(struct subject *h)
{
    put(h, STORE_TABLE_NAMES, "b", "");
    put(h, STORE_TABLE_NAMES, "ab", "");
    put(h, STORE_TABLE_NAMES, "a", "");
    put(h, STORE_TABLE_NAMES, "\xff", "");
    put(h, STORE_TABLE_NAMES, "abc", "");
    assert_keys(h, STORE_TABLE_NAMES, "", "a ab abc b \xff");
    assert_keys(h, STORE_TABLE_NAMES, "ab", "ab abc b \xff");
    assert_keys(h, STORE_TABLE_NAMES, "abb", "abc b \xff");
    assert_keys(h, STORE_TABLE_NAMES, "\xff\xff", "");
    assert_keys(h, STORE_TABLE_INVITES, "", "");
}

static void a_cursor_survives_removal_of_its_key(struct subject *h)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_NAMES, NULL, 0);
    char value[64];
    size_t size;
    int seen = 0;

    for (char key[2] = "a"; key[0] <= 'z'; key[0]++) {
        put(h, STORE_TABLE_NAMES, key, "x");
    }
    for (;; seen++) {
        assert_int_equal(store_next(h->store, &cursor, value, sizeof(value), &size), ERR_OK);
        if (size == STORE_NONE) {
            break;
        }
        assert_int_equal(store_remove(h->store, STORE_TABLE_NAMES, cursor.key, cursor.key_size),
                         ERR_OK);
    }
    assert_int_equal(seen, 26);
    assert_keys(h, STORE_TABLE_NAMES, "", "");
}

static void a_step_that_fails_leaves_the_cursor_where_it_is(struct subject *h)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_NAMES, "a", 1);
    char value[64];
    size_t size;

    put(h, STORE_TABLE_NAMES, "a", "long");
    put(h, STORE_TABLE_NAMES, "b", "longer");
    for (char key = 'a'; key <= 'b'; key++) {
        assert_int_equal(store_next(h->store, &cursor, value, 1, &size), ERR_SYSTEM);
        assert_int_equal(store_next(h->store, &cursor, value, sizeof(value), &size), ERR_OK);
        assert_int_equal(cursor.key[0], key);
    }
}

static void a_transaction_is_seen_inside_and_kept_by_commit(struct subject *h)
{
    put(h, STORE_TABLE_META, "old", "1");
    assert_int_equal(store_begin(h->store), ERR_OK);
    put(h, STORE_TABLE_META, "old", "2");
    put(h, STORE_TABLE_META, "new", "3");
    assert_value(h, STORE_TABLE_META, "old", "2");
    assert_keys(h, STORE_TABLE_META, "", "new old");
    assert_int_equal(store_commit(h->store), ERR_OK);
    subject_crash(h);
    assert_value(h, STORE_TABLE_META, "old", "2");
    assert_value(h, STORE_TABLE_META, "new", "3");
}

static void an_aborted_transaction_leaves_nothing(struct subject *h)
{
    put(h, STORE_TABLE_META, "old", "1");
    put(h, STORE_TABLE_META, "gone", "1");
    assert_int_equal(store_begin(h->store), ERR_OK);
    put(h, STORE_TABLE_META, "old", "2");
    put(h, STORE_TABLE_META, "old", "3");
    put(h, STORE_TABLE_META, "new", "3");
    del(h, STORE_TABLE_META, "gone");
    store_abort(h->store);
    assert_value(h, STORE_TABLE_META, "old", "1");
    assert_keys(h, STORE_TABLE_META, "", "gone old");
}

static void a_crash_loses_only_the_open_transaction(struct subject *h)
{
    put(h, STORE_TABLE_META, "kept", "1");
    assert_int_equal(store_begin(h->store), ERR_OK);
    put(h, STORE_TABLE_META, "kept", "2");
    put(h, STORE_TABLE_META, "lost", "2");
    subject_crash(h);
    assert_value(h, STORE_TABLE_META, "kept", "1");
    assert_value(h, STORE_TABLE_META, "lost", "-");
    put(h, STORE_TABLE_META, "more", "3");
    assert_keys(h, STORE_TABLE_META, "", "kept more");
}

static void a_value_larger_than_the_room_is_refused(struct subject *h)
{
    char small[3];
    size_t size;

    put(h, STORE_TABLE_META, "k", "four");
    assert_int_equal(store_read(h->store, STORE_TABLE_META, "k", 1, small, sizeof(small), &size),
                     ERR_SYSTEM);
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_META, NULL, 0);
    assert_int_equal(store_next(h->store, &cursor, small, sizeof(small), &size), ERR_SYSTEM);
}

static void the_largest_keys_and_values_fit(struct subject *h)
{
    static uint8_t value[STORE_VALUE_SIZE_MAX], back[STORE_VALUE_SIZE_MAX];
    uint8_t key[STORE_KEY_SIZE_MAX];
    size_t size;

    memset(key, 0xab, sizeof(key));
    rng_fill(&h->ports.rng, value, sizeof(value));
    assert_int_equal(
        store_write(h->store, STORE_TABLE_ADDRESS_BOOK, key, sizeof(key), value, sizeof(value)),
        ERR_OK);
    assert_int_equal(
        store_read(h->store, STORE_TABLE_ADDRESS_BOOK, key, sizeof(key), back, sizeof(back), &size),
        ERR_OK);
    assert_int_equal(size, sizeof(value));
    assert_memory_equal(value, back, sizeof(value));
}

/* Random changes against a naive twin, with aborts and crashes in between. */
static void random_changes_match_a_naive_twin(struct subject *h)
{
    enum { KEYS = 40, STEPS = 400 };
    int committed[KEYS], present[KEYS];

    memset(committed, 0, sizeof(committed));
    memcpy(present, committed, sizeof(present));
    for (int step = 1; step <= STEPS; step++) {
        uint32_t dice = env_random_below(&h->ports.env, 100);
        int k = (int)env_random_below(&h->ports.env, KEYS);
        char key[8], value[16], text[64];
        (void)snprintf(key, sizeof(key), "%d", k);
        (void)snprintf(value, sizeof(value), "%d", step);
        if (!h->store->writing && dice < 10) {
            assert_int_equal(store_begin(h->store), ERR_OK);
        } else if (h->store->writing && dice < 5) {
            assert_int_equal(store_commit(h->store), ERR_OK);
            memcpy(committed, present, sizeof(committed));
        } else if (h->store->writing && dice < 10) {
            store_abort(h->store);
            memcpy(present, committed, sizeof(present));
        } else if (dice < 12) {
            subject_crash(h);
            memcpy(present, committed, sizeof(present));
        } else if (dice < 60) {
            put(h, STORE_TABLE_NAMES, key, value);
            present[k] = step;
        } else {
            del(h, STORE_TABLE_NAMES, key);
            present[k] = 0;
        }
        if (!h->store->writing) {
            memcpy(committed, present, sizeof(committed));
        }
        (void)snprintf(value, sizeof(value), "%d", present[k]);
        assert_string_equal(get(h, STORE_TABLE_NAMES, key, text), present[k] == 0 ? "-" : value);
    }
    if (h->store->writing) {
        store_abort(h->store);
    }
}

static const struct {
    const char *name;
    void (*run)(struct subject *h);
} cases[] = {
    {"values_come_back_by_table_and_key", values_come_back_by_table_and_key},
    {"keys_come_in_order_from_anywhere", keys_come_in_order_from_anywhere},
    {"a_cursor_survives_removal_of_its_key", a_cursor_survives_removal_of_its_key},
    {"a_step_that_fails_leaves_the_cursor_where_it_is",
     a_step_that_fails_leaves_the_cursor_where_it_is},
    {"a_transaction_is_seen_inside_and_kept_by_commit",
     a_transaction_is_seen_inside_and_kept_by_commit},
    {"an_aborted_transaction_leaves_nothing", an_aborted_transaction_leaves_nothing},
    {"a_crash_loses_only_the_open_transaction", a_crash_loses_only_the_open_transaction},
    {"a_value_larger_than_the_room_is_refused", a_value_larger_than_the_room_is_refused},
    {"the_largest_keys_and_values_fit", the_largest_keys_and_values_fit},
    {"random_changes_match_a_naive_twin", random_changes_match_a_naive_twin},
};

static void run_all(bool lmdb)
{
    struct subject h;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("  %s: %s\n", lmdb ? "lmdb" : "memory", cases[i].name);
        subject_init(&h, lmdb);
        cases[i].run(&h);
        subject_fini(&h);
    }
}

static void the_memory_store_keeps_every_promise(void **state)
{
    (void)state;
    run_all(false);
}

static void the_lmdb_store_keeps_every_promise(void **state)
{
    (void)state;
    run_all(true);
}

/* ---- faults of the memory store ---- */

static void the_nth_write_fails_and_takes_its_transaction_along(void **state)
{
    struct subject h;

    (void)state;
    subject_init(&h, false);
    put(&h, STORE_TABLE_META, "a", "1");
    store_memory_fail_write(h.store, 2);
    assert_int_equal(store_begin(h.store), ERR_OK);
    put(&h, STORE_TABLE_META, "a", "2");
    assert_int_equal(store_write(h.store, STORE_TABLE_META, "b", 1, "2", 1), ERR_SYSTEM);
    assert_int_equal(store_write(h.store, STORE_TABLE_META, "c", 1, "2", 1), ERR_SYSTEM);
    assert_int_equal(store_commit(h.store), ERR_SYSTEM);
    assert_keys(&h, STORE_TABLE_META, "", "a");
    assert_value(&h, STORE_TABLE_META, "a", "1");
    put(&h, STORE_TABLE_META, "b", "3");
    subject_fini(&h);
}

static void a_torn_commit_keeps_its_first_changes_only(void **state)
{
    struct subject h;

    (void)state;
    subject_init(&h, false);
    store_memory_tear(h.store, 2);
    assert_int_equal(store_begin(h.store), ERR_OK);
    put(&h, STORE_TABLE_META, "a", "1");
    put(&h, STORE_TABLE_META, "b", "1");
    put(&h, STORE_TABLE_META, "a", "2");
    put(&h, STORE_TABLE_META, "c", "1");
    assert_int_equal(store_commit(h.store), ERR_SYSTEM);
    assert_keys(&h, STORE_TABLE_META, "", "a b");
    assert_value(&h, STORE_TABLE_META, "a", "1");
    store_memory_fail_commit(h.store, true);
    assert_int_equal(store_write(h.store, STORE_TABLE_META, "z", 1, "", 0), ERR_SYSTEM);
    store_memory_fail_commit(h.store, false);
    assert_keys(&h, STORE_TABLE_META, "", "a b");
    subject_fini(&h);
}

/* ---- LMDB's own ---- */

static void a_second_opener_is_refused_with_a_sentence(void **state)
{
    struct store *second = NULL;
    struct subject h;
    char error[256] = "";

    (void)state;
    subject_init(&h, true);
    assert_int_equal(store_lmdb_open(&second, h.path, &h.ports.env, error, sizeof(error)),
                     ERR_SYSTEM);
    assert_null(second);
    assert_non_null(strstr(error, h.path));
    assert_non_null(strstr(error, "in use by another process"));
    put(&h, STORE_TABLE_META, "still", "here");
    subject_fini(&h);
}

static void a_new_directory_is_private(void **state)
{
    struct subject h;
    struct stat st;
    char data[128];

    (void)state;
    subject_init(&h, true);
    store_close(h.store);
    remove_in(h.path, "data.mdb");
    remove_in(h.path, "lock");
    assert_int_equal(rmdir(h.path), 0);
    subject_open(&h);
    assert_int_equal(stat(h.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    (void)snprintf(data, sizeof(data), "%s/data.mdb", h.path);
    assert_int_equal(stat(data, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    subject_fini(&h);
}

static void what_a_killed_first_start_left_is_cleared_away(void **state)
{
    struct subject h;
    char folder[80], data[96];
    FILE *file;

    (void)state;
    subject_init(&h, true);
    store_close(h.store);
    remove_in(h.path, "data.mdb");
    (void)snprintf(folder, sizeof(folder), "%s/new", h.path);
    (void)snprintf(data, sizeof(data), "%s/data.mdb", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    file = fopen(data, "we");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    subject_open(&h);
    put(&h, STORE_TABLE_META, "a", "1");
    assert_int_not_equal(access(folder, F_OK), 0);
    subject_fini(&h);
}

static void a_full_disk_at_the_first_start_leaves_no_database(void **state)
{
    struct rlimit before, small = {4096, 4096};
    struct store *store = NULL;
    struct subject h;
    char error[256] = "";

    (void)state;
    subject_init(&h, true);
    store_close(h.store);
    remove_in(h.path, "data.mdb");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(store_lmdb_open(&store, h.path, &h.ports.env, error, sizeof(error)),
                     ERR_SYSTEM);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(strstr(error, "data.mdb"));
    subject_open(&h); /* as if nothing had been */
    put(&h, STORE_TABLE_META, "a", "1");
    subject_fini(&h);
}

static void a_link_that_leads_to_nothing_is_no_new_database(void **state)
{
    struct store *store = NULL;
    struct subject h;
    char error[256] = "", data[128], target[64];

    (void)state;
    subject_init(&h, true);
    store_close(h.store);
    remove_in(h.path, "data.mdb");
    (void)snprintf(data, sizeof(data), "%s/data.mdb", h.path);
    assert_int_equal(symlink("not-mounted/data.mdb", data), 0);
    assert_int_equal(store_lmdb_open(&store, h.path, &h.ports.env, error, sizeof(error)),
                     ERR_SYSTEM);
    assert_non_null(strstr(error, "leads to nothing"));
    assert_int_equal(readlink(data, target, sizeof(target)), sizeof("not-mounted/data.mdb") - 1);
    remove_in(h.path, "data.mdb");
    subject_open(&h);
    subject_fini(&h);
}

static void a_place_that_is_no_directory_is_refused(void **state)
{
    struct store *store = NULL;
    struct test_env ports;
    char error[256] = "";

    (void)state;
    test_env_init(&ports, 0);
    assert_int_equal(store_lmdb_open(&store, "/dev/null", &ports.env, error, sizeof(error)),
                     ERR_SYSTEM);
    assert_non_null(strstr(error, "not a directory"));
    assert_int_equal(
        store_lmdb_open(&store, "/nonexistent/ziglan", &ports.env, error, sizeof(error)),
        ERR_SYSTEM);
    assert_non_null(strstr(error, "/nonexistent/ziglan"));
}

static void write_many(struct subject *h, uint32_t from, uint32_t count, int *rc)
{
    static uint8_t value[STORE_VALUE_SIZE_MAX];

    memset(value, 0x5a, sizeof(value));
    for (uint32_t i = from; i < from + count && *rc == ERR_OK; i++) {
        *rc = store_write(h->store, STORE_TABLE_ADDRESS_BOOK, &i, sizeof(i), value, sizeof(value));
    }
}

/* 16 MiB is the first map; 5,000 values of 8 KiB in one transaction need 60 MB. */
static void one_large_transaction_makes_the_map_grow(void **state)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_ADDRESS_BOOK, NULL, 0);
    static uint8_t value[STORE_VALUE_SIZE_MAX];
    struct subject h;
    size_t size, count = 0;
    int rc;

    (void)state;
    subject_init(&h, true);
    put(&h, STORE_TABLE_META, "before", "1");
    assert_int_equal(store_begin(h.store), ERR_OK);
    rc = store_write(h.store, STORE_TABLE_META, "first", 5, "2", 1);
    write_many(&h, 0, 5000, &rc);
    assert_int_equal(rc, ERR_OK);
    assert_int_equal(store_commit(h.store), ERR_OK);
    subject_crash(&h);
    for (;; count++) {
        assert_int_equal(store_next(h.store, &cursor, value, sizeof(value), &size), ERR_OK);
        if (size == STORE_NONE) {
            break;
        }
        assert_int_equal(size, sizeof(value));
    }
    assert_int_equal(count, 5000);
    assert_value(&h, STORE_TABLE_META, "first", "2");
    assert_value(&h, STORE_TABLE_META, "before", "1");
    subject_fini(&h);
}

/* A limit on file size stands in for a full disk: the same write fails in the same place. */
static void a_full_disk_is_an_error_and_loses_nothing(void **state)
{
    struct rlimit before, limit;
    struct subject h;
    int rc = ERR_OK;

    (void)state;
    subject_init(&h, true);
    put(&h, STORE_TABLE_META, "kept", "1");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    limit = (struct rlimit){.rlim_cur = 1024 * 1024, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(store_begin(h.store), ERR_OK);
    assert_int_equal(store_write(h.store, STORE_TABLE_META, "kept", 4, "2", 1), ERR_OK);
    write_many(&h, 0, 400, &rc);
    assert_int_equal(rc, ERR_OK);
    assert_int_equal(store_commit(h.store), ERR_SYSTEM);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(h.ports.errors > 0);
    assert_value(&h, STORE_TABLE_META, "kept", "1");
    assert_keys(&h, STORE_TABLE_ADDRESS_BOOK, "", "");
    put(&h, STORE_TABLE_META, "kept", "3");
    subject_crash(&h);
    assert_value(&h, STORE_TABLE_META, "kept", "3");
    subject_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_memory_store_keeps_every_promise),
        cmocka_unit_test(the_lmdb_store_keeps_every_promise),
        cmocka_unit_test(the_nth_write_fails_and_takes_its_transaction_along),
        cmocka_unit_test(a_torn_commit_keeps_its_first_changes_only),
        cmocka_unit_test(a_second_opener_is_refused_with_a_sentence),
        cmocka_unit_test(a_new_directory_is_private),
        cmocka_unit_test(what_a_killed_first_start_left_is_cleared_away),
        cmocka_unit_test(a_full_disk_at_the_first_start_leaves_no_database),
        cmocka_unit_test(a_link_that_leads_to_nothing_is_no_new_database),
        cmocka_unit_test(a_place_that_is_no_directory_is_refused),
        cmocka_unit_test(one_large_transaction_makes_the_map_grow),
        cmocka_unit_test(a_full_disk_is_an_error_and_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
