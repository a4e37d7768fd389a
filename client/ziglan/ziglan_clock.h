/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This host's wall clock compared with its relay's. Signatures have times. Where the clocks differ
 * by more than RECORD_CLOCK_SKEW_MS, one side does not believe what is true. Then the user is told,
 * a Join is sent every minute, and when the clocks agree again, the host asks for the changes that
 * it did not believe. Which of the two clocks is wrong is not known here.
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

/** Compare the clocks. True if `differs` changed, which is traced. */
bool ziglan_clock_check(struct ziglan_clock *clock, const struct env *env, struct mono now);

/** Our wall clock, or the relay's if it told its time and that is earlier: by a clock that was set
 * far ahead no admission is over that the relay, which signed it, calls live. */
uint64_t ziglan_clock_earlier_ms(const struct ziglan_clock *clock, const struct env *env,
                                 struct mono now);

/** How far our clock is ahead of the relay's, in ms; negative: behind. */
int64_t ziglan_clock_ahead_ms(const struct ziglan_clock *clock, const struct env *env,
                              struct mono now);
