/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attacks by making a relay ask, search, measure or answer, in the name of strangers, too. */
#pragma once

#include "tests/support/adversary.h"

/** Where is a host that is nowhere? */
void attack_locate(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** A search for relays that it keeps in circulation. */
void attack_find(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** A search of its own as a host, which makes the relay ask others. */
void attack_host_find(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** Measure a bystander, one at ever other addresses. */
void attack_reach_job(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** Send a stranger something, once knocks and once an answer. */
void attack_lend_job(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** A stock client's request (RFC 5780) in a stranger's name. */
void attack_forged_change(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** The same in the names of all addresses of its network. */
void attack_forged_network(struct adversary *adversary, struct net_host *attacker, uint32_t n);

/** A host asks to be measured again and again, with a cookie that it made up. */
void attack_report(struct adversary *adversary, struct net_host *attacker, uint32_t n);
