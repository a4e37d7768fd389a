/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Instants of a clock that never goes back. Cores receive `now` as a parameter; only proto/host
 * and the simulator make instants. Durations are plain counts with their unit in the name.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** An instant in nanoseconds since an arbitrary origin. Zero is a valid instant. */
struct mono {
    uint64_t ns;
};

#define MONO_NEVER ((struct mono){UINT64_MAX})
#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

/** t + ms milliseconds; MONO_NEVER stays what it is, and a sum too large becomes it. */
struct mono mono_add_ms(struct mono t, uint64_t ms);

/** t + ns nanoseconds, with the same treatment of MONO_NEVER. */
struct mono mono_add_ns(struct mono t, uint64_t ns);

/** The earlier of two instants. */
struct mono mono_min(struct mono a, struct mono b);

/** True if `deadline` is not after `now`. MONO_NEVER is never due. */
bool mono_due(struct mono deadline, struct mono now);

/** True if a is strictly before b. */
bool mono_before(struct mono a, struct mono b);

/** Milliseconds from `from` to `to`, 0 if `to` is not after `from`. */
uint64_t mono_ms_between(struct mono from, struct mono to);

/** Nanoseconds from `from` to `to`, 0 if `to` is not after `from`. */
uint64_t mono_ns_between(struct mono from, struct mono to);
