/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where programs keep what must survive a restart: a few tables of byte strings, ordered by key as
 * memcmp orders them (a key that is a prefix of another comes first). This is a port with two
 * implementations: lmdb/store_lmdb.h for the programs, store_memory.h for tests and the simulator.
 *
 * Changes are made in transactions, at most one at a time. After a crash either all of a
 * transaction is there or nothing of it. A change outside store_begin and store_commit is a
 * transaction of its own. Reads inside a transaction see its changes. One thread owns a store.
 *
 * Every function that can fail returns ERR_SYSTEM or ERR_NOMEM, and has traced the cause. After a
 * failed write or remove nothing of its transaction will remain: further changes return the same
 * error, and so does store_commit. A caller may therefore check there only.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The tables, with who uses each, and key -> value. On a disk a table is found by its name in
 * store.c, which therefore never changes; the numbers may. */
enum store_table {
    STORE_TABLE_META,         /* both: text -> a single value, such as a sequence */
    STORE_TABLE_MEMBERS,      /* entry point: key -> member part, signed by the member */
    STORE_TABLE_ADMISSIONS,   /* entry point: key -> admission as signed */
    STORE_TABLE_INVITES,      /* entry point: hash of the invite -> terms */
    STORE_TABLE_REVOCATIONS,  /* entry point: key -> revocation as signed */
    STORE_TABLE_NAMES,        /* entry point: name -> key, and when it was freed */
    STORE_TABLE_ADDRESSES,    /* entry point: key IPv6 or EUI-64 -> key */
    STORE_TABLE_CHANGES,      /* entry point: sequence -> key */
    STORE_TABLE_SESSIONS,     /* host: peer key -> last handshake timestamp */
    STORE_TABLE_ZIGLANS,      /* host: ziglan key -> what is known of a joined ziglan */
    STORE_TABLE_ROSTER,       /* host: ziglan key, member key -> what was verified */
    STORE_TABLE_BINDINGS,     /* host: ziglan key, name -> the key first seen under it */
    STORE_TABLE_ADDRESS_BOOK, /* host: peer key -> local addresses given to it */
    STORE_TABLE_CONTACTS,     /* host: key of a peer that its user named -> its name */
    STORE_TABLE_RELAYS,       /* host: key of a relay that its user pinned -> its URL */
    STORE_TABLE_BLOCKS,       /* host: key that its user blocked -> nothing */
    STORE_TABLE_FORMER,       /* entry point: key with a revocation -> the name it had */
    STORE_TABLE_NODES,        /* relay: key -> another relay's record and who attests to it */
    STORE_TABLE_DETAILS,      /* entry point: key -> what its operator keeps of a member */
    STORE_TABLE_USE,          /* entry point: key -> when a member was here last, its bytes */
    STORE_TABLE_ALLOWED,      /* entry point: key -> who may join without an invite, and as what */
    STORE_TABLE_COUNT,
};

enum {
    STORE_KEY_SIZE_MAX = 128,    /* keys are 1 to 128 bytes */
    STORE_VALUE_SIZE_MAX = 8192, /* values are 0 to 8192 bytes */
};

/** The size that store_read and store_next report where there is nothing. */
#define STORE_NONE SIZE_MAX

/** A position in a table, made by store_cursor_from. After store_next found something, `key` is its
 * key. A cursor holds no resource and stays valid across any change of the table. */
struct store_cursor {
    enum store_table table;
    bool started; /* store_next looks behind `key`, no longer at it */
    size_t key_size;
    uint8_t key[STORE_KEY_SIZE_MAX];
};

struct store;

/** What an implementation provides; callers use the functions below, which check the arguments and
 * keep `writing` and `failed`. read and seek get *size as STORE_NONE and leave it if they find
 * nothing. seek finds the first key that is not before `key` (with `beyond`: the first after it);
 * key_size 0 is before everything. write and remove are called inside a transaction only. */
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
    void *context;         /* the implementation's own */
    const struct env *env; /* borrowed, for traces; NULL: none */
    bool writing;          /* between begin and commit/abort */
    int failed;            /* first error of the open transaction, ERR_OK if none */
};

/**
 * Copy the value of a key. *size is its size, or STORE_NONE if the key is not there (this, too, is
 * ERR_OK, and leaves `value` as it was). A value larger than `capacity` bytes is ERR_SYSTEM: the
 * store holds something that we never wrote.
 */
int store_read(struct store *store, enum store_table table, const void *key, size_t key_size,
               void *value, size_t capacity, size_t *size) MUST_CHECK;

/**
 * Copy the value of a key that has min to max (at most STORE_VALUE_SIZE_MAX) bytes. *size is its
 * size, or STORE_NONE, with `value` as it was, if it is not there. One of another size, which
 * another version may have written, is as one that is not there, and is told in the log.
 */
int store_read_sized(struct store *store, enum store_table table, const void *key, size_t key_size,
                     void *value, size_t min, size_t max, size_t *size) MUST_CHECK;

/** Set the value of a key, whether or not it is there already. */
int store_write(struct store *store, enum store_table table, const void *key, size_t key_size,
                const void *value, size_t size) MUST_CHECK;

/** Remove a key. To remove one that is not there is ERR_OK. */
int store_remove(struct store *store, enum store_table table, const void *key,
                 size_t key_size) MUST_CHECK;

/** A cursor for which store_next begins at `from`, or at the first key after it if `from` is not
 * there. from_size 0: at the first key of the table. */
struct store_cursor store_cursor_from(enum store_table table, const void *from, size_t from_size);

/** Go to the next key and copy its value; errors as those of store_read, which leave the cursor
 * where it is. *size is STORE_NONE at the end of the table, where the cursor keeps its last key. */
int store_next(struct store *store, struct store_cursor *cursor, void *value, size_t capacity,
               size_t *size) MUST_CHECK;

/** The same, but keys whose value does not fit are passed over, which is told in the log. */
int store_next_fitting(struct store *store, struct store_cursor *cursor, void *value,
                       size_t capacity, size_t *size) MUST_CHECK;

/** Begin a transaction. None may be open. On an error none is. */
int store_begin(struct store *store) MUST_CHECK;

/** End the transaction and make all its changes permanent (with LMDB they are on the disk when this
 * returns). On an error nothing of them remains; the transaction has ended all the same. */
int store_commit(struct store *store) MUST_CHECK;

/** End the transaction and undo all its changes. */
void store_abort(struct store *store);

/** Close and free the store; an open transaction is aborted. NULL is legal. */
void store_close(struct store *store);

/** The name under which a table stands on a disk ("members"). */
const char *store_table_name(enum store_table table);
