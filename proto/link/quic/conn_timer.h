/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a connection must act: at the next of ngtcp2's own timers, the deadline for its Hello, the
 * next trial of the path's size, and the instant at which a silent peer counts as stalled.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/link/quic/conn_state.h"

/** True if this end looks whether the peer answers: it dialled it, or it is a relay, whose death
 * would cost others their frames until the connection is idle for too long. */
bool conn_is_watched(const struct link_conn *c);

/** When a connection that is watched counts as stalled; MONO_NEVER if the peer owes no answer or
 * STALLED was told already. */
struct mono conn_stall_deadline(const struct link_conn *c);

/** Set the timer to the earliest deadline, but to an instant after now: what was due has been done.
 * If memory is out, the connection ends. */
void conn_rearm(struct link_conn *c, struct mono now);
