/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is this node a member of that ziglan? A host does not believe what an entry point says about a
 * node, but follows the signatures (docs/protocol.md, section 14): the ziglan's key signed the
 * delegation of the entry point, whose key signed the admission of the member, whose key signed the
 * member part. A revocation, signed by the entry point, wins over both. Pure.
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

/** A signed record as it came, borrowed; data NULL and size 0: absent. */
struct member_bytes {
    const uint8_t *data;
    size_t size;
};

/** What is true of one node by its records. */
struct member {
    uint8_t key[KEY_SIZE];
    char name[NAME_TEXT_SIZE]; /* granted by the admission */
    uint64_t sequence;         /* of the deciding record: admission or revocation */
    uint64_t part_sequence;    /* of the member part */
    uint64_t expires_ms;       /* of the admission, wall clock */
    bool revoked;              /* by a revocation: of the rest only key and sequence are set */
    uint8_t relay_count, eui64_count, group_count;
    uint8_t relays[RECORD_RELAYS_MAX][KEY_SIZE];
    uint8_t eui64s[ADDRPLAN_FIXED_MAX][EUI64_SIZE]; /* claimed fixed addresses */
    char groups[RECORD_GROUPS_MAX][NAME_TEXT_SIZE];
};

/**
 * Verify what an entry point says about one node.
 *
 * delegation  the entry point's, as delegation_verify decoded it
 * part        signed by the member
 * admission   signed by the entry point, for the key that signed the part
 * revocation  signed by the entry point; if there is one, part and admission are not looked at
 * now_ms      wall clock
 *
 * ERR_DROP, and *out not meaningful, if a signature or the right to admit or revoke is missing, the
 * records do not belong together, or delegation or admission are over. A revocation never is.
 */
int member_verify(struct member *out, const struct record_delegation *delegation,
                  struct member_bytes part, struct member_bytes admission,
                  struct member_bytes revocation, uint64_t now_ms) MUST_CHECK;

/** Decode a part and an admission that member_verify has believed before, as the host's store kept
 * them. Signatures and times are not checked again. ERR_DROP if they do not decode, do not belong
 * together, or are of another ziglan. */
int member_decode(struct member *out, const uint8_t ziglan_key[KEY_SIZE], struct member_bytes part,
                  struct member_bytes admission) MUST_CHECK;
