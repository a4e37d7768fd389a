/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a connection waits for: ngtcp2's own timers, the end of the time for a Hello, the next trial
 * of the path's size, and the moment from which silence means a stall.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/link/quic/conn_state.h"

/** When a dialled connection counts as stalled, MONO_NEVER while nothing is unanswered. */
struct mono conn_stall_deadline(const struct link_conn *c);

/** Set the timer to what it must do next, but after now (what is due was done). */
void conn_rearm(struct link_conn *c, struct mono now);
