/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a worker does with STUN: it answers binding requests as the control thread does
 * (relayd/service/stun.h), under the same limit, and leaves to that what wants more than an answer
 * from where the request came to. Pure: no allocation, no lock, no clock.
 */
#pragma once

#include "proto/net/dgram.h"
#include "proto/wire/stun.h"
#include "relayd/service/lane_board.h"
#include "relayd/service/stun_board.h"

#include <stddef.h>
#include <stdint.h>

/** What becomes of a datagram. */
enum stun_fate {
    STUN_FATE_NONE,    /* dropped, which is counted */
    STUN_FATE_ANSWER,  /* an answer is to be sent to where it came from */
    STUN_FATE_CONTROL, /* to be handed to the control thread, which has not seen it */
};

/** Look at a datagram whose first byte says STUN, any other content. Writes the answer and its
 * size, if there is one. What is not handed over is counted, as received, too. */
enum stun_fate stun_switch_take(const struct stun_board *board, struct lane_worker_counts *counts,
                                const struct dgram *in, struct mono now,
                                uint8_t answer[STUN_ANSWER_SIZE_MAX], size_t *size);
