/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evenly spaced, but for the far ones, which follow soon after usual lifetimes; and no step is
 * longer than what the fine ones divide. */
#include "client/netcheck/ladder.h"

enum {
    QUIET_STEP_MS = 33000,
    QUIET_FINE_MS = 5950,
    KEPT_STEP_MS = 7300,
    KEPT_EARLIER_MS = 300, /* 15 s, which is usual, is one of the last that a step tells */
    KEPT_FINE_MS = 5200,
};

static const uint32_t far_ms[LADDER_FAR_COUNT] = {153200, 182600, 212000, 241400, 270800, 300400};

uint32_t ladder_age_ms(size_t index)
{
    if (index >= LADDER_QUIET && index < LADDER_QUIET_LAST) {
        return (uint32_t)(index - LADDER_QUIET + 1) * QUIET_STEP_MS;
    }
    if (index >= LADDER_KEPT && index < LADDER_KEPT + LADDER_KEPT_COUNT) {
        return (uint32_t)(index - LADDER_KEPT + 1) * KEPT_STEP_MS - KEPT_EARLIER_MS;
    }
    if (index >= LADDER_FAR && index < LADDER_FAR + LADDER_FAR_COUNT) {
        return far_ms[index - LADDER_FAR];
    }
    return 0;
}

uint32_t ladder_offset_ms(size_t index)
{
    if (index >= LADDER_QUIET_FINE && index < LADDER_QUIET_FINE + LADDER_QUIET_FINE_COUNT) {
        return LADDER_BOTH_WAYS_MS + (uint32_t)(index - LADDER_QUIET_FINE + 1) * QUIET_FINE_MS;
    }
    if (index >= LADDER_KEPT_FINE && index < LADDER_KEPT_FINE + LADDER_KEPT_FINE_COUNT) {
        return (uint32_t)(index - LADDER_KEPT_FINE + 1) * KEPT_FINE_MS;
    }
    return index >= LADDER_QUIET && index < LADDER_QUIET_FINE ? LADDER_BOTH_WAYS_MS : 0;
}
