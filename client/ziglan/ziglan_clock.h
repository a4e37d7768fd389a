/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This host's wall clock against its relay's. Signatures have times, so where the two differ by
 * more than RECORD_CLOCK_SKEW_MS, one of them disbelieves what is true: the user is told, admission
 * is asked for again every minute, and what is not believed meanwhile is asked for again when both
 * agree. Which of the two is wrong is not known here.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/mono.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ziglan_clock {
    bool known;        /* the relay told its time */
    bool differs;      /* by more than clocks may */
    int64_t offset_ms; /* the relay's wall clock minus our monotonic one */
};

/** The relay says that it is server_time_ms (0: it does not say) now. */
void ziglan_clock_told(struct ziglan_clock *clock, uint64_t server_time_ms, struct mono now);

/** Compare. True if `differs` became another; it is traced. */
bool ziglan_clock_check(struct ziglan_clock *clock, const struct env *env, struct mono now);

/** How far our clock is ahead of the relay's, in ms; negative: behind. */
int64_t ziglan_clock_ahead_ms(const struct ziglan_clock *clock, const struct env *env,
                              struct mono now);
