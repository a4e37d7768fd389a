/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may fill a receiver's queue. A queue that drops the newest belongs to whoever sends most, so
 * one member that floods another would silence all others to it. Here a queue that is more than
 * half full takes a frame only from a sender that is within its share: that has no more than an
 * equal part of what the queue took lately. So the other half is always open to those within their
 * share. Who sends alone has the whole queue, and what some leave unused goes to the rest.
 */
#pragma once

#include "proto/base/mono.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FAIR_PLACES = 16,   /* senders that one receiver's queue tells apart at a time */
    FAIR_HALF_MS = 250, /* what was taken counts half after so long */
};

struct fair {
    struct mono halved_at;
    struct {
        uint64_t source;
        uint64_t bytes; /* taken lately; 0: nobody's place */
    } taken[FAIR_PLACES];
};

/** May `source` (a number of the caller's, one for each sender) put `size` more bytes into a queue
 * where `waiting` of `room` are used? If so they count as taken. A zeroed struct is a new queue. */
bool fair_take(struct fair *fair, uint64_t source, size_t size, size_t waiting, size_t room,
               struct mono now);
