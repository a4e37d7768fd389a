/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which lane may put one more frame into the queue that all lanes share, between two times that it
 * is emptied: a turn. While it is at most half full any may. In a crowded turn, beyond that, and in
 * all of the next one, each lane has an equal part; and what one took beyond its part it owes in
 * the next turn. Lanes are counted as they come; so that the first of a turn does not take what
 * belongs to the rest, those of the turn before count, too. Pure; values in caller memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The queue. Zeros but for the room, and number 1: nothing was taken yet. */
struct lane_turn {
    size_t room; /* bytes that the queue can hold */
    size_t used; /* in this turn */
    uint64_t number;
    uint32_t lanes, lanes_before;
    size_t part_before; /* of a lane in the turn before, if that was crowded; else 0 */
};

/** One direction of a lane. Zeros: it took nothing yet. */
struct lane_share {
    uint64_t number; /* of the turn in which it took this */
    size_t bytes;
};

/** Ask to put a frame of so many bytes into the queue. True, and it counts as taken, if the lane
 * may. */
bool lane_share_take(struct lane_turn *turn, struct lane_share *share, size_t size);

/** The queue is empty again. */
void lane_turn_next(struct lane_turn *turn);
