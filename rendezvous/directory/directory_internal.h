/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The struct that the files of the directory share, and what the store holds. Nobody else includes
 * this.
 *
 * In the store, the truth is MEMBERS (key -> member part), ADMISSIONS (key -> admission),
 * REVOCATIONS (key -> revocation, also of those who left), FORMER (key -> the name that went with
 * it), INVITES, and the freed entries of NAMES. The rest are indexes, which directory_repair can
 * make anew:
 *
 *     NAMES      name -> key(32) freed_ms(8); freed_ms 0 while the name is held
 *     ADDRESSES  key-derived IPv6(16) -> key(32); EUI-64(8) -> key(32)
 *     CHANGES    sequence(8) -> key(32); the sequence of an entry is that in the header of its
 *                admission, or of its revocation
 */
#pragma once

#include "proto/base/env.h"
#include "proto/crypto/identity.h"
#include "proto/wire/frame.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stdint.h>

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
