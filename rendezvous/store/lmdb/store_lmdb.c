/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store in LMDB. One thread of one process uses it at a time: a lock file of our own (flock)
 * keeps other processes out, so LMDB needs no locks and no table of readers.
 *
 * LMDB maps its file into memory, and can enlarge the map only while no transaction is open. So the
 * changes of a transaction are also kept in memory, in a journal. When the map is full, the
 * transaction is aborted, the map is enlarged, and the changes of the journal are made again.
 */
#include "rendezvous/store/lmdb/store_lmdb.h"

#include "proto/base/bytes.h"
#include "rendezvous/store/lmdb/map_guard.h"
#include "rendezvous/store/lmdb/store_place.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    MAP_SIZE_FIRST = 16 * 1024 * 1024,
    JOURNAL_SIZE_FIRST = 4096,
    JOURNAL_SIZE_KEPT = 1024 * 1024, /* a larger one is freed: its transaction was unusual */
    DISK_FULL_BYTES = 64 * 1024,     /* what is left on a full disk, at most */
};

#define MAP_SIZE_MAX (UINT64_C(64) * 1024 * 1024 * 1024)

/* One change in the journal, followed by its key and value. */
struct change {
    uint32_t table;
    uint32_t removing;
    uint32_t key_size;
    uint32_t size;
};

struct lmdb {
    struct store store;
    const struct env *env;
    MDB_env *mdb;
    MDB_dbi tables[STORE_TABLE_COUNT];
    MDB_txn *txn; /* the open write transaction, or NULL */
    uint8_t *journal;
    size_t journal_used, journal_capacity;
    int lock_fd;
};

static struct lmdb *lmdb_of(struct store *store)
{
    return store->context;
}

/* LMDB says EIO where a write came to its end before it was done, as at the end of a tmpfs. */
static int cause_of(const struct lmdb *l, int code)
{
    struct statvfs disk;

    if (code == EIO && fstatvfs(l->lock_fd, &disk) == 0 &&
        (uint64_t)disk.f_bavail * disk.f_frsize < DISK_FULL_BYTES) {
        return ENOSPC;
    }
    return code;
}

/* Translate the result of LMDB into one of ours. This is the one place that traces failures. */
static int lmdb_result(const struct lmdb *l, const char *what, int code)
{
    if (code == MDB_SUCCESS) {
        return ERR_OK;
    }
    code = cause_of(l, code);
    if (code == ENOSPC || code == EDQUOT || code == EFBIG) {
        env_trace(l->env, TRACE_LEVEL_ERROR, "store.full",
                  "what=%s error=\"%s\": nothing was lost; make room on the disk", what,
                  mdb_strerror(code));
    } else {
        env_trace(l->env, TRACE_LEVEL_ERROR, "store.failed", "what=%s error=\"%s\"", what,
                  mdb_strerror(code));
    }
    return code == ENOMEM ? ERR_NOMEM : ERR_SYSTEM;
}

static MDB_val val_of(const void *data, size_t size)
{
    /* LMDB does not write through keys and values given to it; its struct lacks the const. */
    union {
        const void *in;
        void *out;
    } pointer = {.in = data};

    return (MDB_val){.mv_size = size, .mv_data = pointer.out};
}

/* The transaction to read in: the open write transaction, else a new one that read_end ends. Both
 * are to be called whatever the result. */
static int read_begin(struct lmdb *l, MDB_txn **txn)
{
    int code = MDB_SUCCESS;

    map_guard_enter();
    *txn = l->txn;
    if (l->txn == NULL) {
        code = mdb_txn_begin(l->mdb, NULL, MDB_RDONLY, txn);
        *txn = code == MDB_SUCCESS ? *txn : NULL;
    }
    return lmdb_result(l, "read", code);
}

static void read_end(const struct lmdb *l, MDB_txn *txn)
{
    if (txn != l->txn) {
        mdb_txn_abort(txn);
    }
    map_guard_leave();
}

