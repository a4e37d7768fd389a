/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two guesses behind two drawn NATs: relays that answer STUN, a relayed way for aims, links with
 * delay, jitter and loss, and others who take ports of the NATs meanwhile.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum pair_kind {
    PAIR_FIXED_STEPS,
    PAIR_STEPS_STEPS,
    PAIR_FIXED_RANGE,
    PAIR_FIXED_RANDOM,
    PAIR_KIND_COUNT,
};

struct pair_result {
    bool direct;    /* pings of both were answered */
    uint32_t ms;    /* until then */
    uint32_t pings; /* sent by both */
    uint32_t per_s; /* that left for the other side's address in the worst second, of one side */
};

/** Draw a pair of this kind from the seed and let it guess until it is direct or over. */
void pair_play(struct pair_result *out, enum pair_kind kind, uint64_t seed);

const char *pair_kind_name(enum pair_kind kind);
