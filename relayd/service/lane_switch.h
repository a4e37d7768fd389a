/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a worker does with what it received: frames on lanes get the other end's label in place, and
 * go on in trains as they came. No allocation, no lock, no clock. The state of one worker, in
 * caller memory.
 */
#pragma once

#include "proto/net/dgram.h"
#include "relayd/service/lane_board.h"

struct lane_switch {
    struct lane_board *board; /* borrowed */
    unsigned worker;
    struct lane_turn turn;
    struct lane_worker_counts counts; /* the owner adds drop_blocked, handed, drop_ring, STUN's */
    bool used;                        /* frames came in this batch */
    /* The last pass that was looked up; number LANE_PASS_NONE: none. */
    struct lane_pass pass;
    uint32_t number;
};

/** What becomes of the next datagrams of a train. */
enum lane_fate {
    LANE_FATE_NONE,    /* none are left */
    LANE_FATE_SEND,    /* to be sent as they are */
    LANE_FATE_CONTROL, /* to be handed to the control thread, which has not seen them */
    LANE_FATE_OTHERS,  /* no frames of lanes */
};

/** Begin. board is borrowed and outlives the switch. */
void lane_switch_init(struct lane_switch *lanes, struct lane_board *board, unsigned worker);

/** Take the next datagrams with one fate off *in, a train of any content, into *out, which is not
 * written for LANE_FATE_NONE. What is dropped is counted, and passed over. Those to be sent are at
 * most DGRAM_TRAIN_MAX and DGRAM_TRAIN_SIZE_MAX bytes. */
enum lane_fate lane_switch_next(struct lane_switch *lanes, struct dgram_train *in,
                                struct dgram_train *out);

/** All of a batch was sent: passes may have changed, and shares begin anew. True if the control
 * thread has to be woken, so that it looks what was counted. */
bool lane_switch_end(struct lane_switch *lanes);
