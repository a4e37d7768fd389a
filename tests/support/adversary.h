/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What hostile relays and strangers can send to a relay, as fast as they like: real sessions over
 * QUIC to a real relay among others, while two hosts talk over it. tests/unit checks that each is
 * refused and counted and harms nobody else; tests/bench/bench_hostile.c measures what it costs.
 */
#pragma once

#include "tests/support/far_hosts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ADVERSARY_RELAYS = 4,
    ADVERSARY_KNOWN = 2, /* a relay that all believe in, and whose address can be forged */
    ADVERSARY_ATTACKERS_MAX = 20,
    ADVERSARY_HOUR_MS = 3600 * 1000,
};

struct adversary {
    struct far_hosts town;                              /* a is at the victim, which is relay 0 */
    struct net_host attackers[ADVERSARY_ATTACKERS_MAX]; /* all in one IPv4 /24 */
    size_t attackers_count;
    struct relay_core *victim;
    uint64_t friends_sent; /* frames between a and b during the attack */
    uint64_t word_number;  /* of the word that is sent again and again */
};

/** One kind of attack. */
struct adversary_attack {
    const char *name;   /* as in docs/security.md */
    const char *metric; /* what its refusals are counted as */
    bool relays;        /* the attackers come as relays, not as hosts */
    size_t attackers;
    uint32_t per_s; /* messages of all attackers together */
    void (*send)(struct adversary *adversary, struct net_host *attacker, uint32_t number);
    uint64_t (*count)(const struct relay_core *victim);
};

/** What came of it; times and bytes are the victim's alone. */
struct adversary_result {
    uint64_t messages, counted;
    uint64_t received_bytes, sent_bytes; /* UDP payload and headers, friends and neighbours too */
    uint64_t friends_sent, friends_lost; /* frames of the two who talk */
};

/** The relays, the friends' sessions, and those of the attackers, which have said nothing yet. */
void adversary_init(struct adversary *adversary, const struct adversary_attack *attack);
void adversary_fini(struct adversary *adversary);

/** What the clocks on their walls show. */
uint64_t adversary_wall_ms(const struct adversary *adversary);

/** Attack for so long; nobody attacks if `calm`, but the friends talk. */
void adversary_run(struct adversary *adversary, const struct adversary_attack *attack, bool calm,
                   uint32_t ms, struct adversary_result *result);
