/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which sender may put a frame into a receiver's queue. If a full queue only dropped what comes
 * last, one member that floods another would silence all others. So a queue that is more than half
 * full takes frames only from senders within their share. A sender is within its share as long as
 * it has no more than an equal part of what the queue took lately. A sender that is alone has the
 * whole queue, and what some leave unused goes to the rest.
 *
 * Strangers, whose keys cost nothing, count as one sender, which they share alike; and they have
 * places of their own, so that many of them push no member out of the books.
 */
#pragma once

#include "proto/base/mono.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FAIR_PLACES = 16,          /* senders that one receiver's queue tells apart at a time, */
    FAIR_STRANGER_PLACES = 16, /* and addresses of strangers besides */
    FAIR_HALF_MS = 250,        /* after this time, bytes that were taken count half */
};

/** Who sends: a number of the caller's choice, a different one for each, of two kinds. */
struct fair_sender {
    uint64_t number;
    bool stranger;
};

struct fair {
    struct mono halved_at;
    struct fair_place {
        uint64_t number;
        uint64_t bytes;                          /* taken lately; 0: the place is free */
    } taken[FAIR_PLACES + FAIR_STRANGER_PLACES]; /* strangers behind */
};

/**
 * Ask to put one more frame into a queue. A zeroed struct is a queue from which nobody took yet.
 *
 * size     bytes of the frame
 * waiting  bytes that are in the queue
 * room     bytes that the queue can hold
 *
 * Returns true, and counts the bytes as taken by this sender, if it is within its share or the
 * queue is at most half full. The caller drops the frame otherwise.
 */
bool fair_take(struct fair *fair, struct fair_sender sender, size_t size, size_t waiting,
               size_t room, struct mono now);