static int copy_out(const struct lmdb *l, const MDB_val *found, void *value, size_t capacity,
                    size_t *size)
{
    if (found->mv_size > capacity) {
        env_trace(l->env, TRACE_LEVEL_ERROR, "store.oversize", "size=%zu capacity=%zu",
                  found->mv_size, capacity);
        return ERR_SYSTEM;
    }
    if (found->mv_size > 0) {
        memcpy(value, found->mv_data, found->mv_size);
    }
    *size = found->mv_size;
    return ERR_OK;
}

static int lmdb_read(struct store *store, enum store_table table, const void *key, size_t key_size,
                     void *value, size_t capacity, size_t *size)
{
    struct lmdb *l = lmdb_of(store);
    MDB_val name = val_of(key, key_size);
    MDB_val found;
    MDB_txn *txn;
    int rc = read_begin(l, &txn);

    if (rc == ERR_OK) {
        int code = mdb_get(txn, l->tables[table], &name, &found);

        if (code == MDB_SUCCESS) {
            rc = copy_out(l, &found, value, capacity, size);
        } else if (code != MDB_NOTFOUND) {
            rc = lmdb_result(l, "read", code);
        }
    }
    read_end(l, txn);
    return rc;
}

/* Move a fresh cursor to the first key that is not before the given one (with beyond: after it). */
static int cursor_seek(MDB_cursor *cursor, const void *key, size_t key_size, bool beyond,
                       MDB_val *name, MDB_val *found)
{
    if (key_size == 0) {
        return mdb_cursor_get(cursor, name, found, MDB_FIRST);
    }
    *name = val_of(key, key_size);
    int code = mdb_cursor_get(cursor, name, found, MDB_SET_RANGE);
    if (code == MDB_SUCCESS && beyond && name->mv_size == key_size &&
        memcmp(name->mv_data, key, key_size) == 0) {
        code = mdb_cursor_get(cursor, name, found, MDB_NEXT);
    }
    return code;
}

static int lmdb_seek(struct store *store, enum store_table table, const void *key, size_t key_size,
                     bool beyond, struct store_cursor *out, void *value, size_t capacity,
                     size_t *size)
{
    struct lmdb *l = lmdb_of(store);
    MDB_cursor *cursor = NULL;
    MDB_val name, found;
    MDB_txn *txn;
    int rc = read_begin(l, &txn);

    if (rc != ERR_OK) {
        read_end(l, txn);
        return rc;
    }
    int code = mdb_cursor_open(txn, l->tables[table], &cursor);
    if (code == MDB_SUCCESS) {
        code = cursor_seek(cursor, key, key_size, beyond, &name, &found);
    }
    if (code == MDB_SUCCESS && name.mv_size > STORE_KEY_SIZE_MAX) {
        code = MDB_CORRUPTED; /* we never wrote such a key */
    }
    if (code == MDB_SUCCESS) {
        memcpy(out->key, name.mv_data, name.mv_size);
        out->key_size = name.mv_size;
        rc = copy_out(l, &found, value, capacity, size);
    } else if (code != MDB_NOTFOUND) {
        rc = lmdb_result(l, "seek", code);
    }
    if (cursor != NULL) {
        mdb_cursor_close(cursor);
    }
    read_end(l, txn);
    return rc;
}

static int journal_add(struct lmdb *l, const struct change *change, const void *key,
                       const void *value)
{
    size_t need = l->journal_used + sizeof(*change) + change->key_size + change->size;

    if (need > l->journal_capacity) {
        size_t capacity = l->journal_capacity == 0 ? JOURNAL_SIZE_FIRST : l->journal_capacity;
        while (capacity < need) {
            capacity *= 2;
        }
        uint8_t *journal = realloc(l->journal, capacity);
        if (journal == NULL) {
            return ERR_NOMEM;
        }
        l->journal = journal;
        l->journal_capacity = capacity;
    }
    uint8_t *at = l->journal + l->journal_used;
    memcpy(at, change, sizeof(*change));
    memcpy(at + sizeof(*change), key, change->key_size);
    if (change->size > 0) {
        memcpy(at + sizeof(*change) + change->key_size, value, change->size);
    }
    l->journal_used = need;
    return ERR_OK;
}

