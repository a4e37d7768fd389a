/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nothing is done for lanes that are silent: each looks at the number of the turn when it takes. */
#include "relayd/service/lane_share.h"

/* What a lane still owes of the turn before. */
static size_t debt(const struct lane_turn *turn, const struct lane_share *share)
{
    bool crowded = turn->part_before > 0 && share->number + 1 == turn->number;

    return crowded && share->bytes > turn->part_before ? share->bytes - turn->part_before : 0;
}

static size_t part_of(const struct lane_turn *turn)
{
    uint32_t lanes = turn->lanes > turn->lanes_before ? turn->lanes : turn->lanes_before;

    return turn->room / (lanes > 0 ? lanes : 1);
}

bool lane_share_take(struct lane_turn *turn, struct lane_share *share, size_t size)
{
    if (share->number != turn->number) {
        share->bytes = debt(turn, share);
        share->number = turn->number;
        turn->lanes++;
    }
    bool crowded = turn->used > turn->room / 2 || turn->part_before > 0;

    if (turn->used + size > turn->room || (crowded && share->bytes + size > part_of(turn))) {
        return false;
    }
    turn->used += size;
    share->bytes += size;
    return true;
}

void lane_turn_next(struct lane_turn *turn)
{
    turn->part_before = turn->used > turn->room / 2 ? part_of(turn) : 0;
    turn->lanes_before = turn->lanes;
    turn->lanes = 0;
    turn->used = 0;
    turn->number++;
}
