/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether two hosts can reach each other directly, and what it takes. The oracle derives this from
 * the rules of their two NATs alone, not from what the programs do.
 */
#pragma once

#include "tests/support/nat.h"

#include <stdbool.h>

/** One side: its NAT, or none at all (a public address). */
struct nat_side {
    bool has_nat;
    struct nat_kind kind;
};

/** What it takes. */
enum nat_way {
    NAT_WAY_NONE,       /* they stay relayed */
    NAT_WAY_PLAIN,      /* each sends to where a relay sees the other one */
    NAT_WAY_PREDICTION, /* the next ports follow from those that were seen */
    NAT_WAY_BIRTHDAY,   /* many sockets at the one side, many ports tried by the other */
    NAT_WAY_CHANCE,     /* that a new mapping gets the address that was seen, of several */
};

enum { ORACLE_STEP_MAX = 32 }; /* ports that are further apart follow no rule that shows */

/** True if two hosts behind these NATs can open a path that works in both directions. Each host
 * knows the address at which a relay sees the other one, and sends from one socket only. The NATs
 * are not the same one. */
bool nat_direct_possible(const struct nat_side *a, const struct nat_side *b);

/** The least that it takes, with guessing. Two sides whose ports follow no rule would have to guess
 * both: that is given up. */
enum nat_way nat_way_possible(const struct nat_side *a, const struct nat_side *b);

/** The same of two hosts behind one such NAT, which cannot talk to each other inside. */
enum nat_way nat_way_at_one(const struct nat_side *side);
