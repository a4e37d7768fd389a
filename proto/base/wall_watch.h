/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The wall clock watched by the clock that nobody sets. A wall clock can be wrong for a minute: a
 * machine that boots in 1970, a battery that died, a time server that lies. What is over by it may
 * be refused at once, because that heals by itself; but what is deleted does not come back. So
 * things are deleted by the *settled* time: the earliest that the wall clock can be believed to
 * mean, since it must say more for WALL_SETTLE_MS before that counts.
 */
#pragma once

#include "proto/base/mono.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    WALL_STEP_MS = 10 * 60 * 1000,       /* a smaller step is no jump: clocks may differ by it */
    WALL_SETTLE_MS = 6 * 60 * 60 * 1000, /* how long a later time must last before it counts */
};

struct wall_watch {
    bool begun;
    int64_t offset_ms;         /* wall minus monotonic, as read last */
    bool settled;              /* there is a settled offset */
    int64_t settled_ms;        /* the offset that deletions believe */
    bool waiting;              /* the wall clock says more than what is settled ... */
    int64_t waiting_ms;        /* ... by at least this offset, */
    struct mono waiting_since; /* since then */
};

/** Begin: nothing is settled for WALL_SETTLE_MS. */
void wall_watch_init(struct wall_watch *watch);

/** Note what the wall clock says at `now`; call it often (each turn of a loop is cheap). Returns
 * by how many ms it was set since the last call, 0 if by less than WALL_STEP_MS. */
int64_t wall_watch_note(struct wall_watch *watch, uint64_t wall_ms, struct mono now);

/** The wall clock, ms since 1970, by which things may be deleted; 0 (nothing is over) until the
 * clock went on without a jump ahead for WALL_SETTLE_MS. Never later than the wall clock that was
 * noted last. */
uint64_t wall_watch_settled_ms(const struct wall_watch *watch, struct mono now);
