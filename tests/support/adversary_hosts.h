/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attacks with what hosts may ask for, and with streams that are too long or too slow. */
#pragma once

#include "tests/support/adversary.h"

/** An invite that nobody gave, with a member part that the host did sign. */
void attack_join(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** All relays that the relay believes in. */
void attack_node_lookup(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** The head of a message that is too long, and some of it. */
void attack_oversized(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** The longest message that is taken, a byte at a time. */
void attack_slow(struct adversary *adversary, struct net_host *attacker, uint32_t n);
