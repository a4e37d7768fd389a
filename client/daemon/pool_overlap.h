/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether the pool of local IPv4 addresses overlaps with a network that this machine is in. Behind
 * some carriers it does. The kernel would send packets for peers with such addresses there.
 */
#pragma once

#include "proto/net/addrplan.h"

enum { POOL_OVERLAP_SIZE = 240 };

/** Write a sentence with the remedy if there is such a network now, else "". config_path is the
 * file in which the user sets another pool. Returns text. */
const char *pool_overlap(const struct addrplan_pool *pool, const char *config_path,
                         char text[POOL_OVERLAP_SIZE]);
