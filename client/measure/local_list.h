/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The addresses of this machine at which others might reach it, and what each is good for. */
#pragma once

#include "client/path/address_use.h"
#include "client/platform/netwatch.h"
#include "proto/host/netway.h"

#include <stddef.h>

enum { LOCAL_LIST_MAX = NETWATCH_ADDRESSES_MAX };

/** List them as they are now (netwatch_addresses). Returns how many there are. */
size_t local_list(struct netway *ways, struct host_local_addr out[LOCAL_LIST_MAX]);
