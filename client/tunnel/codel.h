/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CoDel (RFC 8289): one queue's packets may wait CODEL_TARGET_MS. If even the least wait was longer
 * for CODEL_INTERVAL_MS, one packet is taken out or marked, and then more and more often, until the
 * wait is short again. Time is a parameter. Pure.
 */
#pragma once

#include "proto/base/mono.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CODEL_TARGET_MS = 5,
    CODEL_INTERVAL_MS = 100,
};

/** The state of one queue; of zeros at first. */
struct codel {
    struct mono above_at; /* while `above`: when the wait was too long for an interval */
    struct mono next_at;  /* while `dropping`: when the next packet is taken */
    uint32_t count;       /* packets taken since `dropping` began, or what is left of that */
    uint32_t last_count;  /* `count` when it began last */
    bool above, dropping;
};

/**
 * The verdict on the packet at the head of the queue (RFC 8289, 5.5 and 5.6). To be asked once for
 * each, in their order.
 *
 * waited_ns   since it was put into the queue
 * last        no more than one packet of full size is in the queue, which must not run dry
 *
 * True: drop this packet, or mark it where it may be marked.
 */
bool codel_takes(struct codel *codel, uint64_t waited_ns, bool last, struct mono now);

/** The queue is empty. */
void codel_idle(struct codel *codel);
