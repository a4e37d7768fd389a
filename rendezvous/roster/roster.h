/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The members of one joined ziglan as a host knows them: what its entry points said, verified
 * (member.h), kept in the host's store, so that names and keys are there before any relay is.
 *
 * A host remembers which key it first saw under a name. Where an entry point later gives that name
 * to another key, the old binding stays: the name goes on to mean the old key, the new member is
 * found by key only and marked, until the user decides (roster_accept_name). The same holds for
 * fixed addresses, without a mark: the first member that claimed one keeps it while it is one.
 *
 * The roster never begins a transaction of the store: put store_begin and store_commit around a
 * whole Changes message, so that it costs one write to the disk and not one for each member.
 *
 * Files, bottom up: roster_save (the store), roster_slots (memory), roster_load (from store to
 * memory), roster (changes, finding).
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

/** One member. Pointers to it are borrowed until the next call that may change the roster. */
struct roster_member {
    uint8_t key[KEY_SIZE];
    uint8_t ip6[16];           /* key-derived */
    char name[NAME_TEXT_SIZE]; /* granted name */
    bool online;               /* as its entry point said last; not kept over restarts */
    bool name_conflict;        /* another key is remembered under this name */
    uint8_t relay_count, eui64_count;
    uint8_t relays[RECORD_RELAYS_MAX][KEY_SIZE];
    uint8_t eui64s[ADDRPLAN_FIXED_MAX][EUI64_SIZE];
    uint64_t expires_ms;
    uint64_t sequence;
};

/** One change as it came in a Changes or Found message. */
struct roster_change {
    struct member_bytes part, admission, revocation;
    bool online;
};

enum roster_effect {
    ROSTER_EFFECT_NONE,    /* known already, or not believed: nothing changed */
    ROSTER_EFFECT_ADDED,   /* a new member */
    ROSTER_EFFECT_CHANGED, /* name, relays, addresses, expiry */
    ROSTER_EFFECT_ONLINE,  /* only the online flag changed */
    ROSTER_EFFECT_REMOVED, /* revoked or left: drop the peer at once */
};

struct roster_stats {
    uint64_t applied, refused_signature, refused_old, refused_limit, revoked, expired, conflicts;
};

struct roster;

/** Open the roster of a ziglan, loading what the store has. member_max 0: default. store and env
 * are borrowed and outlive it. ERR_NOMEM, ERR_SYSTEM. */
int roster_new(struct roster **out, struct store *store, const struct env *env,
               const uint8_t ziglan_key[KEY_SIZE], uint32_t member_max) MUST_CHECK;
void roster_free(struct roster *roster);

/** The delegation of an entry point, from its Hello or Joined; those of up to eight are kept (not
 * over restarts). ERR_DROP if it is not signed by the ziglan or is over; nothing changes then. */
int roster_set_delegation(struct roster *roster, const uint8_t *delegation, size_t size) MUST_CHECK;

/**
 * Apply one change, which an entry point with a known delegation signed. *effect tells what to do
 * about it; key (may be NULL) receives whose it was if
 * the effect is not NONE. ERR_DROP if it did not verify (counted; go on with the next), ERR_LIMIT
 * if the roster is full, ERR_NOMEM, ERR_SYSTEM if it could not be stored (it holds in memory).
 */
int roster_apply(struct roster *roster, const struct roster_change *change,
                 enum roster_effect *effect, uint8_t key[KEY_SIZE]) MUST_CHECK;

/** All changes up to this sequence were applied (Changes.sequence): remember it for Watch.since. */
void roster_progress(struct roster *roster, uint64_t sequence);
uint64_t roster_sequence(const struct roster *roster);

/** The sessions to all entry points ended: nobody is known to be online. */
void roster_all_offline(struct roster *roster);

/**
 * Look for members whose admission is over by the wall clock: they are not found any more
 * (REMOVED). They stay in the store, and are members again (ADDED) if the clock was wrong; only
 * what is over at settled_ms (wall_watch_settled_ms) is forgotten for good, and so are old
 * revocations. Returns the effect on one member, with its key, as often as there is one more to be
 * told about; NONE when done.
 */
enum roster_effect roster_expire(struct roster *roster, uint64_t settled_ms, uint8_t key[KEY_SIZE]);

/** Forget the whole ziglan in memory and store (the user left it). */
int roster_erase(struct roster *roster) MUST_CHECK;

/** Find a member; NULL if there is none. name: case-insensitive, of size bytes; a conflicting
 * newcomer is not found by name. */
const struct roster_member *roster_find_key(const struct roster *roster,
                                            const uint8_t key[KEY_SIZE]);
const struct roster_member *roster_find_name(const struct roster *roster, const char *name,
                                             size_t size);

/** Find a member by its address, key-derived or fixed; NULL if there is none. Later: the host's
 * address book asks here who claimed a fixed address first, so that a restart changes nothing. */
const struct roster_member *roster_find_ip6(const struct roster *roster, const uint8_t ip6[16]);

/** The key remembered under a name although another member holds it now (or none does). False if
 * nothing is remembered. Later: shown by the verb that asks the user (contacts). */
bool roster_remembered(struct roster *roster, const char *name, size_t size, uint8_t key[KEY_SIZE]);

/** The user agrees that the name now means this member. ERR_DROP if it is no member. Later: a verb
 * of the host (contacts). */
int roster_accept_name(struct roster *roster, const uint8_t key[KEY_SIZE]) MUST_CHECK;

/** Number of members, and the index-th of them (0 to count - 1; the order changes with changes). */
size_t roster_count(const struct roster *roster);
const struct roster_member *roster_at(const struct roster *roster, size_t index);

/** Borrowed for the roster's life. Later: told by the status of the host (monitoring). */
const struct roster_stats *roster_stats(const struct roster *roster);