static int change_apply(struct lmdb *l, const struct change *change, const void *key,
                        const void *value)
{
    MDB_val name = val_of(key, change->key_size);
    MDB_val data = val_of(value, change->size);

    if (change->removing != 0) {
        int code = mdb_del(l->txn, l->tables[change->table], &name, NULL);
        return code == MDB_NOTFOUND ? MDB_SUCCESS : code;
    }
    return mdb_put(l->txn, l->tables[change->table], &name, &data, 0);
}

/* Make all changes of the journal in the fresh transaction. Returns a code of LMDB. */
static int journal_play(struct lmdb *l)
{
    size_t at = 0;
    int code = MDB_SUCCESS;

    while (at < l->journal_used && code == MDB_SUCCESS) {
        struct change change;
        memcpy(&change, l->journal + at, sizeof(change));
        const uint8_t *key = l->journal + at + sizeof(change);
        code = change_apply(l, &change, key, key + change.key_size);
        at += sizeof(change) + change.key_size + change.size;
    }
    return code;
}

static void txn_abort(struct lmdb *l)
{
    if (l->txn != NULL) {
        mdb_txn_abort(l->txn);
        l->txn = NULL;
    }
}

static int map_grow(struct lmdb *l)
{
    MDB_envinfo info;
    int code = mdb_env_info(l->mdb, &info);

    if (code != MDB_SUCCESS) {
        return code;
    }
    if (info.me_mapsize > MAP_SIZE_MAX / 2) {
        return MDB_MAP_FULL;
    }
    env_trace(l->env, TRACE_LEVEL_DEBUG, "store.grow", "map_bytes=%zu", info.me_mapsize * 2);
    return mdb_env_set_mapsize(l->mdb, info.me_mapsize * 2);
}

/* The map is full: enlarge it and make the transaction's changes again, until they fit. Returns a
   code of LMDB. */
static int txn_replay(struct lmdb *l)
{
    int code = MDB_MAP_FULL;

    while (code == MDB_MAP_FULL) {
        txn_abort(l);
        code = map_grow(l);
        if (code != MDB_SUCCESS) {
            break;
        }
        code = mdb_txn_begin(l->mdb, NULL, 0, &l->txn);
        if (code != MDB_SUCCESS) {
            l->txn = NULL;
            break;
        }
        code = journal_play(l);
    }
    return code;
}

static int lmdb_change(struct store *store, const struct change *change, const void *key,
                       const void *value)
{
    struct lmdb *l = lmdb_of(store);
    int rc = journal_add(l, change, key, value);

    if (rc != ERR_OK) {
        return rc;
    }
    map_guard_enter();
    int code = change_apply(l, change, key, value);
    if (code == MDB_MAP_FULL) {
        code = txn_replay(l);
    }
    map_guard_leave();
    return lmdb_result(l, "write", code);
}

static int lmdb_write(struct store *store, enum store_table table, const void *key, size_t key_size,
                      const void *value, size_t size)
{
    struct change change = {(uint32_t)table, 0, u32_of(key_size), u32_of(size)};

    return lmdb_change(store, &change, key, value);
}

static int lmdb_remove(struct store *store, enum store_table table, const void *key,
                       size_t key_size)
{
    struct change change = {(uint32_t)table, 1, u32_of(key_size), 0};

    return lmdb_change(store, &change, key, NULL);
}

