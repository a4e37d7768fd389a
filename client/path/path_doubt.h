/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a bare path that fell silent is left (docs/protocol.md, sections 12 and 18): when it is asked
 * for a sign of life, from when on it is doubted, so that frames go by another way, too, and when
 * it is not used any more until it answers. A lane, beside which there is a session, is left
 * sooner than a direct path. Pure. rtt_ns: the smoothed round trip.
 */
#pragma once

#include "client/path/path_times.h"

#include <stdbool.h>

enum {
    PATH_SILENCE_MS = 100,     /* no reply for this, or for a longer round trip: ping */
    PATH_PING_REPEAT_MS = 100, /* between two liveness pings */
    PATH_DOUBT_MS = 200,       /* no pong for this, or for two longer round trips: doubted */
    PATH_DEAD_MS = 300,        /* doubted for this, or for three longer round trips: suspect */
    PATH_LANE_REPEAT_MS = 50,  /* those of a lane: between two pings; */
    PATH_LANE_LATE_MS = 10,    /* beyond a round trip and a quarter, a pong is late, */
    PATH_LANE_GAPS = 4,        /* and so is a peer after so many times its usual pause; */
    PATH_LANE_DEAD_MS = 100,   /* no pong for this, or for two longer round trips: suspect */
};

/** When the first ping has to ask for a sign of life, if what was sent gets no reply. */
struct mono path_doubt_question_at(const struct path_times *at, uint64_t rtt_ns);

/** When the doubt begins, and when the path becomes suspect, if pings stay unanswered. NEVER: it
 * was not asked, or it is a lane to which nothing was sent but the ping. */
struct mono path_doubt_begins_at(const struct path_times *at, bool lane, uint64_t rtt_ns);
struct mono path_doubt_ends_at(const struct path_times *at, bool lane, uint64_t rtt_ns);

/** The next of these two instants that something has to be done at. The doubt about a lane is seen
 * when a frame is sent. */
struct mono path_doubt_next_at(const struct path_times *at, bool lane, uint64_t rtt_ns,
                               struct mono now);
