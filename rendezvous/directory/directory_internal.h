/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The struct that the files of the directory share, and what the store holds. Nobody else includes
 * this.
 *
 * These tables hold what nothing else tells:
 *
 *     MEMBERS      key -> member part
 *     ADMISSIONS   key -> admission
 *     REVOCATIONS  key -> revocation, also of those who left
 *     FORMER       key with a revocation -> the name that it had
 *     ALLOWED      key -> with which terms it may join without an invite
 *     DETAILS      key of a member -> since when, until when, and the operator's note
 *     USE          key of a member -> when it was here last, and its bytes
 *     INVITES      hash of the invite -> terms
 *     NAMES        name -> key(32) freed_ms(8), where freed_ms is not 0: the name was freed then
 *
 * The rest are indexes, which directory_repair can make of the records above:
 *
 *     NAMES        the same with freed_ms 0: the key holds the name
 *     ADDRESSES    key-derived IPv6(16) -> key(32); EUI-64(8) -> key(32)
 *     CHANGES      sequence(8) -> key(32), the sequence in the header of the key's revocation, or
 *                  of its admission if it has no revocation
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
    uint64_t settled_ms; /* as directory_expire was given it last, 0: not yet */
    uint32_t member_count, revoked_count, invite_count;
    bool grouped;            /* a group of joins is open */
    uint64_t group_sequence; /* this and the next line: what was there before the group */
    uint32_t group_member_count, group_revoked_count, group_invite_count;
    struct store_cursor sweep_invites, sweep_names, sweep_revocations;
};
