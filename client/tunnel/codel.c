/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control law of RFC 8289 in whole numbers. */
#include "client/tunnel/codel.h"

enum {
    REMEMBERED_INTERVALS = 16, /* how long a rate of drops is worth going on with (RFC 8289, 5.6) */
    SCALE = 1024,
};

/* The whole part of the square root. */
static uint64_t root(uint64_t of)
{
    uint64_t low = 0, high = UINT32_MAX;

    while (low < high) {
        uint64_t middle = (low + high + 1) / 2;

        if (middle * middle <= of) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

/* An interval divided by the square root of the count, after `t`. */
static struct mono control_law(struct mono t, uint32_t count)
{
    uint64_t divisor = root((uint64_t)count * SCALE * SCALE);

    return mono_add_ns(t, CODEL_INTERVAL_MS * NS_PER_MS * SCALE / divisor);
}

/* True if the wait was too long for an interval. */
static bool is_too_long(struct codel *c, uint64_t waited_ns, bool last, struct mono now)
{
    if (waited_ns < CODEL_TARGET_MS * NS_PER_MS || last) {
        c->above = false;
        return false;
    }
    if (!c->above) {
        c->above = true;
        c->above_at = mono_add_ms(now, CODEL_INTERVAL_MS);
        return false;
    }
    return mono_due(c->above_at, now);
}

/* A queue that was too long just now goes on about where it ended, instead of learning anew. */
static void dropping_begin(struct codel *c, struct mono now)
{
    uint32_t since = c->count - c->last_count;
    bool lately =
        mono_ns_between(c->next_at, now) < REMEMBERED_INTERVALS * CODEL_INTERVAL_MS * NS_PER_MS;

    c->dropping = true;
    c->count = since > 1 && lately ? since : 1;
    c->last_count = c->count;
    c->next_at = control_law(now, c->count);
}

bool codel_takes(struct codel *c, uint64_t waited_ns, bool last, struct mono now)
{
    if (!is_too_long(c, waited_ns, last, now)) {
        c->dropping = false;
        return false;
    }
    if (!c->dropping) {
        dropping_begin(c, now);
        return true;
    }
    if (!mono_due(c->next_at, now)) {
        return false;
    }
    c->count++;
    c->next_at = control_law(c->next_at, c->count);
    return true;
}

void codel_idle(struct codel *c)
{
    c->above = false;
    c->dropping = false;
}
