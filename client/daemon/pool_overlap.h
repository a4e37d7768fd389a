/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether the pool of local IPv4 addresses overlaps with a network that this machine is in, as
 * behind some carriers. Peers with such addresses would be looked for outside.
 */
#pragma once

#include "client/config/config.h"

enum { POOL_OVERLAP_SIZE = 240 };

/** A sentence with the remedy if there is such a network now, else "". config_path is where the
 * user sets another pool. Returns text. */
const char *pool_overlap(const struct client_config *config, const char *config_path,
                         char text[POOL_OVERLAP_SIZE]);
