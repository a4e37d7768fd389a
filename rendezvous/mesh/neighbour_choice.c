/* SPDX-License-Identifier: GPL-3.0-or-later */
/* There are at most a few dozen neighbours, so ranks are counted anew each time. */
#include "rendezvous/mesh/neighbour_choice.h"

size_t neighbour_choice_missing(size_t count)
{
    return count < NEIGHBOUR_COUNT ? NEIGHBOUR_COUNT - count : 0;
}

static uint32_t rtt_of(const struct neighbour_rank *rank)
{
    return rank->rtt_us == 0 ? UINT32_MAX : rank->rtt_us;
}

/* How many of the others are nearer; equal ones in their order. */
static size_t nearer_count(const struct neighbour_rank *ranks, size_t count, size_t of)
{
    size_t nearer = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t rtt = rtt_of(&ranks[i]), own = rtt_of(&ranks[of]);

        nearer += rtt < own || (rtt == own && i < of);
    }
    return nearer;
}

bool neighbour_choice_better(const struct neighbour_rank *ranks, size_t count, uint32_t rtt_us)
{
    for (size_t i = 0; i < count; i++) {
        if (nearer_count(ranks, count, i) == NEIGHBOUR_NEAR - 1) {
            uint64_t limit = (uint64_t)rtt_of(&ranks[i]) * NEIGHBOUR_BETTER_PERCENT / 100;

            return rtt_us < limit;
        }
    }
    return false;
}

size_t neighbour_choice_release(const struct neighbour_rank *ranks, size_t count)
{
    size_t youngest = count, ours = 0;

    if (count <= NEIGHBOUR_COUNT) {
        return count;
    }
    for (size_t i = 0; i < count; i++) {
        if (!ranks[i].ours) {
            continue;
        }
        ours++;
        if (nearer_count(ranks, count, i) >= NEIGHBOUR_NEAR &&
            (youngest == count || mono_before(ranks[youngest].since, ranks[i].since))) {
            youngest = i;
        }
    }
    /* Those who dialled us do not make our own far ones superfluous. */
    return ours > NEIGHBOUR_FAR ? youngest : count;
}
