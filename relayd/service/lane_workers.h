/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lanes whose frames worker threads forward (docs/architecture.md, "Workers"): what the control
 * thread tells them of each end, and what they used, which is counted and charged a moment later.
 * An end whose charge is refused is taken from them until for a second nothing was refused; what
 * was too much is paid before anything else passes. Without workers the control thread does it all,
 * and these do nothing but charge.
 */
#pragma once

#include "relayd/base/relay_base.h"
#include "relayd/service/forward_relay.h"
#include "relayd/service/lane_board.h"
#include "relayd/service/lane_table.h"

enum {
    LANE_LOOK_MS = 10,      /* between two looks at what workers used */
    LANE_REFUSED_MS = 1000, /* without a refused charge, then workers forward again */
    LANE_WAY_MS = 10000,    /* so often what comes from a relay keeps the way of frames to it */
};

struct lane_workers {
    struct relay_base *base;      /* borrowed */
    struct forward_relay *relays; /* borrowed; what hosts at other relays may have */
    struct lane_board *board;     /* NULL: there are no workers */
    struct lane_worker_counts seen;
    struct mono look_at; /* NEVER: a worker says when */
};

/** As many workers as base's configuration says. ERR_NOMEM; lane_workers_fini is legal then, and
 * for zeros. */
int lane_workers_init(struct lane_workers *workers, struct relay_base *base,
                      struct forward_relay *relays) MUST_CHECK;
void lane_workers_fini(struct lane_workers *workers);

/** The lane of this end is new, or one of its ends was bound. */
void lane_workers_changed(struct lane_workers *workers, struct lane_end *end);

/** The lane of this end ends, and workers forget it. What they used in the last moment is not
 * charged. */
void lane_workers_closed(struct lane_workers *workers, struct lane_end *end);

/** Charge the owner of an end for a frame of `size` bytes that the control thread is to forward, as
 * forward_charge or forward_foreign_charge does. */
bool lane_workers_charge(struct lane_workers *workers, struct lane_end *end, size_t size,
                         struct mono now);

/** Frames of an end were forwarded, of so many bytes without lane headers; on to another relay, to
 * a host here from one, or between two hosts here. */
void lane_workers_count(struct lane_workers *workers, struct lane_end *end, uint64_t frames,
                        uint64_t bytes, struct mono now);

/** Count what workers counted so far, without charging for frames. Without workers, nothing. */
void lane_workers_counts(struct lane_workers *workers);

/** A worker says that something was used: the time for a look is near. */
void lane_workers_look(struct lane_workers *workers, struct mono now);

/** Count and charge what was used, if it is time; and when that is. */
void lane_workers_expire(struct lane_workers *workers, struct mono now);
struct mono lane_workers_deadline(const struct lane_workers *workers);
