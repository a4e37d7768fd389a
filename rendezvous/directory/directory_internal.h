/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the directory share. Nobody else includes this.
 *
 * In the store, the truth is MEMBERS (key -> member part), ADMISSIONS (key -> admission),
 * REVOCATIONS (key -> revocation, also of those who left), FORMER (key -> the name that went with
 * it), INVITES, and the freed entries of NAMES. The rest are indexes that directory_repair can make
 * anew: NAMES      name -> key(32) freed_ms(8), freed_ms 0 while the name is held ADDRESSES  key
 * IPv6(16) -> key(32), EUI-64(8) -> key(32) CHANGES    sequence(8) -> key(32); the sequence of an
 * entry is that in the header of its admission, or of its revocation
 */
#pragma once

#include "proto/wire/record.h"
#include "rendezvous/directory/directory.h"

enum {
    DIRECTORY_SWEEP_COUNT = 256, /* keys that one directory_expire looks at, per table */
    DIRECTORY_INVITE_HASH_SIZE = 32,
};

struct directory {
    struct store *store;
    const struct env *env;
    const struct identity *identity;
    uint8_t ziglan_key[KEY_SIZE];
    uint32_t member_max, invite_max;
    uint64_t sequence;
    uint64_t settled_ms; /* the wall clock that deletions believe, as told last; 0: none yet */
    uint32_t member_count, revoked_count, invite_count;
    bool grouped; /* a group of joins is open; before it began: */
    uint64_t group_sequence;
    uint32_t group_member_count, group_revoked_count, group_invite_count;
    struct store_cursor sweep_invites, sweep_names, sweep_revocations;
};

/* ---- directory.c ---- */

/** Load what the store has about a key; sizes stay 0 for what is not there or not readable. */
int directory_load(struct directory *directory, const uint8_t key[KEY_SIZE],
                   struct directory_entry *out) MUST_CHECK;

/** True if the entry holds an admission that no revocation overrules. */
bool directory_entry_is_member(const struct directory_entry *entry);

/** Decode the member part of an entry; false if there is none. */
bool directory_entry_part(const struct directory_entry *entry, struct record_member *out);

/** Commit if rc is ERR_OK, else abort. Returns the outcome. */
int directory_finish(struct directory *directory, int rc) MUST_CHECK;

/** Trace a failure of our own. Returns VERDICT_UNAVAILABLE. */
enum verdict directory_unavailable(const struct directory *directory, const char *what, int rc);

/** The number for a change: larger than all before, and at least the wall clock, so that it grows
 * even over the loss of a store. It is the directory's once it is committed. */
uint64_t directory_sequence_next(const struct directory *directory);

/** Inside a transaction: the entry's latest change moves from sequence `before` (0: none) to
 * `sequence`, which becomes the stored one of the directory. */
int directory_mark(struct directory *directory, const uint8_t key[KEY_SIZE], uint64_t before,
                   uint64_t sequence) MUST_CHECK;

/** Inside a transaction: remove a member's records beside a revocation, which keeps its name; the
 * name and the addresses become free for others. */
int directory_member_remove(struct directory *directory,
                            const struct directory_entry *entry) MUST_CHECK;

/** Inside a transaction: remove a revocation and what is remembered with it. */
int directory_revocation_remove(struct directory *directory,
                                const uint8_t key[KEY_SIZE]) MUST_CHECK;

/* ---- directory_name.c ---- */

/** A name freed before this (2025-01-01) was freed under a clock that was wrong. */
#define DIRECTORY_FREED_MS_MIN UINT64_C(1735689600000)

struct directory_name {
    uint8_t key[KEY_SIZE];
    uint64_t freed_ms; /* 0: held */
    bool found;
};

/** True if a name freed then may be somebody else's at now_ms. */
bool directory_name_quarantine_over(uint64_t freed_ms, uint64_t now_ms);

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

/* ---- directory_invite.c ---- */

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

/* ---- directory_repair.c ---- */

/** Count what is there, make the indexes fit it, and find the sequence. */
int directory_repair(struct directory *directory) MUST_CHECK;
