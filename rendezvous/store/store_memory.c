/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each table is an array of items sorted by key. A transaction changes the tables at once, and its
 * log keeps what each change displaced, so that all changes, or the later ones, can be undone.
 */
#include "rendezvous/store/store_memory.h"

#include "proto/base/bytes.h"

#include <stdlib.h>
#include <string.h>

struct item {
    size_t key_size, size;
    uint8_t bytes[]; /* key, then value */
};

struct table {
    struct item **items;
    size_t count, capacity;
};

/* One change of the log: what was under this key before. */
struct displaced {
    enum store_table table;
    size_t key_size;
    uint8_t key[STORE_KEY_SIZE_MAX];
    struct item *before; /* NULL: there was nothing */
};

struct memory {
    struct store store; /* what callers hold; its context is this struct */
    struct table tables[STORE_TABLE_COUNT];
    struct displaced *log;
    size_t log_count, log_capacity;
    uint64_t fail_write; /* writes until the one that fails, 0: none fails */
    bool fail_commit;
    bool tear;
    size_t tear_keep;
};

static struct memory *memory_of(struct store *store)
{
    return store->context;
}

static int key_compare(const void *a, size_t a_size, const void *b, size_t b_size)
{
    int order = memcmp(a, b, a_size < b_size ? a_size : b_size);

    if (order != 0) {
        return order;
    }
    return a_size < b_size ? -1 : a_size > b_size;
}

