/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A directory entry: all that the store has about one key, and its removal. Only the directory
 * writes these records, so one that does not decode was damaged on the disk; it counts as absent.
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

/** Reasons in revocations. */
enum directory_reason {
    DIRECTORY_REASON_REVOKED = 1, /* thrown out; stays out */
    DIRECTORY_REASON_LEFT = 2,    /* left by itself; may come again with an invite */
};

/** What the store has about a key. The records are the signed bytes, as they travel in a Member
 * message; the size of one that is absent is 0. Who was revoked or left has only a revocation. */
struct directory_entry {
    uint8_t key[KEY_SIZE];
    char name[NAME_TEXT_SIZE]; /* granted name; with a revocation the one it had; or empty */
    uint64_t sequence;         /* of its latest change */
    uint64_t expires_ms;       /* of the admission */
    size_t member_part_size, admission_size, revocation_size;
    uint8_t member_part[RECORD_SIGNED_SIZE_MAX];
    uint8_t admission[RECORD_OTHER_SIGNED_SIZE_MAX];
    uint8_t revocation[RECORD_OTHER_SIGNED_SIZE_MAX];
};

/** Load what the store has about a key; sizes are 0 for what is absent or damaged. ERR_NOMEM,
 * ERR_SYSTEM: *out is then not meaningful. */
int directory_load(struct directory *directory, const uint8_t key[KEY_SIZE],
                   struct directory_entry *out) MUST_CHECK;

/** True if the entry holds an admission that no revocation overrules. */
bool directory_entry_is_member(const struct directory_entry *entry);

/** True if the entry is of one who was thrown out. Who left has a revocation, too, so that watchers
 * hear of it, but is not revoked in this sense: it may come again. */
bool directory_entry_is_revoked(const struct directory_entry *entry);

/** Decode the member part of an entry; false if it is absent or damaged. */
bool directory_entry_part(const struct directory_entry *entry, struct record_member *out);

/** Inside a transaction that has written a revocation: remove all that a member has. Its addresses
 * become free at once, its name in 30 days; FORMER keeps the name for the listing. */
int directory_member_remove(struct directory *directory,
                            const struct directory_entry *entry) MUST_CHECK;

/** Inside a transaction: remove a revocation and the former name that is kept with it. */
int directory_revocation_remove(struct directory *directory,
                                const uint8_t key[KEY_SIZE]) MUST_CHECK;
