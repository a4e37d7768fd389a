/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store of LMDB has of its own: its folder and who may open it, its map, a full disk. */
#include "rendezvous/store/lmdb/store_lmdb.h"

#include "proto/base/bytes.h"
#include "proto/host/file.h"
#include "tests/support/fixture.h"
#include "tests/support/store_subject.h"

#include <errno.h>
#include <lmdb.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

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
    subject_put(&h, STORE_TABLE_META, "still", "here");
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
    subject_remove(h.path, "data.mdb");
    subject_remove(h.path, "lock");
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
    subject_remove(h.path, "data.mdb");
    (void)snprintf(folder, sizeof(folder), "%s/new", h.path);
    (void)snprintf(data, sizeof(data), "%s/data.mdb", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    file = fopen(data, "we");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    subject_open(&h);
    subject_put(&h, STORE_TABLE_META, "a", "1");
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
    subject_remove(h.path, "data.mdb");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(store_lmdb_open(&store, h.path, &h.ports.env, error, sizeof(error)),
                     ERR_SYSTEM);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(strstr(error, "data.mdb"));
    subject_open(&h); /* as if nothing had been */
    subject_put(&h, STORE_TABLE_META, "a", "1");
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
    subject_remove(h.path, "data.mdb");
    (void)snprintf(data, sizeof(data), "%s/data.mdb", h.path);
    assert_int_equal(symlink("not-mounted/data.mdb", data), 0);
    assert_int_equal(store_lmdb_open(&store, h.path, &h.ports.env, error, sizeof(error)),
                     ERR_SYSTEM);
    assert_non_null(strstr(error, "leads to nothing"));
    assert_int_equal(readlink(data, target, sizeof(target)), sizeof("not-mounted/data.mdb") - 1);
    subject_remove(h.path, "data.mdb");
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
    subject_put(&h, STORE_TABLE_META, "before", "1");
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
    subject_put(&h, STORE_TABLE_META, "kept", "1");
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
    subject_put(&h, STORE_TABLE_META, "kept", "3");
    subject_crash(&h);
    assert_value(&h, STORE_TABLE_META, "kept", "3");
    subject_fini(&h);
}

/* The number that is in the database, which another process may read. */
static uint32_t format_get(const struct subject *h)
{
    char row[] = "number";
    MDB_val key = {.mv_size = 6, .mv_data = row};
    MDB_val value;
    MDB_env *mdb;
    MDB_txn *txn;
    MDB_dbi table;
    uint32_t format;

    assert_int_equal(mdb_env_create(&mdb), 0);
    assert_int_equal(mdb_env_set_maxdbs(mdb, 1), 0);
    assert_int_equal(mdb_env_open(mdb, h->path, MDB_NOLOCK | MDB_RDONLY, 0600), 0);
    assert_int_equal(mdb_txn_begin(mdb, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "format", 0, &table), 0);
    assert_int_equal(mdb_get(txn, table, &key, &value), 0);
    format = be32_read(value.mv_data);
    mdb_txn_abort(txn);
    mdb_env_close(mdb);
    return format;
}

/* The number of the format, as another version would have written it; 0: as before there was one.
 */
static void format_set(const struct subject *h, uint32_t number)
{
    uint8_t bytes[4];
    char row[] = "number";
    MDB_val key = {.mv_size = 6, .mv_data = row};
    MDB_val value = {.mv_size = sizeof(bytes), .mv_data = bytes};
    MDB_env *mdb;
    MDB_txn *txn;
    MDB_dbi table;

    be32_write(bytes, number);
    assert_int_equal(mdb_env_create(&mdb), 0);
    assert_int_equal(mdb_env_set_maxdbs(mdb, 1), 0);
    assert_int_equal(mdb_env_open(mdb, h->path, MDB_NOLOCK, 0600), 0);
    assert_int_equal(mdb_txn_begin(mdb, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "format", 0, &table), 0);
    if (number == 0) {
        assert_int_equal(mdb_drop(txn, table, 1), 0);
    } else {
        assert_int_equal(mdb_put(txn, table, &key, &value, 0), 0);
    }
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(mdb);
}

static uint8_t *data_read(const struct subject *h, size_t *size)
{
    char path[96];
    struct fault fault;
    uint8_t *bytes;

    (void)snprintf(path, sizeof(path), "%s/data.mdb", h->path);
    assert_int_equal(file_read(path, 1 << 20, &bytes, size, &fault), ERR_OK);
    return bytes;
}

