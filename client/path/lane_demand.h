/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a relay is asked for a lane to a peer: when packets went to it through a session for a
 * second, in which most pairs become direct, and not too soon after one that came to nothing. Pure;
 * zeros are one that asked for nothing yet.
 */
#pragma once

#include "proto/base/mono.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LANE_DEMAND_FLOW_MS = 1000,    /* frames go for so long, ... */
    LANE_DEMAND_PAUSE_MS = 2000,   /* ... each less than this after the one before */
    LANE_DEMAND_AGAIN_MS = 10000,  /* to the next question, if nothing came of one; doubled ... */
    LANE_DEMAND_DOUBLINGS_MAX = 8, /* ... up to 43 min */
};

struct lane_demand {
    struct mono since;    /* the first frame of the present flow */
    struct mono frame_at; /* its last one */
    struct mono ask_at;   /* not before */
    uint8_t failures;     /* since one was of use */
    bool asked;           /* and there was no answer yet */
};

/** A packet went through a session. True: the relay is to be asked now. */
bool lane_demand_on_frame(struct lane_demand *demand, struct mono now);

/** The relay was asked. */
void lane_demand_on_asked(struct lane_demand *demand, struct mono now);

/** A lane was of use: when it is lost, the next question may come soon. */
void lane_demand_on_used(struct lane_demand *demand);

/** The relay closed it: if it was of use, that is for no fault of the way, and the next frames may
 * ask. */
void lane_demand_on_closed(struct lane_demand *demand, struct mono now);
