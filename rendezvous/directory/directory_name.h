/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names and addresses of members: the indexes NAMES and ADDRESSES of the store. They know nothing
 * of the records that they lead to.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "proto/wire/name.h"
#include "proto/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct directory;

/** How long a freed name is given to nobody else. */
#define DIRECTORY_NAME_FREED_MS (UINT64_C(30) * 24 * 3600 * 1000)

struct directory_name {
    uint8_t key[KEY_SIZE];
    uint64_t freed_ms; /* 0: held */
    bool found;
};

/** Who holds a name, or held it until it was freed. */
int directory_name_read(struct directory *directory, const char *name,
                        struct directory_name *out) MUST_CHECK;

/** Give a name to a key (freed_ms 0), or note when it was freed. */
int directory_name_write(struct directory *directory, const char *name, const uint8_t key[KEY_SIZE],
                         uint64_t freed_ms) MUST_CHECK;

/** A free name for the key: `base` or the next best. found false if there is none. */
int directory_name_pick(struct directory *directory, const uint8_t key[KEY_SIZE], const char *base,
                        char name[NAME_TEXT_SIZE], bool *found) MUST_CHECK;

/** Inside a transaction: the key's addresses are those of its part `now`; `before` (NULL: none)
 * is its former part, whose other claims become free. A claim that another key holds stays its. */
int directory_addresses_move(struct directory *directory, const uint8_t key[KEY_SIZE],
                             const struct record_member *before,
                             const struct record_member *now) MUST_CHECK;

/** Inside a transaction: all addresses of the key become free. */
int directory_addresses_free(struct directory *directory, const uint8_t key[KEY_SIZE],
                             const struct record_member *before) MUST_CHECK;

/** Inside a transaction: a stored name (name_size bytes) and its value, met by a sweep at now_ms. A
 * name that was freed long enough ago is removed; one that was freed in 1970, before the clock was
 * set, counts as freed now. */
int directory_name_expire(struct directory *directory, const char *name, size_t name_size,
                          const uint8_t *value, size_t size, uint64_t now_ms) MUST_CHECK;

/** Whose address it is: a key-derived IPv6, or a fixed one by its EUI-64. */
int directory_address_read(struct directory *directory, const uint8_t address[16],
                           uint8_t key[KEY_SIZE], bool *found) MUST_CHECK;
