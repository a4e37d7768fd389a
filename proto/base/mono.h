/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Instants of a clock that never goes back. Cores get `now` as a parameter; only proto/host, the
 * simulator and the tests read or make clocks. Durations are plain counts with the unit in their
 * name.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** An instant, in nanoseconds since an arbitrary beginning. Zero is a valid instant. */
struct mono {
    uint64_t ns;
};

/** Later than every other instant: the deadline of what does not wait. */
#define MONO_NEVER ((struct mono){UINT64_MAX})

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

/** t + ms milliseconds; MONO_NEVER if t is that or the sum is too large. */
struct mono mono_add_ms(struct mono t, uint64_t ms);

/** t + ns nanoseconds; MONO_NEVER as for mono_add_ms. */
struct mono mono_add_ns(struct mono t, uint64_t ns);

/** The earlier of two instants. */
struct mono mono_min(struct mono a, struct mono b);

/** True if `deadline` is not after `now`. MONO_NEVER is never due. */
bool mono_due(struct mono deadline, struct mono now);

/** True if a is strictly before b. */
bool mono_before(struct mono a, struct mono b);

/** Whole milliseconds from `from` to `to`, 0 if `to` is not after `from`. */
uint64_t mono_ms_between(struct mono from, struct mono to);

/** Nanoseconds from `from` to `to`, 0 if `to` is not after `from`. */
uint64_t mono_ns_between(struct mono from, struct mono to);
