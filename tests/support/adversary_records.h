/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attacks with records of relays, and with attachments, which say where hosts are. */
#pragma once

#include "tests/support/adversary.h"

/** Of a relay that nobody knows, and its signature is wrong. */
void attack_forged_record(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** The record of a relay that all believe in, but for its address: the attacker has not its key. */
void attack_claimed_key(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** Made in an hour. */
void attack_future_record(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** The one that all have. */
void attack_replayed_record(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** Genuine records of relays that are not there. */
void attack_many_records(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** Of a host at the attacker, and its signature is wrong. */
void attack_forged_attachment(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** Made in an hour. */
void attack_future_attachment(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** Of a host at another relay than the attacker. */
void attack_foreign_attachment(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** First a newer one, then older ones of the same host. */
void attack_replayed_attachment(struct adversary *adversary, struct net_host *attacker, uint32_t n);
