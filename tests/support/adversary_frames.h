/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attacks with frames and punches between relays. */
#pragma once

#include "tests/support/adversary.h"

/** A frame of a host that is not at the attacker. */
void attack_forged_source(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** The same, and an attachment whose signature is wrong. */
void attack_forged_source_attached(struct adversary *adversary, struct net_host *attacker,
                                   uint32_t n);

/** A source of its own, and more than one may send. */
void attack_flooding_source(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** What was here before and was sent on comes back over a colluding relay. */
void attack_loop(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** A word in the name of the relay that all believe in, sealed with another key. */
void attack_forged_word(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** What the relay that all believe in did send. */
void attack_replayed_word(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** That relay itself, a word each ms. */
void attack_flooding_word(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** Each for another host, which is at the attacker. */
void attack_punch(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** The same with lanes, whose binds it does not answer. */
void attack_lane(struct adversary *adversary, struct net_host *attacker, uint32_t n);
