/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names and addresses of members: the tables NAMES and ADDRESSES of the store. This file does not
 * look at the records of the keys to which they lead.
 *
 * All functions: ERR_NOMEM, ERR_SYSTEM of the store.
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

/** For so long a freed name is given only to the key that had it. */
#define DIRECTORY_NAME_FREED_MS (UINT64_C(30) * 24 * 3600 * 1000)

enum { DIRECTORY_NAME_VALUE_SIZE = KEY_SIZE + 8 /* key and freed_ms, in the store */ };

/** What NAMES has under a name. */
struct directory_name {
    uint8_t key[KEY_SIZE];
    uint64_t freed_ms; /* wall clock; 0: the key holds the name */
    bool found;        /* false: nobody holds the name or held it; the rest is 0 */
};

/** Who holds a name, or held it until it was freed. */
int directory_name_read(struct directory *directory, const char *name,
                        struct directory_name *out) MUST_CHECK;

/** Give a name to a key. */
int directory_name_hold(struct directory *directory, const char *name,
                        const uint8_t key[KEY_SIZE]) MUST_CHECK;

/** Note that the key, which held the name, lost it now. */
int directory_name_free(struct directory *directory, const char *name,
                        const uint8_t key[KEY_SIZE]) MUST_CHECK;

/** Forget who held a name: anybody may get it. */
int directory_name_remove(struct directory *directory, const char *name) MUST_CHECK;

/** True if a key may get the name without the operator's word: nobody holds it, or the key had it
 * last, or it was freed DIRECTORY_NAME_FREED_MS ago. */
bool directory_name_is_free(const struct directory *directory, const struct directory_name *name,
                            const uint8_t key[KEY_SIZE]);

/** Inside a transaction: give the key its own IPv6 and the fixed addresses that its part `now`
 * claims, but those that another key holds. What only its former part `before` (NULL: none) claimed
 * becomes free. */
int directory_addresses_move(struct directory *directory, const uint8_t key[KEY_SIZE],
                             const struct record_member *before,
                             const struct record_member *now) MUST_CHECK;

/** Inside a transaction: the key's own IPv6 and the fixed addresses that it holds of those which
 * its part `before` (NULL: none) claims become free. */
int directory_addresses_free(struct directory *directory, const uint8_t key[KEY_SIZE],
                             const struct record_member *before) MUST_CHECK;

/** Inside a transaction: look at one row of NAMES (name_size and size bytes) at now_ms. It is
 * removed if the name was freed long enough ago. If it was freed under a clock that was not set (in
 * 1970), it counts as freed now. Else nothing happens. */
int directory_name_expire(struct directory *directory, const char *name, size_t name_size,
                          const uint8_t *value, size_t size, uint64_t now_ms) MUST_CHECK;

/** Whose address this is: a key-derived IPv6, or a fixed one by its EUI-64. key is meaningful only
 * if *found. */
int directory_address_read(struct directory *directory, const uint8_t address[16],
                           uint8_t key[KEY_SIZE], bool *found) MUST_CHECK;
