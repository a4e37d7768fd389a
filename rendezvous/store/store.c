/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of the tables, and what all implementations share: checks of the arguments, one
   transaction at a time, and the first failure, which keeps the rest of it from the store. */
#include "rendezvous/store/store.h"

#include "proto/base/bytes.h"

#include <string.h>

/* On-disk names: never change one. ("views" is what the address book was called before.) */
static const char *const table_names[STORE_TABLE_COUNT] = {
    [STORE_TABLE_META] = "meta",
    [STORE_TABLE_MEMBERS] = "members",
    [STORE_TABLE_ADMISSIONS] = "admissions",
    [STORE_TABLE_INVITES] = "invites",
    [STORE_TABLE_REVOCATIONS] = "revocations",
    [STORE_TABLE_NAMES] = "names",
    [STORE_TABLE_ADDRESSES] = "addresses",
    [STORE_TABLE_CHANGES] = "changes",
    [STORE_TABLE_SESSIONS] = "sessions",
    [STORE_TABLE_ZIGLANS] = "ziglans",
    [STORE_TABLE_ROSTER] = "roster",
    [STORE_TABLE_BINDINGS] = "bindings",
    [STORE_TABLE_ADDRESS_BOOK] = "views",
    [STORE_TABLE_CONTACTS] = "contacts",
    [STORE_TABLE_RELAYS] = "relays",
    [STORE_TABLE_BLOCKS] = "blocks",
    [STORE_TABLE_FORMER] = "former",
    [STORE_TABLE_NODES] = "nodes",
    [STORE_TABLE_DETAILS] = "details",
    [STORE_TABLE_USE] = "use",
    [STORE_TABLE_ALLOWED] = "allowed",
};

const char *store_table_name(enum store_table table)
{
    CHECK((size_t)table < STORE_TABLE_COUNT);
    return table_names[table];
}

int store_read(struct store *store, enum store_table table, const void *key, size_t key_size,
               void *value, size_t capacity, size_t *size)
{
    CHECK((size_t)table < STORE_TABLE_COUNT && key_size >= 1 && key_size <= STORE_KEY_SIZE_MAX);
    *size = STORE_NONE;
    return store->ops->read(store, table, key, key_size, value, capacity, size);
}

static void wrong_size_tell(const struct store *store, enum store_table table, size_t size)
{
    if (store->env != NULL) {
        env_trace(store->env, TRACE_LEVEL_WARN, "store.passed_over",
                  "table=%s size=%zu why=\"a stored value has a size that this version does not "
                  "write; it goes on without it\"",
                  store_table_name(table), size);
    }
}

int store_read_sized(struct store *store, enum store_table table, const void *key, size_t key_size,
                     void *value, size_t min, size_t max, size_t *size)
{
    uint8_t whole[STORE_VALUE_SIZE_MAX];
    int rc = store_read(store, table, key, key_size, whole, sizeof(whole), size);

    if (rc != ERR_OK || *size == STORE_NONE) {
        return rc;
    }
    if (*size < min || *size > max) {
        wrong_size_tell(store, table, *size);
        *size = STORE_NONE;
    } else if (*size > 0) {
        memcpy(value, whole, *size);
    }
    return ERR_OK;
}

/* Make one change inside the open transaction, or in one of its own. The first failure is kept:
   no further change is tried, and the commit fails. */
static int store_change(struct store *store, enum store_table table, const void *key,
                        size_t key_size, const void *value, size_t size, bool removing)
{
    bool own = !store->writing;
    int rc;

    CHECK((size_t)table < STORE_TABLE_COUNT && key_size >= 1 && key_size <= STORE_KEY_SIZE_MAX);
    CHECK(removing || size <= STORE_VALUE_SIZE_MAX);
    if (own) {
        rc = store_begin(store);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    if (store->failed == ERR_OK) {
        store->failed = removing ? store->ops->remove(store, table, key, key_size)
                                 : store->ops->write(store, table, key, key_size, value, size);
    }
    return own ? store_commit(store) : store->failed;
}

int store_write(struct store *store, enum store_table table, const void *key, size_t key_size,
                const void *value, size_t size)
{
    return store_change(store, table, key, key_size, value, size, false);
}

int store_remove(struct store *store, enum store_table table, const void *key, size_t key_size)
{
    return store_change(store, table, key, key_size, NULL, 0, true);
}

struct store_cursor store_cursor_from(enum store_table table, const void *from, size_t from_size)
{
    struct store_cursor cursor = {.table = table, .key_size = from_size};

    CHECK((size_t)table < STORE_TABLE_COUNT && from_size <= STORE_KEY_SIZE_MAX);
    if (from_size > 0) {
        memcpy(cursor.key, from, from_size);
    }
    return cursor;
}

int store_next(struct store *store, struct store_cursor *cursor, void *value, size_t capacity,
               size_t *size)
{
    /* A copy, because `seek` writes the key that it finds into the cursor, also if it then cannot
       copy the value. */
    const struct store_cursor from = *cursor;

    *size = STORE_NONE;
    int rc = store->ops->seek(store, from.table, from.key, from.key_size, from.started, cursor,
                              value, capacity, size);
    if (rc == ERR_OK) {
        cursor->started = true;
    } else {
        *cursor = from;
    }
    return rc;
}

int store_next_fitting(struct store *store, struct store_cursor *cursor, void *value,
                       size_t capacity, size_t *size)
{
    uint8_t whole[STORE_VALUE_SIZE_MAX];
    int rc = store_next(store, cursor, whole, sizeof(whole), size);

    while (rc == ERR_OK && *size != STORE_NONE && *size > capacity) {
        wrong_size_tell(store, cursor->table, *size);
        rc = store_next(store, cursor, whole, sizeof(whole), size);
    }
    if (rc == ERR_OK && *size != STORE_NONE && *size > 0) {
        memcpy(value, whole, *size);
    }
    return rc;
}

int store_begin(struct store *store)
{
    CHECK(!store->writing);
    int rc = store->ops->begin(store);
    store->writing = rc == ERR_OK;
    store->failed = ERR_OK;
    return rc;
}

int store_commit(struct store *store)
{
    CHECK(store->writing);
    store->writing = false;
    if (store->failed != ERR_OK) {
        store->ops->abort(store);
        return store->failed;
    }
    return store->ops->commit(store);
}

void store_abort(struct store *store)
{
    CHECK(store->writing);
    store->writing = false;
    store->ops->abort(store);
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    if (store->writing) {
        store_abort(store);
    }
    store->ops->close(store);
}
