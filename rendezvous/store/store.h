/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where programs keep what must survive a restart: a few tables of byte strings ordered by key
 * (shorter first where one is a prefix of the other, else as memcmp says). A port with several
 * houses: store_memory.h (tests, simulator) and store_lmdb.h (default).
 *
 * Changes are made in transactions, at most one at a time: either all of a transaction is there
 * after a crash or nothing of it. A change outside store_begin/store_commit is a transaction of
 * its own. Reads inside a transaction see its changes. Not thread-safe: one thread owns a store.
 *
 * Every function that can fail returns ERR_SYSTEM or ERR_NOMEM (the cause was traced); a failed
 * write or commit aborts the whole transaction: nothing of it remains, and store_commit of it
 * fails too, so that a caller may check only there.
 */
#pragma once

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The tables. Never renumber: LMDB keeps them by the names in store.c, tests by number. */
enum store_table {
    STORE_TABLE_META,         /* format, sequences, counters of an owner */
    STORE_TABLE_MEMBERS,      /* entry point: key -> member part, signed by the member */
    STORE_TABLE_ADMISSIONS,   /* entry point: key -> admission as signed */
    STORE_TABLE_INVITES,      /* entry point: hash of the invite -> terms */
    STORE_TABLE_REVOCATIONS,  /* entry point: key -> revocation as signed */
    STORE_TABLE_NAMES,        /* entry point: name -> key, instant when it was freed */
    STORE_TABLE_ADDRESSES,    /* entry point: key IPv6 or EUI-64 -> key */
    STORE_TABLE_CHANGES,      /* entry point: sequence -> key */
    STORE_TABLE_SESSIONS,     /* host: peer key -> last handshake timestamp */
    STORE_TABLE_ZIGLANS,      /* host: ziglan key -> what is known of a joined ziglan */
    STORE_TABLE_ROSTER,       /* host: ziglan key, member key -> what was verified */
    STORE_TABLE_BINDINGS,     /* host: ziglan key, name -> the key first seen under it */
    STORE_TABLE_ADDRESS_BOOK, /* host: peer key -> local addresses given to it */
    STORE_TABLE_FORMER,       /* entry point: key with a revocation -> the name it had */
    STORE_TABLE_COUNT,
};

enum {
    STORE_KEY_SIZE_MAX = 128,    /* keys are 1 to 128 bytes */
    STORE_VALUE_SIZE_MAX = 8192, /* values are 0 to 8192 bytes */
};

/** Size that store_read and store_next report where there is nothing. */
#define STORE_NONE SIZE_MAX

/** A position in a table. After store_next found something, key/key_size are its key. It holds no
 * resource and stays valid across any change of the table. */
struct store_cursor {
    enum store_table table;
    bool started;
    size_t key_size;
    uint8_t key[STORE_KEY_SIZE_MAX];
};

struct store;

/** What a house implements; callers use the functions below. seek finds the first key that is not
 * before `key` (after it, if `beyond`); key_size 0 is before everything. */
struct store_ops {
    int (*read)(struct store *store, enum store_table table, const void *key, size_t key_size,
                void *value, size_t capacity, size_t *size);
    int (*seek)(struct store *store, enum store_table table, const void *key, size_t key_size,
                bool beyond, struct store_cursor *found, void *value, size_t capacity,
                size_t *size);
    int (*write)(struct store *store, enum store_table table, const void *key, size_t key_size,
                 const void *value, size_t size);
    int (*remove)(struct store *store, enum store_table table, const void *key, size_t key_size);
    int (*begin)(struct store *store);
    int (*commit)(struct store *store);
    void (*abort)(struct store *store);
    void (*close)(struct store *store);
};

struct store {
    const struct store_ops *ops;
    void *context; /* the house's own */
    bool writing;  /* between begin and commit/abort */
    int failed;    /* first error of the open transaction, ERR_OK if none */
};

/**
 * Copy the value of a key. *size is its size, or STORE_NONE if there is none (which is ERR_OK).
 * A value larger than `capacity` is ERR_SYSTEM: the store holds something that we never wrote.
 */
int store_read(struct store *store, enum store_table table, const void *key, size_t key_size,
               void *value, size_t capacity, size_t *size) MUST_CHECK;

/** Set the value of a key, new or not. */
int store_write(struct store *store, enum store_table table, const void *key, size_t key_size,
                const void *value, size_t size) MUST_CHECK;

/** Remove a key; it is no error if there is none. */
int store_remove(struct store *store, enum store_table table, const void *key,
                 size_t key_size) MUST_CHECK;

/** A cursor before the first key that is not before `from` (size 0: before the first of all). */
struct store_cursor store_cursor_from(enum store_table table, const void *from, size_t from_size);

/** Go to the next key and copy its value. *size is STORE_NONE at the end of the table. */
int store_next(struct store *store, struct store_cursor *cursor, void *value, size_t capacity,
               size_t *size) MUST_CHECK;

/** Begin a transaction. None may be open. */
int store_begin(struct store *store) MUST_CHECK;

/** Make everything since store_begin permanent at once (on LMDB: on the disk when this returns).
 * On an error nothing of it remains. The transaction is closed either way. */
int store_commit(struct store *store) MUST_CHECK;

/** Forget everything since store_begin. */
void store_abort(struct store *store);

/** Close and free the store; an open transaction is aborted. NULL is legal. */
void store_close(struct store *store);

/** The table's name ("members"), for LMDB and traces. */
const char *store_table_name(enum store_table table);
