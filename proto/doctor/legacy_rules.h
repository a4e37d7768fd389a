/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules of iptables-legacy, which the kernel keeps apart from those of nftables: what
 * `iptables-legacy-save -t filter` prints (iptables-save(8)), in the words of `nft -j list
 * ruleset`, so that firewall_judge() reads both. Pure.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/** The rules of the table "filter" in a text. What is asked there that is not known here becomes a
 * statement that firewall_judge() does not know either. Given (json_decref()); NULL: out of memory.
 */
json_t *legacy_rules(const char *text, bool ipv6);
