/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder of a store of LMDB is made below /tmp, and must be left as it was found. */
#include "tests/support/store_subject.h"

#include "rendezvous/store/lmdb/store_lmdb.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/fixture.h"

#include <unistd.h>

void subject_open(struct subject *h)
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

void subject_init(struct subject *h, bool lmdb)
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

void subject_remove(const char *path, const char *name)
{
    char full[128];

    (void)snprintf(full, sizeof(full), "%s/%s", path, name);
    (void)unlink(full);
}

void subject_fini(struct subject *h)
{
    store_close(h->store);
    if (h->lmdb) {
        subject_remove(h->path, "data.mdb");
        subject_remove(h->path, "lock");
        assert_int_equal(rmdir(h->path), 0); /* nothing else was left there */
    }
}

void subject_crash(struct subject *h)
{
    if (h->lmdb) {
        store_close(h->store);
        subject_open(h);
    } else {
        store_memory_crash(h->store);
    }
}

void subject_put(struct subject *h, enum store_table table, const char *key, const char *value)
{
    assert_int_equal(store_write(h->store, table, key, strlen(key), value, strlen(value)), ERR_OK);
}

void subject_del(struct subject *h, enum store_table table, const char *key)
{
    assert_int_equal(store_remove(h->store, table, key, strlen(key)), ERR_OK);
}

const char *subject_get(struct subject *h, enum store_table table, const char *key, char text[64])
{
    size_t size;

    memset(text, 0, 64);
    assert_int_equal(store_read(h->store, table, key, strlen(key), text, 63, &size), ERR_OK);
    if (size == STORE_NONE) {
        text[0] = '-';
    }
    return text;
}

const char *subject_keys_from(struct subject *h, enum store_table table, const char *from,
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
