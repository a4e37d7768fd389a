/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Delegations that are right, that are wrong in every way we know, and that only seem wrong. Each
 * program part that verifies delegations is tested with all of them.
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
    int how;                    /* what is wrong with it besides its times: delegations.c */
    int64_t created_ms;         /* from now */
    int64_t lifetime_ms;        /* from created_ms */
    int64_t expires_ms;         /* from now */
    enum delegation_verdict is; /* the right verdict of a verifier that knows both keys */
    bool needs_ziglan_key;      /* the fault shows only to a verifier that knows the ziglan's key */
    bool needs_entry_key;       /* the fault shows only to a verifier that knows the relay's key */
};

extern const struct delegation_case delegation_cases[];
extern const size_t delegation_case_count;

/** Make the delegation of a case, to be verified at wall_ms. `ziglan` delegates to the relay
 * `entry`, apart from what the case makes wrong. It is at most one byte longer than a right one. */
struct part delegation_case_make(const struct delegation_case *c, const struct identity *ziglan,
                                 const struct identity *entry, uint64_t wall_ms);

/** The right verdict of a verifier that knows only these of the two keys. */
enum delegation_verdict delegation_case_is(const struct delegation_case *c, bool ziglan_known,
                                           bool entry_known);
