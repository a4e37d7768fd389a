/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The structs that the files of the roster share. Nobody else includes this.
 */
#pragma once

#include "proto/base/map.h"
#include "proto/wire/record.h"
#include "rendezvous/roster/roster.h"

enum {
    ROSTER_ENTRY_COUNT_MAX = 8, /* entry points whose delegations are kept */
};

/** A member and what only the roster needs of it. */
struct roster_slot {
    struct roster_member member; /* first */
    uint64_t part_sequence;
    size_t index; /* of this slot in roster.slots */
    bool over;    /* its admission is over by the wall clock: it is kept, but not found */
};

/** An entry point's delegation, and its signed bytes. */
struct roster_entry {
    struct record_delegation record;
    uint8_t bytes[RECORD_OTHER_SIGNED_SIZE_MAX];
    size_t size;
};

/** What is counted of names. */
struct roster_names {
    uint32_t binding_count; /* names and EUI-64s under which a key is remembered */
    size_t conflict_count;  /* live members whose name means another key */
    bool loading;           /* not all members are in memory yet: nobody is known to be gone */
};

struct roster {
    struct store *store;
    const struct env *env;
    uint8_t ziglan_key[KEY_SIZE];
    uint32_t member_max;
    uint64_t sequence;
    struct roster_entry entries[ROSTER_ENTRY_COUNT_MAX];
    size_t entry_count, entry_next; /* entry_next: whose place a further one takes */
    struct roster_slot **slots;
    size_t live_count, slot_count, slot_capacity;     /* the first are live, the others over */
    struct map *by_key, *by_name, *by_ip6, *by_eui64; /* -> slot */
    struct map *revoked;                              /* key -> sequence of its revocation */
    uint64_t forget_ms; /* wall clock; no saved revocation is to be forgotten earlier */
    struct roster_names names;
    struct roster_stats stats;
};
