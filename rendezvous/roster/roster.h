/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The members of one joined ziglan as a host knows them: what its entry points said and member.h
 * verified. The host's store keeps it, so that the host knows names and keys before it has reached
 * any relay.
 *
 * A host remembers the key that it first saw under a name. If an entry point later gives the name
 * to another key while the old one is a member, the name goes on to mean the old key: the new
 * member is marked and found by its key only, until the user agrees (roster_accept_name). Once the
 * old key is no member any more, because an entry point revoked it or its admission is over for
 * good, the name means the new one. A fixed address belongs to the first member that claimed it,
 * for as long as that is a member; others who claim it are not marked.
 *
 * The roster never begins a transaction of the store. The caller puts store_begin and store_commit
 * around a whole Changes message, which then costs one write to the disk, not one for each member.
 *
 * Files, bottom up: roster_save (the store), roster_names (which key a name means), roster_slots
 * (memory), roster_load (from store to memory), roster (changes, finding), roster_proof (what one
 * member shows another one).
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "rendezvous/roster/member.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ROSTER_MEMBER_COUNT_MAX = 10000 /* default cap */ };

/** One member. A pointer to it is valid until the next call that changes the roster. */
struct roster_member {
    uint8_t key[KEY_SIZE];
    uint8_t ip6[16];           /* key-derived */
    char name[NAME_TEXT_SIZE]; /* granted name */
    bool online;               /* as its entry point said last; not kept over restarts */
    uint64_t session;          /* the last one told of it; 0: none; not kept over restarts */
    bool name_conflict;        /* the name means another key, which had it first */
    uint8_t relay_count, eui64_count;
    uint8_t relays[RECORD_RELAYS_MAX][KEY_SIZE];
    uint8_t eui64s[ADDRPLAN_FIXED_MAX][EUI64_SIZE];
    uint64_t expires_ms; /* of the admission, wall clock */
    uint64_t sequence;   /* of the admission */
};

/** One change as it came in a Changes or Found message; borrowed for the call. */
struct roster_change {
    struct member_bytes part, admission, revocation;
    bool online;
    uint64_t session; /* 0: the entry point tells no sessions */
};

/** What a change did, and what its caller has to do about it. */
enum roster_effect {
    ROSTER_EFFECT_NONE,    /* known already, or not believed: nothing changed */
    ROSTER_EFFECT_ADDED,   /* a new member */
    ROSTER_EFFECT_CHANGED, /* name, relays, addresses, expiry */
    ROSTER_EFFECT_ONLINE,  /* only the online flag changed */
    ROSTER_EFFECT_CAME,    /* it is online, perhaps in another session than when that was told last:
                              it may have been restarted */
    ROSTER_EFFECT_REMOVED, /* revoked or left: drop the peer at once */
};

/** Counters since roster_new. */
struct roster_stats {
    uint64_t applied, refused_signature, refused_old, refused_limit, revoked, expired, conflicts;
};

struct roster;

/** Open the roster of a ziglan and load what the store has of it. member_max 0: the default. store
 * and env are borrowed and outlive the roster. On ERR_NOMEM and ERR_SYSTEM *out is NULL. */
int roster_new(struct roster **out, struct store *store, const struct env *env,
               const uint8_t ziglan_key[KEY_SIZE], uint32_t member_max) MUST_CHECK;

/** Free what is in memory; the store keeps its part. NULL is legal. */
void roster_free(struct roster *roster);

/** Take the delegation of an entry point (signed bytes, from its Hello or Joined): from now on its
 * changes are believed. Eight are kept, over restarts, too; a ninth entry point takes the place of
 * the oldest. An older one of the same entry point changes nothing while the newer one is in force.
 * ERR_DROP, with nothing changed, if the ziglan did not sign it or it is not in force. */
int roster_set_delegation(struct roster *roster, const uint8_t *delegation, size_t size) MUST_CHECK;

/**
 * Apply one change, if an entry point with a known delegation signed it. *effect is always set. If
 * it is not NONE, key (may be NULL) receives the member's key, whatever the function returns.
 *
 * ERR_DROP    not believed, or older than what is known; counted. Go on with the next change
 * ERR_LIMIT   the roster is full
 * ERR_NOMEM   no memory, here or in the store
 * ERR_SYSTEM  it could not be stored; it counts all the same until the host restarts
 */
int roster_apply(struct roster *roster, const struct roster_change *change,
                 enum roster_effect *effect, uint8_t key[KEY_SIZE]) MUST_CHECK;

/** Remember, over restarts, that all changes up to this sequence were applied (Changes.sequence).
 */
void roster_progress(struct roster *roster, uint64_t sequence);

/** What roster_progress was told last, for Watch.since; 0 in a new roster. */
uint64_t roster_sequence(const struct roster *roster);

/** The sessions to all entry points have ended: no member is known to be online. */
void roster_all_offline(struct roster *roster);

/**
 * Look at the clocks. A member whose admission is over at now_ms is hidden (REMOVED), but stays in
 * the store, and is shown again (ADDED) if that clock turns out to have been wrong. Members
 * whose admission is over at settled_ms too (wall_watch_settled_ms) are forgotten for good, and so
 * are old revocations. Each call returns the effect on one more member, and its key; call until it
 * returns NONE.
 */
enum roster_effect roster_expire(struct roster *roster, uint64_t now_ms, uint64_t settled_ms,
                                 uint8_t key[KEY_SIZE]);

/** Forget the whole ziglan in memory and store, because the user left it. ERR_NOMEM, ERR_SYSTEM:
 * the store may still have some of it. */
int roster_erase(struct roster *roster) MUST_CHECK;

/** Find a member by key, or by name (size bytes, case-insensitive); NULL if there is none. A member
 * with a name conflict is not found by name. */
const struct roster_member *roster_find_key(const struct roster *roster,
                                            const uint8_t key[KEY_SIZE]);
const struct roster_member *roster_find_name(const struct roster *roster, const char *name,
                                             size_t size);

/** Find a member by its address, key-derived or fixed; NULL if there is none. Later: the host's
 * address book asks here who claimed a fixed address first, so that a restart changes nothing. */
const struct roster_member *roster_find_ip6(const struct roster *roster, const uint8_t ip6[16]);

/** The key that this host remembers under a name, member or not. False if it remembers none, or the
 * store fails. */
bool roster_remembered(struct roster *roster, const char *name, size_t size, uint8_t key[KEY_SIZE]);

/** The user agrees that the name of this member means it from now on. ERR_DROP if the key is no
 * member, ERR_NOMEM, ERR_SYSTEM. */
int roster_accept_name(struct roster *roster, const uint8_t key[KEY_SIZE]) MUST_CHECK;

/** Number of members. */
size_t roster_count(const struct roster *roster);

/** The member at an index, NULL beyond the last. A change of the roster may change the order. */
const struct roster_member *roster_at(const struct roster *roster, size_t index);

/** Borrowed for the roster's life. Later: told by the status of the host (monitoring). */
const struct roster_stats *roster_stats(const struct roster *roster);