static void the_store_of_a_newer_version_is_refused_and_not_touched(void **state)
{
    struct store *store = NULL;
    struct subject h;
    char error[512] = "";
    uint8_t *before, *after;
    size_t size_before, size_after;

    (void)state;
    subject_init(&h, true);
    subject_put(&h, STORE_TABLE_META, "kept", "1");
    store_close(h.store);
    format_set(&h, STORE_FORMAT + 1);
    before = data_read(&h, &size_before);
    assert_int_equal(store_lmdb_open(&store, h.path, &h.ports.env, error, sizeof(error)),
                     ERR_SYSTEM);
    assert_int_equal(errno, EUCLEAN);
    assert_null(store);
    assert_non_null(strstr(error, h.path));
    assert_non_null(strstr(error, "written by a newer version (format 3, this one knows 2)"));
    after = data_read(&h, &size_after);
    assert_int_equal(size_before, size_after);
    assert_memory_equal(before, after, size_before);
    free(before);
    free(after);
    format_set(&h, STORE_FORMAT);
    subject_open(&h);
    assert_value(&h, STORE_TABLE_META, "kept", "1");
    subject_fini(&h);
}

static void the_store_of_an_older_version_is_read(void **state)
{
    struct subject h;

    (void)state;
    subject_init(&h, true);
    subject_put(&h, STORE_TABLE_META, "kept", "1");
    store_close(h.store);
    format_set(&h, 0);
    subject_open(&h);
    assert_value(&h, STORE_TABLE_META, "kept", "1");
    assert_int_equal(format_get(&h), STORE_FORMAT);
    store_close(h.store);
    format_set(&h,
               1); /* and refuses it from now on, because this one writes what it does not know */
    subject_open(&h);
    assert_value(&h, STORE_TABLE_META, "kept", "1");
    assert_int_equal(format_get(&h), STORE_FORMAT);
    subject_fini(&h);
}

static void a_copy_of_an_open_store_has_what_is_committed(void **state)
{
    struct subject h, copy;
    struct fault fault;
    char path[96];

    (void)state;
    subject_init(&h, true);
    subject_init(&copy, true);
    subject_put(&h, STORE_TABLE_META, "kept", "1");
    store_close(copy.store);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", copy.path);
    assert_int_equal(store_lmdb_copy(h.store, path, &fault), ERR_SYSTEM); /* there is one */
    assert_non_null(strstr(fault.text, path));
    subject_remove(copy.path, "data.mdb");
    assert_int_equal(store_lmdb_copy(h.store, path, &fault), ERR_OK);
    subject_put(&h, STORE_TABLE_META, "kept", "2"); /* the original goes on */
    subject_open(&copy);
    assert_value(&copy, STORE_TABLE_META, "kept", "1");
    assert_value(&h, STORE_TABLE_META, "kept", "2");
    subject_fini(&copy);
    subject_fini(&h);
}

static void a_copy_on_a_full_disk_leaves_nothing(void **state)
{
    struct rlimit before, small = {4096, 4096};
    struct fault fault;
    struct subject h;
    char path[96];
    int rc;

    (void)state;
    subject_init(&h, true);
    subject_put(&h, STORE_TABLE_META, "kept", "1");
    (void)snprintf(path, sizeof(path), "%s/copy", h.path);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    rc = store_lmdb_copy(h.store, path, &fault);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(rc, ERR_SYSTEM);
    assert_int_not_equal(access(path, F_OK), 0);
    subject_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_opener_is_refused_with_a_sentence),
        cmocka_unit_test(a_new_directory_is_private),
        cmocka_unit_test(what_a_killed_first_start_left_is_cleared_away),
        cmocka_unit_test(a_full_disk_at_the_first_start_leaves_no_database),
        cmocka_unit_test(a_link_that_leads_to_nothing_is_no_new_database),
        cmocka_unit_test(a_place_that_is_no_directory_is_refused),
        cmocka_unit_test(one_large_transaction_makes_the_map_grow),
        cmocka_unit_test(a_full_disk_is_an_error_and_loses_nothing),
        cmocka_unit_test(the_store_of_a_newer_version_is_refused_and_not_touched),
        cmocka_unit_test(the_store_of_an_older_version_is_read),
        cmocka_unit_test(a_copy_of_an_open_store_has_what_is_committed),
        cmocka_unit_test(a_copy_on_a_full_disk_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
