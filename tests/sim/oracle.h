/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who can reach whom directly without guessing ports: a statement about two NATs, derived from
 * their rules alone and not from what the programs do.
 */
#pragma once

#include "tests/sim/nat.h"

#include <stdbool.h>

/** One side: its NAT, or none at all (a public address). */
struct nat_side {
    bool has_nat;
    struct nat_kind kind;
};

/** True if two hosts, each behind its own NAT, that know the address at which one relay sees the
 * other and may send from one socket only, can open a path that works in both directions. */
bool nat_direct_possible(const struct nat_side *a, const struct nat_side *b);
