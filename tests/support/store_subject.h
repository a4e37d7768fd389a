/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A store and what is needed to open it again, so that a case runs on both implementations. For
 * cmocka tests.
 */
#pragma once

#include "rendezvous/store/store.h"
#include "tests/support/env.h"

#include <stdbool.h>
#include <stddef.h>

struct subject {
    struct test_env ports;
    struct store *store;
    char path[64]; /* LMDB only */
    bool lmdb;
};

/** Open the store of a subject whose store is closed. */
void subject_open(struct subject *h);

/** Make a subject with a new store: of LMDB in a new folder below /tmp, or of memory. */
void subject_init(struct subject *h, bool lmdb);

/** Remove a file of a folder, if it is there. */
void subject_remove(const char *path, const char *name);

/** Close the store and remove its folder. The test fails if something else was left there. */
void subject_fini(struct subject *h);

/** What a killed program leaves: for LMDB all handles are closed without a commit. */
void subject_crash(struct subject *h);

/** Write, or remove, a value. */
void subject_put(struct subject *h, enum store_table table, const char *key, const char *value);
void subject_del(struct subject *h, enum store_table table, const char *key);

/** The value as text, "-" if there is none. */
const char *subject_get(struct subject *h, enum store_table table, const char *key, char text[64]);

/** All keys from `from` on, separated by blanks. */
const char *subject_keys_from(struct subject *h, enum store_table table, const char *from,
                              char text[256]);

#define assert_value(h, table, key, want)                                                          \
    do {                                                                                           \
        char text_[64];                                                                            \
        assert_string_equal(subject_get((h), (table), (key), text_), (want));                      \
    } while (0)

#define assert_keys(h, table, from, want)                                                          \
    do {                                                                                           \
        char keys_[256];                                                                           \
        assert_string_equal(subject_keys_from((h), (table), (from), keys_), (want));               \
    } while (0)
