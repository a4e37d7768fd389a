/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ways (client/stun2/way.h) as the kernel has them now. */
#pragma once

#include "client/stun2/way.h"
#include "proto/host/netway.h"

#include <stdbool.h>

/** The way from `local` (an ip of zeros: the kernel chooses) to `remote`, for a way_finder. False,
 * with nothing written, if the kernel did not answer. */
bool kernel_way(struct netway *ways, const struct endpoint *local, const struct endpoint *remote,
                struct way *out);
