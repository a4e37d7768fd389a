/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums of instants end at MONO_NEVER instead of wrapping around. */
#include "proto/base/mono.h"

struct mono mono_add_ns(struct mono t, uint64_t ns)
{
    if (t.ns > UINT64_MAX - ns) {
        return MONO_NEVER;
    }
    return (struct mono){t.ns + ns};
}

struct mono mono_add_ms(struct mono t, uint64_t ms)
{
    if (ms > UINT64_MAX / NS_PER_MS) {
        return MONO_NEVER;
    }
    return mono_add_ns(t, ms * NS_PER_MS);
}

struct mono mono_min(struct mono a, struct mono b)
{
    return a.ns < b.ns ? a : b;
}

bool mono_due(struct mono deadline, struct mono now)
{
    return deadline.ns != UINT64_MAX && deadline.ns <= now.ns;
}

bool mono_before(struct mono a, struct mono b)
{
    return a.ns < b.ns;
}

uint64_t mono_ns_between(struct mono from, struct mono to)
{
    return to.ns > from.ns ? to.ns - from.ns : 0;
}

uint64_t mono_ms_between(struct mono from, struct mono to)
{
    return mono_ns_between(from, to) / NS_PER_MS;
}
