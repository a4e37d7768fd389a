/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every way in which a delegation can be wrong, or seem so: all who verify one are asked them all.
 */
#pragma once

#include "proto/crypto/delegation.h"
#include "tests/support/parts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One delegation, made by delegation_case_make. */
struct delegation_case {
    const char *name;
    int how;                    /* what is wrong with it besides time */
    int64_t created_ms;         /* from now */
    int64_t lifetime_ms;        /* from created_ms */
    int64_t expires_ms;         /* from now */
    enum delegation_verdict is; /* for who knows both keys */
    bool needs_ziglan_key;      /* who does not know the ziglan's key cannot see what is wrong */
    bool needs_entry_key;       /* the same for the relay's key */
};

extern const struct delegation_case delegation_cases[];
extern const size_t delegation_case_count;

/** The delegation of a case, asked about at wall_ms: by `ziglan` for `entry` if it were right. At
 * most one byte longer than a right one. */
struct part delegation_case_make(const struct delegation_case *c, const struct identity *ziglan,
                                 const struct identity *entry, uint64_t wall_ms);

/** What delegation_verify says of it to who knows only some of the keys. */
enum delegation_verdict delegation_case_is(const struct delegation_case *c, bool ziglan_known,
                                           bool entry_known);
