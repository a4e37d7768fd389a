/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that a relay counts, of all its services, for the metrics and the status. */
#pragma once

#include "proto/base/mono.h"
#include "relayd/base/counters.h"

struct relay_core;

/** Everything there is to count, at `now`. */
void relay_core_snapshot(struct relay_core *core, struct relay_snapshot *out, struct mono now);
