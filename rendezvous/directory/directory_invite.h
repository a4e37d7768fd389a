/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Invites: 16 random bytes, known to who made the invite and to whom it was given. The store keeps
 * their hash (docs/protocol.md, section 14) and the terms.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/key_form.h"
#include "proto/wire/name.h"
#include "proto/wire/url.h"
#include "proto/wire/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct directory;

enum {
    DIRECTORY_INVITE_ID_SIZE = KEY_SHORT_SIZE, /* by which an invite is spoken of: its hash is as
                                                * long as a key, and is shortened like one */
    DIRECTORY_INVITE_HASH_SIZE = 32,
    DIRECTORY_INVITE_VALUE_SIZE_MAX = 4 + 8 + 1 + NAME_SIZE_MAX, /* of the terms in the store */
};

struct directory_terms {
    uint32_t uses;             /* how many may join with it; 0 counts as 1 */
    uint64_t expires_ms;       /* wall clock; 0: never */
    char name[NAME_TEXT_SIZE]; /* the name to be granted, empty: the wanted one */
};

/** Make an invite. The 16 bytes are known to nobody but the caller: the store keeps their hash.
 * BAD_REQUEST (name not a label or reserved, expiry in the past), LIMIT, UNAVAILABLE. */
enum verdict directory_invite(struct directory *directory, const struct directory_terms *terms,
                              uint8_t invite[INVITE_SIZE]);

/** By what an invite may be called in a log: ten characters of its hash, which nobody can join
 * with. Returns id. */
const char *directory_invite_id(const uint8_t invite[INVITE_SIZE],
                                char id[DIRECTORY_INVITE_ID_SIZE]);

/** What of an invite is to be used. */
struct directory_open_invite {
    uint8_t hash[DIRECTORY_INVITE_HASH_SIZE];
    struct directory_terms terms; /* uses: how many are left */
};

/** Find an invite that may still be used; *found false otherwise. */
int directory_invite_find(struct directory *directory, const uint8_t *invite, size_t size,
                          struct directory_open_invite *out, bool *found) MUST_CHECK;

/** Inside a transaction: use it once. */
int directory_invite_use(struct directory *directory,
                         const struct directory_open_invite *invite) MUST_CHECK;

/** True if what the store has of an invite (size bytes) is what we write, and still to be used. */
bool directory_invite_open(const uint8_t *value, size_t size, uint64_t now_ms);
