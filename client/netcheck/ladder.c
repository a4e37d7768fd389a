/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evenly spaced, and no step is longer than what the fine ones divide. */
#include "client/netcheck/ladder.h"

#include <assert.h>

enum {
    QUIET_STEP_MS = 41600,
    QUIET_FINE_MS = 5200,
    KEPT_STEP_MS = 5000,
    KEPT_LATER_MS = 600,
    KEPT_FINE_MS = 2500,
    KEPT_APART_MS = 5, /* a narrow way has no room for the packets of all at once */
};

static_assert((int)QUIET_STEP_MS <= ((int)LADDER_QUIET_FINE_COUNT + 1) * (int)QUIET_FINE_MS,
              "a step of QUIET is divided as a whole");
static_assert(((int)LADDER_KEPT_COUNT - 1) * (int)KEPT_STEP_MS + (int)KEPT_LATER_MS ==
                  (int)LADDER_AGE_MS_MAX,
              "the last step");
static_assert((int)LADDER_QUIET_COUNT * (int)QUIET_STEP_MS > (int)LADDER_AGE_MS_MAX,
              "KEPT ends first");

uint32_t ladder_age_ms(size_t index)
{
    if (index >= LADDER_QUIET && index < LADDER_QUIET_LAST) {
        return (uint32_t)(index - LADDER_QUIET + 1) * QUIET_STEP_MS;
    }
    if (index >= LADDER_KEPT && index < LADDER_KEPT_LAST) {
        return (uint32_t)(index - LADDER_KEPT + 1) * KEPT_STEP_MS + KEPT_LATER_MS;
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
    if (index >= LADDER_KEPT && index < LADDER_KEPT_FINE) {
        return (uint32_t)(index - LADDER_KEPT) * KEPT_APART_MS;
    }
    return index >= LADDER_QUIET && index < LADDER_QUIET_FINE ? LADDER_BOTH_WAYS_MS : 0;
}