/* Index of the first item that is not before the key. */
static size_t table_position(const struct table *t, const void *key, size_t key_size, bool *equal)
{
    size_t low = 0, high = t->count;

    *equal = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct item *item = t->items[middle];
        int order = key_compare(item->bytes, item->key_size, key, key_size);
        if (order == 0) {
            *equal = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Put `next` under the key (NULL: remove the key), and return the item that was there or NULL.
   table_make_room must have succeeded since the table grew last. */
static struct item *table_swap(struct table *t, const void *key, size_t key_size, struct item *next)
{
    bool equal;
    size_t at = table_position(t, key, key_size, &equal);
    struct item *before = equal ? t->items[at] : NULL;

    if (next != NULL && equal) {
        t->items[at] = next;
    } else if (next != NULL) {
        memmove(&t->items[at + 1], &t->items[at], (t->count - at) * sizeof(struct item *));
        t->items[at] = next;
        t->count++;
    } else if (equal) {
        t->count--;
        memmove(&t->items[at], &t->items[at + 1], (t->count - at) * sizeof(struct item *));
    }
    return before;
}

static int table_make_room(struct table *t)
{
    if (t->count < t->capacity) {
        return ERR_OK;
    }
    size_t capacity = t->capacity == 0 ? 16 : t->capacity * 2;
    struct item **items = realloc(t->items, capacity * sizeof(struct item *));
    if (items == NULL) {
        return ERR_NOMEM;
    }
    t->items = items;
    t->capacity = capacity;
    return ERR_OK;
}

static int log_make_room(struct memory *m)
{
    if (m->log_count < m->log_capacity) {
        return ERR_OK;
    }
    size_t capacity = m->log_capacity == 0 ? 16 : m->log_capacity * 2;
    struct displaced *log = realloc(m->log, capacity * sizeof(struct displaced));
    if (log == NULL) {
        return ERR_NOMEM;
    }
    m->log = log;
    m->log_capacity = capacity;
    return ERR_OK;
}

/* Undo all changes of the open transaction but its first `keep`, the latest one first. */
static void log_undo(struct memory *m, size_t keep)
{
    while (m->log_count > keep) {
        struct displaced *d = &m->log[m->log_count - 1];
        /* The table never gets larger than it was before, so there is room. */
        free(table_swap(&m->tables[d->table], d->key, d->key_size, d->before));
        m->log_count--;
    }
}

static void log_forget(struct memory *m)
{
    for (size_t i = 0; i < m->log_count; i++) {
        free(m->log[i].before);
    }
    m->log_count = 0;
}

static int copy_out(const struct item *item, void *value, size_t capacity, size_t *size)
{
    if (item->size > capacity) {
        return ERR_SYSTEM;
    }
    if (item->size > 0) {
        memcpy(value, item->bytes + item->key_size, item->size);
    }
    *size = item->size;
    return ERR_OK;
}

static int memory_read(struct store *store, enum store_table table, const void *key,
                       size_t key_size, void *value, size_t capacity, size_t *size)
{
    const struct table *t = &memory_of(store)->tables[table];
    bool equal;
    size_t at = table_position(t, key, key_size, &equal);

    return equal ? copy_out(t->items[at], value, capacity, size) : ERR_OK;
}

static int memory_seek(struct store *store, enum store_table table, const void *key,
                       size_t key_size, bool beyond, struct store_cursor *found, void *value,
                       size_t capacity, size_t *size)
{
    const struct table *t = &memory_of(store)->tables[table];
    bool equal;
    size_t at = table_position(t, key, key_size, &equal);

    if (equal && beyond) {
        at++;
    }
    if (at >= t->count) {
        return ERR_OK;
    }
    const struct item *item = t->items[at];
    memcpy(found->key, item->bytes, item->key_size);
    found->key_size = item->key_size;
    return copy_out(item, value, capacity, size);
}

static int memory_change(struct memory *m, enum store_table table, const void *key, size_t key_size,
                         struct item *next)
{
    int rc = ERR_OK;

    if (m->fail_write > 0) {
        m->fail_write--;
        rc = m->fail_write == 0 ? ERR_SYSTEM : ERR_OK;
    }
    if (rc == ERR_OK) {
        rc = table_make_room(&m->tables[table]);
    }
    if (rc == ERR_OK) {
        rc = log_make_room(m);
    }
    if (rc != ERR_OK) {
        free(next);
        return rc;
    }
    struct displaced *d = &m->log[m->log_count];
    d->table = table;
    d->key_size = key_size;
    memcpy(d->key, key, key_size);
    d->before = table_swap(&m->tables[table], key, key_size, next);
    m->log_count++;
    return ERR_OK;
}

static int memory_write(struct store *store, enum store_table table, const void *key,
                        size_t key_size, const void *value, size_t size)
{
    struct item *item = malloc(sizeof(struct item) + key_size + size);

    if (item == NULL) {
        return ERR_NOMEM;
    }
    item->key_size = key_size;
    item->size = size;
    memcpy(item->bytes, key, key_size);
    if (size > 0) {
        memcpy(item->bytes + key_size, value, size);
    }
    return memory_change(memory_of(store), table, key, key_size, item);
}

static int memory_remove(struct store *store, enum store_table table, const void *key,
                         size_t key_size)
{
    return memory_change(memory_of(store), table, key, key_size, NULL);
}

static int memory_begin(struct store *store)
{
    CHECK(memory_of(store)->log_count == 0);
    return ERR_OK;
}

static int memory_commit(struct store *store)
{
    struct memory *m = memory_of(store);
    int rc = ERR_OK;

    if (m->tear) {
        m->tear = false;
        log_undo(m, m->tear_keep);
        rc = ERR_SYSTEM;
    } else if (m->fail_commit) {
        log_undo(m, 0);
        rc = ERR_SYSTEM;
    }
    log_forget(m);
    return rc;
}

static void memory_abort(struct store *store)
{
    log_undo(memory_of(store), 0);
}

static void memory_close(struct store *store)
{
    struct memory *m = memory_of(store);

    log_forget(m);
    free(m->log);
    for (size_t t = 0; t < STORE_TABLE_COUNT; t++) {
        for (size_t i = 0; i < m->tables[t].count; i++) {
            free(m->tables[t].items[i]);
        }
        free(m->tables[t].items);
    }
    free(m);
}

static const struct store_ops memory_ops = {
    .read = memory_read,
    .seek = memory_seek,
    .write = memory_write,
    .remove = memory_remove,
    .begin = memory_begin,
    .commit = memory_commit,
    .abort = memory_abort,
    .close = memory_close,
};

int store_memory_new(struct store **out)
{
    struct memory *m = calloc(1, sizeof(*m));

    if (m == NULL) {
        return ERR_NOMEM;
    }
    m->store.ops = &memory_ops;
    m->store.context = m;
    *out = &m->store;
    return ERR_OK;
}

void store_memory_fail_write(struct store *store, uint64_t nth)
{
    memory_of(store)->fail_write = nth;
}

void store_memory_fail_commit(struct store *store, bool fail)
{
    memory_of(store)->fail_commit = fail;
}

void store_memory_tear(struct store *store, size_t keep)
{
    struct memory *m = memory_of(store);

    m->tear = true;
    m->tear_keep = keep;
}

void store_memory_crash(struct store *store)
{
    if (store->writing) {
        store_abort(store);
    }
}

size_t store_memory_count(const struct store *store, enum store_table table)
{
    const struct memory *m = store->context;

    return m->tables[table].count;
}
