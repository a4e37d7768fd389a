/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When may things be deleted because their time is over? A wall clock can be wrong for a while: a
 * machine boots in 1970, a battery is dead, a time server lies. What the wall clock calls expired
 * may be refused at once, because that heals when the clock is right again; but what is deleted
 * does not come back. So things are deleted by the *settled* time. It follows the wall clock back
 * at once, but ahead only after the wall clock has shown the later time for WALL_SETTLE_MS. The
 * monotonic clock, which nobody sets, measures that.
 */
#pragma once

#include "proto/base/mono.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    WALL_STEP_MS = 10 * 60 * 1000,       /* smaller steps are no jumps and count at once */
    WALL_SETTLE_MS = 6 * 60 * 60 * 1000, /* how long a later time must last before it counts */
};

struct wall_watch {
    bool begun;                /* offset_ms was read */
    int64_t offset_ms;         /* wall clock minus monotonic clock, as read last */
    bool settled;              /* there is a settled offset */
    int64_t settled_ms;        /* the offset by which things are deleted */
    bool waiting;              /* the wall clock shows a time that has not settled yet */
    int64_t waiting_ms;        /* that time's offset */
    struct mono waiting_since; /* when the wall clock began to show it */
};

/** Begin to watch. Nothing is settled yet. */
void wall_watch_init(struct wall_watch *watch);

/** Note what the wall clock (ms since 1970 UTC) says at `now`. It is cheap: call it in each turn of
 * a loop. Returns by how many ms the wall clock jumped since the last call, negative if back; 0 for
 * less than WALL_STEP_MS. */
int64_t wall_watch_note(struct wall_watch *watch, uint64_t wall_ms, struct mono now);

/** The time, ms since 1970 UTC, by which things may be deleted; 0 (nothing is over) until the wall
 * clock has gone on for WALL_SETTLE_MS without a jump ahead. Never later than what the wall clock
 * said in the last note. */
uint64_t wall_watch_settled_ms(const struct wall_watch *watch, struct mono now);
