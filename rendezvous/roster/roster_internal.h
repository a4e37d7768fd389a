/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The structs that the files of the roster share. Nobody else includes this.
 */
#pragma once

#include "proto/base/map.h"
#include "proto/wire/record.h"
#include "rendezvous/roster/roster.h"

enum {
    ROSTER_ENTRY_COUNT_MAX = 8, /* entry points whose delegation is kept */
};

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
