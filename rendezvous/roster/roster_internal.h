/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the roster share. Nobody else includes this.
 *
 * In the store: ROSTER ziglan key || member key -> ROSTER_KIND_MEMBER, part, admission (each with
 * a 16-bit length), or ROSTER_KIND_REVOKED, sequence(8), forgotten at(8).
 * BINDINGS ziglan key || name -> key, and ziglan key || 0 || EUI-64 -> key.
 * META "roster.sequence" || ziglan key -> sequence(8).
 */
#pragma once

#include "proto/base/map.h"
#include "proto/net/addrplan.h"
#include "proto/wire/record.h"
#include "rendezvous/roster/roster.h"

enum {
    ROSTER_ENTRY_COUNT_MAX = 8, /* entry points whose delegation is kept */
    ROSTER_KIND_MEMBER = 1,
    ROSTER_KIND_REVOKED = 2,
    ROSTER_VALUE_SIZE_MAX = 1 + 2 + RECORD_SIGNED_SIZE_MAX + 2 + RECORD_OTHER_SIGNED_SIZE_MAX,
};

/** How long a revocation is remembered: longer than an admission that was signed before it. */
#define ROSTER_REVOKED_MS (UINT64_C(8) * 24 * 3600 * 1000)

/** A member with what only the roster needs. */
struct roster_slot {
    struct roster_member member; /* first */
    uint64_t part_sequence;
    size_t index; /* in slots */
    bool over;    /* its admission is over by the wall clock: kept, but nobody's to find */
};

struct roster {
    struct store *store;
    const struct env *env;
    uint8_t ziglan_key[KEY_SIZE];
    uint32_t member_max;
    uint64_t sequence;
    struct record_delegation entries[ROSTER_ENTRY_COUNT_MAX];
    size_t entry_count, entry_next;
    struct roster_slot **slots;
    size_t live_count, slot_count, slot_capacity;     /* the first are live, the others over */
    struct map *by_key, *by_name, *by_ip6, *by_eui64; /* -> slot */
    struct map *revoked;                              /* key -> sequence of its revocation */
    uint32_t binding_count;
    struct roster_stats stats;
};

/* ---- roster.c ---- */

/** Put a member into memory: a new slot, or its old one. ERR_LIMIT, ERR_NOMEM. *added may be NULL.
 */
int roster_put(struct roster *roster, const struct member *member, bool online,
               struct roster_slot **slot, bool *added) MUST_CHECK;

/** Hide a member whose admission is over, or show it again. ERR_NOMEM, ERR_SYSTEM (of its name). */
int roster_over_set(struct roster *roster, struct roster_slot *slot, bool over) MUST_CHECK;

/** Remember a revocation in memory; the oldest one is forgotten for it if there are too many. */
int roster_revoked_put(struct roster *roster, const uint8_t key[KEY_SIZE],
                       uint64_t sequence) MUST_CHECK;

/* ---- roster_store.c ---- */

/** Load everything. Entries that are not what we write are removed and traced. */
int roster_load(struct roster *roster) MUST_CHECK;

/** Keep a member by the bytes that were signed. ERR_DROP if they are too long. */
int roster_save_member(struct roster *roster, const uint8_t key[KEY_SIZE], struct member_bytes part,
                       struct member_bytes admission) MUST_CHECK;

/** Keep a revocation in the member's place, for ROSTER_REVOKED_MS. */
int roster_save_revoked(struct roster *roster, const uint8_t key[KEY_SIZE],
                        uint64_t sequence) MUST_CHECK;

/** Keep the roster's sequence. */
int roster_save_sequence(struct roster *roster) MUST_CHECK;

/** Keep nothing about a key any more. */
int roster_remove_saved(struct roster *roster, const uint8_t key[KEY_SIZE]) MUST_CHECK;

/** Everything of this ziglan leaves the store. */
int roster_erase_saved(struct roster *roster) MUST_CHECK;

/** Revocations remembered until settled_ms are removed from store and memory. */
int roster_forget_revoked(struct roster *roster, uint64_t settled_ms) MUST_CHECK;

/** Who is remembered under a name; *found false if nobody. Sizes 1 to 63 for names. */
int roster_binding_read(struct roster *roster, const void *name, size_t size, uint8_t key[KEY_SIZE],
                        bool *found) MUST_CHECK;

/** Remember, or change what is remembered. Quietly nothing if too much is remembered already. */
int roster_binding_write(struct roster *roster, const void *name, size_t size,
                         const uint8_t key[KEY_SIZE]) MUST_CHECK;

/** The same key for a claimed EUI-64, as roster_binding_* want it. */
void roster_eui64_binding(uint8_t out[1 + EUI64_SIZE], const uint8_t eui64[EUI64_SIZE]);
