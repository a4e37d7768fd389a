/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The directory of a ziglan as one of its entry points keeps it (docs/protocol.md, section 9): who
 * is a member, under which name and addresses, which invites are open, who was revoked. Every
 * change gets the next number of one growing sequence, which is kept in the store, so that members
 * can ask for what changed since they last looked. Whether a member is online is not its business.
 *
 * All keys given here are authenticated by the caller's sessions. Each function that changes
 * something is one transaction of the store (a group of joins is one together): it happened
 * entirely or not at all.
 *
 * Files: directory.c (open, find), directory_join.c (join, leave), directory_invite.c,
 * directory_revoke.c, directory_name.c (names and addresses), directory_watch.c (changes),
 * directory_repair.c (after a crash).
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/crypto/identity.h"
#include "proto/wire/frame.h"
#include "proto/wire/name.h"
#include "proto/wire/record.h"
#include "proto/wire/url.h"
#include "proto/wire/verdict.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DIRECTORY_INVITE_ID_SIZE = 11,         /* by which an invite is spoken of, and NUL */
    DIRECTORY_MEMBER_COUNT_MAX = 10000,    /* default cap of members, and of revocations */
    DIRECTORY_INVITE_COUNT_MAX = 1000,     /* default cap of open invites */
    DIRECTORY_CHUNK_COUNT_MAX = 64,        /* entries of one chunk of changes */
    DIRECTORY_CHUNK_BYTES_MAX = 13 * 1024, /* their bytes: one Changes stays below 16 KiB */
};

#define DIRECTORY_ADMISSION_MS                                                                     \
    (UINT64_C(7) * 24 * 3600 * 1000)                       /* how long an admission is valid       \
                                                            */
#define DIRECTORY_LEFT_MS (UINT64_C(8) * 24 * 3600 * 1000) /* who left is told for so long */
#define DIRECTORY_NAME_FREED_MS                                                                    \
    (UINT64_C(30) * 24 * 3600 * 1000) /* before a name is given again                              \
                                       */

/** Reasons in revocations. */
enum directory_reason {
    DIRECTORY_REASON_REVOKED = 1, /* thrown out; stays out */
    DIRECTORY_REASON_LEFT = 2,    /* went; may come again with an invite */
};

struct directory_config {
    struct store *store;             /* borrowed, outlives the directory */
    const struct env *env;           /* borrowed, outlives the directory */
    const struct identity *identity; /* of this entry relay, signs; borrowed, outlives it */
    uint8_t ziglan_key[KEY_SIZE];
    uint32_t member_max; /* 0: default */
    uint32_t invite_max; /* 0: default */
};

struct directory;

/**
 * Open the directory in a store. Indexes that do not fit the members (a crash, a torn disk) are
 * made anew, and records that do not decode are dropped; that is traced. ERR_NOMEM, ERR_SYSTEM.
 */
int directory_new(struct directory **out, const struct directory_config *cfg) MUST_CHECK;
void directory_free(struct directory *directory);

/** The sequence number of the latest change; 0 in a new directory. */
uint64_t directory_sequence(const struct directory *directory);

/** Gauges for metrics. */
uint32_t directory_member_count(const struct directory *directory);
uint32_t directory_revoked_count(const struct directory *directory);
uint32_t directory_invite_count(const struct directory *directory);

/* ---- invites ---- */

struct directory_terms {
    uint32_t uses;             /* how many may join with it; 0 counts as 1 */
    uint64_t expires_ms;       /* wall clock; 0: never */
    char name[NAME_TEXT_SIZE]; /* the name to be granted, empty: the wished one */
};

/** Make an invite. The 16 bytes are known to nobody but the caller: the store keeps their hash.
 * BAD_REQUEST (name not a label or reserved, expiry in the past), LIMIT, UNAVAILABLE. */
enum verdict directory_invite(struct directory *directory, const struct directory_terms *terms,
                              uint8_t invite[INVITE_SIZE]);

/** By what an invite may be called in a log: ten characters of its hash, which nobody can join
 * with. Returns id. */
const char *directory_invite_id(const uint8_t invite[INVITE_SIZE],
                                char id[DIRECTORY_INVITE_ID_SIZE]);

/** Forget expired invites, freed names and who left long ago, some at a time. Call it now and then
 * (every minute or so). settled_ms is the wall clock by which things may be deleted or given to
 * others (wall_watch_settled_ms): what is over by the wall clock alone is not served, but stays. */
void directory_expire(struct directory *directory, uint64_t settled_ms);

/* ---- members ---- */

struct directory_join {
    const uint8_t *key;    /* KEY_SIZE, authenticated by the session */
    const uint8_t *invite; /* NULL for a member who comes back */
    size_t invite_size;
    const char *wanted_name;    /* any text or NULL; it is made a label, or a name is made up */
    const uint8_t *member_part; /* signed record, as it came */
    size_t member_part_size;
    bool unchanged_only; /* LIMIT instead of a change of the directory */
};

