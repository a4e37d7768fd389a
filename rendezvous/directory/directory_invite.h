/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Invites. An invite is 16 random bytes; only its maker and those who were given it know them. The
 * store keeps a hash of the bytes (docs/protocol.md, section 14) and the terms. Somebody who reads
 * the store can therefore not join with what is there.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/key_form.h"
#include "proto/wire/name.h"
#include "proto/wire/url.h"
#include "proto/wire/verdict.h"
#include "rendezvous/directory/directory_groups.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct directory;

enum {
    DIRECTORY_INVITE_ID_SIZE = KEY_SHORT_SIZE, /* the hash is as long as a key, and is shortened
                                                * like one */
    DIRECTORY_INVITE_HASH_SIZE = 32,
    DIRECTORY_INVITE_VALUE_SIZE_MAX = 4 + 8 + 1 + NAME_SIZE_MAX + 8 + 4 + KEY_SIZE + 1 +
                                      DIRECTORY_NOTE_SIZE_MAX + DIRECTORY_GROUPS_ROW_SIZE_MAX +
                                      8, /* the terms */
};

/** What an invite allows. */
struct directory_terms {
    uint32_t uses;              /* how many may join with it; 0 counts as 1 */
    uint64_t expires_ms;        /* wall clock; 0: never */
    char name[NAME_TEXT_SIZE];  /* the name that is granted; empty: the wanted one */
    uint64_t made_ms;           /* set by directory_invite: wall clock; 0: by an older version */
    uint32_t uses_at_first;     /* set by directory_invite; 0: by an older version */
    uint8_t replaces[KEY_SIZE]; /* set by directory_invite: the member that had the name then, and
                                   loses its place to who joins; zeros: nobody */
    char note[DIRECTORY_NOTE_TEXT_SIZE]; /* the operator's, which members get who join with it */
    struct directory_groups groups;      /* in which these members are */
    uint64_t ends_ms;                    /* when their membership ends; 0: never */
};

/** Make an invite. Its bytes go to the caller and nowhere else; they mean nothing on error. *terms
 * become those that are kept.
 * BAD_REQUEST: name_problem refuses the name, a time is past, or the note is none. LIMIT: the store
 * has as many invites as the configuration allows. UNAVAILABLE: the store failed. */
enum verdict directory_invite(struct directory *directory, struct directory_terms *terms,
                              uint8_t invite[INVITE_SIZE]);

/** The name of an invite in logs: ten characters of its hash, with which nobody can join. Returns
 * id. */
const char *directory_invite_id(const uint8_t invite[INVITE_SIZE],
                                char id[DIRECTORY_INVITE_ID_SIZE]);

/** One invite of the listing. */
struct directory_invite_row {
    char id[DIRECTORY_INVITE_ID_SIZE];
    struct directory_terms terms; /* uses: how many are left */
};

/** The next invite that may still be used. `at` is where the listing is: begin with all zero, and
 * leave it alone between calls. NOT_FOUND at the end, UNAVAILABLE. */
enum verdict directory_invite_next(struct directory *directory,
                                   uint8_t at[DIRECTORY_INVITE_HASH_SIZE],
                                   struct directory_invite_row *out);

/** Withdraw the invite with this id: nobody can join with it any more. Who joined with it stays.
 * NOT_FOUND (unknown, used up or expired), UNAVAILABLE. */
enum verdict directory_uninvite(struct directory *directory, const char *id);

/** An invite that may still be used, as directory_invite_find gives it to directory_invite_use. */
struct directory_open_invite {
    uint8_t hash[DIRECTORY_INVITE_HASH_SIZE];
    struct directory_terms terms; /* uses: how many are left */
};

/** Find an invite of size bytes (NULL: none) that may still be used. *found is false on error, and
 * if the invite is unknown, used up or expired. *out has a meaning only if *found is true.
 * ERR_NOMEM, ERR_SYSTEM. */
int directory_invite_find(struct directory *directory, const uint8_t *invite, size_t size,
                          struct directory_open_invite *out, bool *found) MUST_CHECK;

/** True if an invite that may still be used grants this name. ERR_NOMEM, ERR_SYSTEM. */
int directory_invite_reserves(struct directory *directory, const char *name,
                              bool *reserved) MUST_CHECK;

/** Use the invite once, inside a transaction. Its last use removes it from the store; the caller
 * counts the invites that are left. ERR_NOMEM, ERR_SYSTEM. */
int directory_invite_use(struct directory *directory,
                         const struct directory_open_invite *invite) MUST_CHECK;

/** True if the value of a row of the table INVITES (size bytes) is well-formed and the invite may
 * still be used at now_ms (wall clock). */
bool directory_invite_open(const uint8_t *value, size_t size, uint64_t now_ms);
