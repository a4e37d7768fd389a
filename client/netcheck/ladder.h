/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each socket of a measurement of lifetimes (lifetime.h) is for, and at which ages mappings
 * are tested. Those of KEPT soon after each 5 s, as usual lifetimes are multiples of that: so any
 * lifetime up to 300 s is known 9 s after it is over, and a usual one 4 s after. The steps of QUIET
 * are longer, for it is divided at the latest when KEPT is, which is as old or older. Fine sockets
 * begin later, so that the last step is divided into parts: of 2.5 s, and of 5.2 s for QUIET.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    LADDER_CONTROL = 0,  /* tells the relay, and proves the address */
    LADDER_ANSWERED = 1, /* one packet went each way */
    LADDER_QUIET = 2,
    LADDER_QUIET_COUNT = 8,
    LADDER_QUIET_LAST = LADDER_QUIET + LADDER_QUIET_COUNT - 1, /* until KEPT is divided */
    LADDER_QUIET_FINE,
    LADDER_QUIET_FINE_COUNT = 7,
    LADDER_KEPT = LADDER_QUIET_FINE + LADDER_QUIET_FINE_COUNT,
    LADDER_KEPT_COUNT = 61,
    LADDER_KEPT_LAST = LADDER_KEPT + LADDER_KEPT_COUNT - 1, /* ... only if the one before is gone */
    LADDER_KEPT_FINE,
    LADDER_KEPT_FINE_COUNT = 2,
    LADDER_END = LADDER_KEPT_FINE + LADDER_KEPT_FINE_COUNT,
    LADDER_AGE_MS_MAX = 300600, /* the last step, or a moment younger */
    /* Linux keeps a mapping for longer if it was used both ways after 2 s. So long after the first
     * packet of KEPT the second one follows; and QUIET begins then, too. */
    LADDER_BOTH_WAYS_MS = 2050,
};

/** At which age a socket of a step is tested; 0: it has none of its own. */
uint32_t ladder_age_ms(size_t index);

/** So long after the first ones a socket begins. */
uint32_t ladder_offset_ms(size_t index);
