/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Round trips to relays with which the host has no session, by plain STUN (RFC 8489): 28 bytes
 * each, three in a round. A relay that does not answer costs three requests, twice; then it is
 * forgotten. So whoever tells a host of relays makes it send no more than that to anybody.
 */
#pragma once

#include "client/stun2/home_candidates.h"
#include "proto/base/env.h"
#include "proto/net/dgram.h"

enum {
    HOME_ROUND_REQUESTS = 3,
    HOME_ANSWER_MS = 1000,       /* no answer for so long: lost */
    HOME_ROUND_MS = 600 * 1000,  /* between two rounds of one relay */
    HOME_IN_VAIN_MS = 60 * 1000, /* if none of the former one was answered */
    HOME_ROUNDS_IN_VAIN_MAX = 2,
};

/** The next request that is due, and where it goes; false if there is none. */
bool home_measure_next(struct home_candidates *candidates, const struct env *env,
                       struct endpoint *to, uint8_t request[STUN_REQUEST_SIZE], struct mono now);

/** A datagram that may be an answer, any content. True if it is one. */
bool home_measure_on_answer(struct home_candidates *candidates, const struct dgram *in,
                            struct mono now);

/** True while a relay is measured for the first time. */
bool home_measure_is_new(const struct home_candidates *candidates);

/** When home_measure_next has something to do. */
struct mono home_measure_deadline(const struct home_candidates *candidates);
