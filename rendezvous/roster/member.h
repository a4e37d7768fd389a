/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is this node a member of that ziglan? The chain of signatures that a host follows before it
 * believes a directory: ziglan key -> delegation of the entry point -> admission; beside it the
 * member part, which the member signed itself; and the revocation, which wins. Pure.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/addrplan.h"
#include "proto/wire/frame.h"
#include "proto/wire/name.h"
#include "proto/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Signed bytes, borrowed; data NULL and size 0 for none. */
struct member_bytes {
    const uint8_t *data;
    size_t size;
};

/** What is to be believed about one member. */
struct member {
    uint8_t key[KEY_SIZE];
    char name[NAME_TEXT_SIZE]; /* granted by the admission */
    uint64_t sequence;         /* of the deciding record: admission or revocation */
    uint64_t part_sequence;    /* of the member part */
    uint64_t expires_ms;       /* of the admission, wall clock */
    bool revoked;              /* then only key and sequence are meaningful */
    uint8_t relay_count, eui64_count, group_count;
    uint8_t relays[RECORD_RELAYS_MAX][KEY_SIZE];
    uint8_t eui64s[ADDRPLAN_FIXED_MAX][EUI64_SIZE]; /* claimed fixed addresses */
    char groups[RECORD_GROUPS_MAX][NAME_TEXT_SIZE];
};

/**
 * Verify what an entry point says about one node.
 *
 * entry       what delegation_verify made of the delegation of who signed admission and revocation
 * part        signed by the member; may be missing only where there is a revocation
 * admission   signed by the entry point, for the same key; likewise
 * revocation  signed by the entry point; wins
 *
 * ERR_DROP if anything present does not verify, does not belong together, or is over at now_ms.
 */
int member_verify(struct member *out, const struct record_delegation *entry,
                  struct member_bytes part, struct member_bytes admission,
                  struct member_bytes revocation, uint64_t now_ms) MUST_CHECK;

/** The same meaning out of a part and an admission that were verified before and kept in our own
 * store: no signature is checked again, time is not looked at. ERR_DROP if they do not decode or do
 * not belong together. */
int member_decode(struct member *out, const uint8_t ziglan_key[KEY_SIZE], struct member_bytes part,
                  struct member_bytes admission) MUST_CHECK;
