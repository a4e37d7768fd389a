/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lanes of this program for the next one (relayd/service/lane_kept.h): in a file of memory,
 * which the service manager keeps over a restart, as it keeps the ports.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "relayd/core/core.h"

/** The file, to be opened before the ports; -1: without a manager, or without memory, no lane
 * outlives the program. */
int kept_lanes_open(void);

/** The lanes of the program before this one go into the core. To be called when the workers' ports
 * are known, or they forward nothing of these, and before they run. */
void kept_lanes_load(int fd, struct relay_core *core, const struct env *env, struct mono now);

/** The program ends: what the core kept goes to the manager. */
void kept_lanes_hand_on(int fd, const struct relay_core *core);
