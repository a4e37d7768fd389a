/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a relay core does once a minute: what need not be done at once.
 */
#pragma once

#include "proto/base/mono.h"
#include "relayd/base/counters.h"
#include "relayd/core/core_internal.h"

#include <stdint.h>

/** Do it, and say when it is due again. */
void housekeeping_do(struct relay_core *core, struct mono now);

/** Announce that the ziglan's key leads to this relay. */
void housekeeping_announce(struct relay_core *core, struct mono now);

/** All bytes that the relay carried between hosts so far. */
uint64_t housekeeping_bytes(const struct relay_counters *counters);
