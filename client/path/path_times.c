/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pause between frames is smoothed. */
#include "client/path/path_times.h"

struct path_times path_times_from(struct mono now)
{
    return (struct path_times){.entered_at = now,
                               .sent_at = now,
                               .received_at = now,
                               .unanswered_at = MONO_NEVER,
                               .ping_sent_at = MONO_NEVER,
                               .live_ping_at = MONO_NEVER};
}

void path_times_on_received(struct path_times *at, struct mono now)
{
    uint64_t gap_ns = mono_ns_between(at->received_at, now);

    /* A peer that says less is believed sooner than one that says more. */
    at->gap_ns = gap_ns > at->gap_ns ? (at->gap_ns + gap_ns) / 2 : (7 * at->gap_ns + gap_ns) / 8;
    at->received_at = now;
    at->unanswered_at = MONO_NEVER;
}
