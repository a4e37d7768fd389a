/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Instants that follow from the first ping of a silence. */
#include "client/path/path_doubt.h"

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* A queue that fills makes the last round trip longer than the smoothed one: what is still on its
 * way is not late yet. */
static uint64_t round_trip_ns(const struct path_times *at, uint64_t rtt_ns)
{
    return max_u64(rtt_ns, at->last_rtt_ns);
}

struct mono path_doubt_question_at(const struct path_times *at, uint64_t rtt_ns)
{
    return mono_add_ns(at->unanswered_at,
                       max_u64(round_trip_ns(at, rtt_ns), PATH_SILENCE_MS * NS_PER_MS));
}

/* The pong is late, or the peer was never silent for so long before. */
static struct mono lane_begins_at(const struct path_times *at, uint64_t rtt_ns)
{
    uint64_t late_ns = rtt_ns + rtt_ns / 4 + PATH_LANE_LATE_MS * NS_PER_MS;

    if (!mono_before(at->unanswered_at, at->live_ping_at)) {
        return MONO_NEVER; /* nothing was sent but the ping */
    }
    return mono_min(mono_add_ns(at->live_ping_at, late_ns),
                    mono_add_ns(at->received_at, PATH_LANE_GAPS * at->gap_ns));
}

struct mono path_doubt_begins_at(const struct path_times *at, bool lane, uint64_t rtt_ns)
{
    if (at->live_ping_at.ns == MONO_NEVER.ns) {
        return MONO_NEVER;
    }
    return lane ? lane_begins_at(at, rtt_ns)
                : mono_add_ns(at->live_ping_at,
                              max_u64(2 * round_trip_ns(at, rtt_ns), PATH_DOUBT_MS * NS_PER_MS));
}

struct mono path_doubt_ends_at(const struct path_times *at, bool lane, uint64_t rtt_ns)
{
    if (lane) {
        return mono_add_ns(at->live_ping_at, max_u64(2 * rtt_ns, PATH_LANE_DEAD_MS * NS_PER_MS));
    }
    return mono_add_ns(path_doubt_begins_at(at, false, rtt_ns),
                       max_u64(3 * round_trip_ns(at, rtt_ns), PATH_DEAD_MS * NS_PER_MS));
}

struct mono path_doubt_next_at(const struct path_times *at, bool lane, uint64_t rtt_ns,
                               struct mono now)
{
    struct mono begins_at = path_doubt_begins_at(at, lane, rtt_ns);

    return lane || mono_due(begins_at, now) ? path_doubt_ends_at(at, lane, rtt_ns) : begins_at;
}
