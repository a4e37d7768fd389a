/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A directory entry: all that the store has about one key, and its removal. What is there was
 * written by us; what does not decode (the disk is at fault) counts as not there.
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
    DIRECTORY_REASON_LEFT = 2,    /* went; may come again with an invite */
};

/** A directory entry as it travels in a Member message. Sizes are 0 for parts that are not there:
 * a revoked or departed one has only its revocation. */
struct directory_entry {
    uint8_t key[KEY_SIZE];
    char name[NAME_TEXT_SIZE]; /* granted name; of a revoked one: the name it had, if any */
    uint64_t sequence;         /* of its latest change */
    uint64_t expires_ms;       /* of the admission */
    size_t member_part_size, admission_size, revocation_size;
    uint8_t member_part[RECORD_SIGNED_SIZE_MAX];
    uint8_t admission[RECORD_OTHER_SIGNED_SIZE_MAX];
    uint8_t revocation[RECORD_OTHER_SIGNED_SIZE_MAX];
};

/** Load what the store has about a key; sizes stay 0 for what is not there or not readable. */
int directory_load(struct directory *directory, const uint8_t key[KEY_SIZE],
                   struct directory_entry *out) MUST_CHECK;

/** True if the entry holds an admission that no revocation overrules. */
bool directory_entry_is_member(const struct directory_entry *entry);

/** True if the entry is of one who was thrown out. One who left has a revocation, too, which
 * watchers must see, but may come again. */
bool directory_entry_is_revoked(const struct directory_entry *entry);

/** Decode the member part of an entry; false if there is none. */
bool directory_entry_part(const struct directory_entry *entry, struct record_member *out);

/** Inside a transaction: remove a member's records beside a revocation, which keeps its name; the
 * name and the addresses become free for others. */
int directory_member_remove(struct directory *directory,
                            const struct directory_entry *entry) MUST_CHECK;

/** Inside a transaction: remove a revocation and what is remembered with it. */
int directory_revocation_remove(struct directory *directory,
                                const uint8_t key[KEY_SIZE]) MUST_CHECK;
