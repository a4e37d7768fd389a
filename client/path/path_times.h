/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When what happened on a path (path.h), and what the peer's usual pause is. Pure.
 */
#pragma once

#include "proto/base/mono.h"

#include <stdint.h>

/** When what happened; MONO_NEVER where it did not. */
struct path_times {
    struct mono entered_at; /* the present state */
    struct mono sent_at, received_at;
    struct mono unanswered_at; /* first frame sent since the last one received */
    struct mono ping_sent_at;  /* last ping of any kind since the last pong */
    struct mono live_ping_at;  /* first ping of this silence */
    struct mono doubted_at;    /* the doubt that began last (path_doubt.h); 0: none did */
    uint64_t gap_ns;           /* between two frames that came, smoothed */
    uint64_t last_rtt_ns;      /* of the last pong */
};

/** A path that is new at `now`. */
struct path_times path_times_from(struct mono now);

/** A frame came: nothing that was sent before waits for an answer any more. */
void path_times_on_received(struct path_times *at, struct mono now);