struct directory_joined {
    char name[NAME_TEXT_SIZE];
    uint8_t admission[RECORD_OTHER_SIGNED_SIZE_MAX];
    size_t admission_size;
    uint64_t expires_ms;                      /* of the admission */
    uint64_t sequence;                        /* of the directory */
    bool changed;                             /* the directory changed: tell the watchers */
    char invite_id[DIRECTORY_INVITE_ID_SIZE]; /* of the invite that was used; empty: none was */
};

/**
 * Admit a node, or renew a member. A member keeps its name and needs no invite; an invite that it
 * brings is not used up. A newcomer gets the invite's name, else the wished one, else that with
 * -2, -3 ... behind it.
 *
 * BAD_REQUEST (a member part that is not its own, not valid, or older than the known one), CLOCK
 * (one that is not live by our wall clock),
 * INVITE_INVALID (unknown, used up, expired: not told apart), NOT_MEMBER (no invite, no member),
 * REVOKED, NAME_TAKEN (no free name found), LIMIT (full, or a change where none was allowed),
 * UNAVAILABLE. Only VERDICT_OK writes *out and
 * uses the invite.
 */
enum verdict directory_join(struct directory *directory, const struct directory_join *join,
                            struct directory_joined *out);

/**
 * Many joins as one transaction, which costs one wait for the disk instead of many. Between begin
 * and end only directory_join may be called; an admission that it gave may be told to nobody before
 * end says ERR_OK. On anything else, also for rc other than ERR_OK, nothing of the group happened.
 * ERR_NOMEM, ERR_SYSTEM.
 */
int directory_group_begin(struct directory *directory) MUST_CHECK;
int directory_group_end(struct directory *directory, int rc) MUST_CHECK;

/** A member goes for good: its name and addresses are free (the name after 30 days), watchers see
 * a revocation with the reason "left"; it may come again with an invite. NOT_MEMBER, LIMIT,
 * UNAVAILABLE. */
enum verdict directory_leave(struct directory *directory, const uint8_t key[KEY_SIZE]);

/** Throw a node out. It need not be a member: then it cannot become one. UNAVAILABLE; LIMIT only
 * for one that is no member. */
enum verdict directory_revoke(struct directory *directory, const uint8_t key[KEY_SIZE]);

/** Take a revocation back: the node is a stranger who may join with a fresh invite. NOT_FOUND. */
enum verdict directory_restore(struct directory *directory, const uint8_t key[KEY_SIZE]);

enum directory_status {
    DIRECTORY_STATUS_STRANGER,
    DIRECTORY_STATUS_MEMBER,
    DIRECTORY_STATUS_REVOKED,
};

/** What a key is here. A store that fails counts as stranger. */
enum directory_status directory_status(struct directory *directory, const uint8_t key[KEY_SIZE]);

/** When the admission of a member ends (wall clock); 0 for a key that is none. */
uint64_t directory_admitted_until(struct directory *directory, const uint8_t key[KEY_SIZE]);

/* ---- finding ---- */

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

/** Find by key (revoked ones too), by name (case-insensitive), or by address: a key-derived IPv6
 * or a fixed one whose EUI-64 a member claimed first. NOT_FOUND, UNAVAILABLE. */
enum verdict directory_find_key(struct directory *directory, const uint8_t key[KEY_SIZE],
                                struct directory_entry *out);
enum verdict directory_find_name(struct directory *directory, const char *name,
                                 struct directory_entry *out);
enum verdict directory_find_address(struct directory *directory, const uint8_t address[16],
                                    struct directory_entry *out);

/** The key that a text of an operator means: a key's text form, else a name (also of one revoked
 * within 30 days). NOT_FOUND, UNAVAILABLE. */
enum verdict directory_resolve(struct directory *directory, const char *text,
                               uint8_t key[KEY_SIZE]);

/**
 * The next entry of a listing in key order: `*key` is the last one seen (all zero to begin; the
 * key of all zeros is nobody's). NOT_FOUND at the end.
 */
enum verdict directory_next(struct directory *directory, uint8_t key[KEY_SIZE],
                            struct directory_entry *out);

/* ---- changes ---- */

struct directory_change {
    uint8_t key[KEY_SIZE];
    uint64_t sequence;
    const uint8_t *member_part, *admission, *revocation; /* into the chunk's bytes; NULL if none */
    size_t member_part_size, admission_size, revocation_size;
};

/** So many changes that one Changes message with them stays below 16 KiB (with an online flag and
 * the sequence in each). About 16 KiB: keep one, do not put it on a small stack. */
struct directory_chunk {
    struct directory_change changes[DIRECTORY_CHUNK_COUNT_MAX];
    size_t count;
    uint64_t sequence; /* the reader has everything up to here: its next `since` */
    bool more;         /* ask again at once */
    uint8_t bytes[DIRECTORY_CHUNK_BYTES_MAX];
};

/**
 * What changed after `since`, oldest first, each key once with its present state. A `since` beyond
 * our sequence (the reader knew another directory) counts as 0. UNAVAILABLE.
 */
enum verdict directory_changes(struct directory *directory, uint64_t since,
                               struct directory_chunk *out);
