/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether a firewall of this machine lets a new packet in, judged from its rules as `nft -j list
 * ruleset` prints them (libnftables-json(5)). ufw, firewalld and iptables-nft write their rules
 * there, too. What a rule asks that is not known here counts as possible, so that nothing is called
 * dropped which may pass. Pure.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { FIREWALL_NAME_SIZE = 128 };

/** The packet: the first of somebody unknown, to an address of this machine. */
struct firewall_packet {
    const char *protocol;  /* "udp", "tcp" or "icmp" */
    uint16_t port;         /* of this machine; not for icmp */
    const char *interface; /* by which it comes; "": not known */
    bool ipv6;
};

enum firewall_verdict {
    FIREWALL_PASSES,  /* or there are no rules; also behind one that may drop it, such as a list of
                         senders that are kept away, if it is surely let in after that */
    FIREWALL_PERHAPS, /* a rule drops it that asks for more than is known here */
    FIREWALL_DROPS,
};

struct firewall_found {
    enum firewall_verdict verdict;
    char owner[FIREWALL_NAME_SIZE]; /* who made the rule: "ufw", "firewalld" or "nftables" */
    char place[FIREWALL_NAME_SIZE]; /* "inet filter input": family, table and base chain */
    char chain[FIREWALL_NAME_SIZE]; /* the chain in which it is dropped */
};

/** Judge. The rules are any JSON. */
void firewall_judge(struct firewall_found *out, const json_t *rules,
                    const struct firewall_packet *packet);
