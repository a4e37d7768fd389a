/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times are kept as offsets from the monotonic clock, which change only when the clock is set. */
#include "proto/base/wall_watch.h"

void wall_watch_init(struct wall_watch *watch)
{
    *watch = (struct wall_watch){0};
}

static int64_t offset_of(uint64_t wall_ms, struct mono now)
{
    static const int64_t far_ms = INT64_MAX / 4; /* later times become this: no sum overflows */
    int64_t wall = wall_ms <= (uint64_t)far_ms ? (int64_t)wall_ms : far_ms;

    return wall - (int64_t)(now.ns / NS_PER_MS);
}

static void wait_begin(struct wall_watch *watch, struct mono now)
{
    watch->waiting = true;
    watch->waiting_ms = watch->offset_ms;
    watch->waiting_since = now;
}

static void settle(struct wall_watch *watch, struct mono now)
{
    /* An earlier time, and one that is ahead by less than a jump, counts at once. */
    if (watch->settled && watch->offset_ms < watch->settled_ms + WALL_STEP_MS) {
        watch->settled_ms = watch->offset_ms;
        watch->waiting = false;
        return;
    }
    if (!watch->waiting) {
        wait_begin(watch, now);
    } else if (watch->offset_ms > watch->waiting_ms + WALL_STEP_MS) {
        wait_begin(watch, now); /* another jump ahead: the wait begins anew */
    } else {
        watch->waiting_ms = watch->offset_ms;
    }
    if (mono_ms_between(watch->waiting_since, now) >= WALL_SETTLE_MS) {
        watch->settled = true;
        watch->settled_ms = watch->waiting_ms;
        watch->waiting = false;
    }
}

int64_t wall_watch_note(struct wall_watch *watch, uint64_t wall_ms, struct mono now)
{
    int64_t offset_ms = offset_of(wall_ms, now);
    int64_t step_ms = watch->begun ? offset_ms - watch->offset_ms : 0;

    watch->begun = true;
    watch->offset_ms = offset_ms;
    settle(watch, now);
    return step_ms >= WALL_STEP_MS || step_ms <= -WALL_STEP_MS ? step_ms : 0;
}

uint64_t wall_watch_settled_ms(const struct wall_watch *watch, struct mono now)
{
    int64_t wall_ms = watch->settled_ms + (int64_t)(now.ns / NS_PER_MS);

    return watch->settled && wall_ms > 0 ? (uint64_t)wall_ms : 0;
}