static int lmdb_begin(struct store *store)
{
    struct lmdb *l = lmdb_of(store);

    if (l->journal_capacity > JOURNAL_SIZE_KEPT) {
        free(l->journal);
        l->journal = NULL;
        l->journal_capacity = 0;
    }
    l->journal_used = 0;
    map_guard_enter();
    int code = mdb_txn_begin(l->mdb, NULL, 0, &l->txn);
    map_guard_leave();
    if (code != MDB_SUCCESS) {
        l->txn = NULL;
    }
    return lmdb_result(l, "begin", code);
}

static int lmdb_commit(struct store *store)
{
    struct lmdb *l = lmdb_of(store);
    int code = MDB_MAP_FULL;

    map_guard_enter();
    while (code == MDB_MAP_FULL) {
        /* This ends the transaction, whatever it returns. It may find the map full, because it
           needs pages for LMDB's list of free pages. */
        code = mdb_txn_commit(l->txn);
        l->txn = NULL;
        if (code == MDB_MAP_FULL) {
            code = txn_replay(l);
            if (code != MDB_SUCCESS) {
                txn_abort(l);
                break;
            }
            code = MDB_MAP_FULL; /* all changes are made again: commit once more */
        }
    }
    map_guard_leave();
    return lmdb_result(l, "commit", code);
}

static void lmdb_abort(struct store *store)
{
    txn_abort(lmdb_of(store));
}

static void lmdb_close(struct store *store)
{
    struct lmdb *l = lmdb_of(store);

    txn_abort(l);
    if (l->mdb != NULL) {
        mdb_env_close(l->mdb);
    }
    if (l->lock_fd >= 0) {
        (void)close(l->lock_fd);
    }
    free(l->journal);
    free(l);
}

static const struct store_ops lmdb_ops = {
    .read = lmdb_read,
    .seek = lmdb_seek,
    .write = lmdb_write,
    .remove = lmdb_remove,
    .begin = lmdb_begin,
    .commit = lmdb_commit,
    .abort = lmdb_abort,
    .close = lmdb_close,
};

/* ---- the format: a table of LMDB with one row ---- */

static const char format_table[] = "format", format_row[] = "number";

/* Which format the database has; 0 if no number is there. Returns a code of LMDB. */
static int format_read(const struct lmdb *l, uint32_t *format)
{
    MDB_val row = val_of(format_row, sizeof(format_row) - 1);
    MDB_val found;
    MDB_txn *txn;
    MDB_dbi table;
    int code = mdb_txn_begin(l->mdb, NULL, MDB_RDONLY, &txn);

    *format = 0;
    if (code != MDB_SUCCESS) {
        return code;
    }
    code = mdb_dbi_open(txn, format_table, 0, &table);
    if (code == MDB_SUCCESS) {
        code = mdb_get(txn, table, &row, &found);
    }
    if (code == MDB_SUCCESS && found.mv_size == sizeof(*format)) {
        *format = be32_read(found.mv_data);
    }
    mdb_txn_abort(txn);
    return code == MDB_NOTFOUND ? MDB_SUCCESS : code;
}

static int format_write(MDB_txn *txn)
{
    uint8_t format[4];
    MDB_val row = val_of(format_row, sizeof(format_row) - 1);
    MDB_val value = val_of(format, sizeof(format));
    MDB_dbi table;
    int code = mdb_dbi_open(txn, format_table, MDB_CREATE, &table);

    be32_write(format, STORE_FORMAT);
    return code == MDB_SUCCESS ? mdb_put(txn, table, &row, &value, 0) : code;
}

/* ---- opening ---- */

/* Nothing is written where nothing is missing. */
static int tables_open(struct lmdb *l, uint32_t format)
{
    MDB_txn *txn;
    int code = mdb_txn_begin(l->mdb, NULL, 0, &txn);

    if (code != MDB_SUCCESS) {
        return code;
    }
    for (size_t i = 0; i < STORE_TABLE_COUNT && code == MDB_SUCCESS; i++) {
        code = mdb_dbi_open(txn, store_table_name((enum store_table)i), MDB_CREATE, &l->tables[i]);
    }
    if (code == MDB_SUCCESS && format < STORE_FORMAT) {
        code = format_write(txn);
    }
    if (code != MDB_SUCCESS) {
        mdb_txn_abort(txn);
        return code;
    }
    return mdb_txn_commit(txn);
}

