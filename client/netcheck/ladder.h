/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each socket of a measurement of lifetimes (lifetime.h) is for, and at which ages mappings
 * are tested. The steps of KEPT are so short that a lifetime up to 123 s is known 10 s after it is
 * over, and beyond as soon if it is a usual one (150, 180, 240, 300 s). Fine sockets begin later,
 * so that any step is divided into parts of 6 s at most. The steps of QUIET are longer, and end at
 * 132 s: it is divided at the latest when KEPT is, which is as old or older.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    LADDER_CONTROL = 0,  /* tells the relay, and proves the address */
    LADDER_ANSWERED = 1, /* one packet went each way */
    LADDER_QUIET = 2,
    LADDER_QUIET_COUNT = 5,
    LADDER_QUIET_LAST = LADDER_QUIET + LADDER_QUIET_COUNT - 1, /* until KEPT is divided */
    LADDER_QUIET_FINE,
    LADDER_QUIET_FINE_COUNT = 5,
    LADDER_KEPT = LADDER_QUIET_FINE + LADDER_QUIET_FINE_COUNT,
    LADDER_KEPT_COUNT = 17,
    LADDER_FAR = LADDER_KEPT + LADDER_KEPT_COUNT, /* of KEPT, too */
    LADDER_FAR_COUNT = 6,
    LADDER_KEPT_FINE = LADDER_FAR + LADDER_FAR_COUNT,
    LADDER_KEPT_FINE_COUNT = 5,
    LADDER_END = LADDER_KEPT_FINE + LADDER_KEPT_FINE_COUNT,
    /* Linux keeps a mapping for longer if it was used both ways after 2 s. So long after the first
     * packet of KEPT the second one follows; and QUIET begins then, too. */
    LADDER_BOTH_WAYS_MS = 2050,
};

/** At which age a socket of a step is tested; 0: it has none of its own. */
uint32_t ladder_age_ms(size_t index);

/** So long after the first ones a socket begins. */
uint32_t ladder_offset_ms(size_t index);
