/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether two hosts can reach each other directly without guessing ports. The oracle derives this
 * from the rules of their two NATs alone, not from what the programs do.
 */
#pragma once

#include "tests/support/nat.h"

#include <stdbool.h>

/** One side: its NAT, or none at all (a public address). */
struct nat_side {
    bool has_nat;
    struct nat_kind kind;
};

/** True if two hosts behind these NATs can open a path that works in both directions. Each host
 * knows the address at which a relay sees the other one, and sends from one socket only. The NATs
 * are not the same one. */
bool nat_direct_possible(const struct nat_side *a, const struct nat_side *b);