/* LMDB would say it to a developer, and abort. */
static void on_assertion(MDB_env *mdb, const char *what)
{
    (void)mdb;
    (void)what;
    map_guard_end();
}

static int database_open(struct lmdb *l, const char *path, char *error, size_t error_size)
{
    uint32_t format = 0;
    int code = mdb_env_create(&l->mdb);

    if (code == MDB_SUCCESS) {
        code = mdb_env_set_maxdbs(l->mdb, STORE_TABLE_COUNT + 1);
    }
    if (code == MDB_SUCCESS) {
        code = mdb_env_set_mapsize(l->mdb, MAP_SIZE_FIRST);
    }
    if (code == MDB_SUCCESS) {
        code = mdb_env_set_assert(l->mdb, on_assertion);
    }
    map_guard_enter();
    if (code == MDB_SUCCESS) {
        code = mdb_env_open(l->mdb, path, MDB_NOLOCK | MDB_NOTLS, S_IRUSR | S_IWUSR);
    }
    if (code == MDB_SUCCESS) {
        code = format_read(l, &format);
    }
    if (code == MDB_SUCCESS && format <= STORE_FORMAT) {
        code = tables_open(l, format);
    }
    map_guard_leave();
    if (code == MDB_SUCCESS && format > STORE_FORMAT) {
        (void)snprintf(error, error_size,
                       "the state in %s was written by a newer version (format %u, this one knows "
                       "%d) and is left as it is; install that version again, or restore a backup "
                       "of this one",
                       path, (unsigned)format, STORE_FORMAT);
        errno = EUCLEAN;
        return ERR_SYSTEM;
    }
    if (code != MDB_SUCCESS) {
        code = cause_of(l, code);
        (void)snprintf(error, error_size, "cannot open the database in %s: %s%s", path,
                       mdb_strerror(code), store_place_remedy(code));
        errno = code > 0 ? code : EUCLEAN; /* LMDB's own codes are negative */
        return code == ENOMEM ? ERR_NOMEM : ERR_SYSTEM;
    }
    return ERR_OK;
}

int store_lmdb_open(struct store **out, const char *path, const struct env *env, char *error,
                    size_t error_size)
{
    struct lmdb *l = calloc(1, sizeof(*l));
    int rc;

    *out = NULL;
    if (l == NULL) {
        (void)snprintf(error, error_size, "out of memory");
        return ERR_NOMEM;
    }
    l->lock_fd = -1;
    l->env = env;
    l->store.ops = &lmdb_ops;
    l->store.context = l;
    l->store.env = env;
    rc = store_place_take(&l->lock_fd, path, env, error, error_size);
    if (rc == ERR_OK) {
        rc = database_open(l, path, error, error_size);
    }
    if (rc != ERR_OK) {
        int cause = errno;
        lmdb_close(&l->store);
        errno = cause;
        return rc;
    }
    *out = &l->store;
    return ERR_OK;
}

/* ---- a copy ---- */

int store_lmdb_copy(struct store *store, const char *path, struct fault *fault)
{
    const struct lmdb *l = lmdb_of(store);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    int code;

    if (fd < 0) {
        fault_set_errno(fault, "cannot make %s", path);
        return ERR_SYSTEM;
    }
    map_guard_enter();
    code = mdb_env_copyfd(l->mdb, fd);
    map_guard_leave();
    if (close(fd) != 0 && code == MDB_SUCCESS) {
        code = errno;
    }
    if (code != MDB_SUCCESS) {
        (void)unlink(path);
        fault_set(fault, EXIT_CODE_FAILURE, "cannot write %s: %s%s", path, mdb_strerror(code),
                  store_place_remedy(code));
        return ERR_SYSTEM;
    }
    return ERR_OK;
}
