/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Carries the core's notices to the LANs of this machine, and those of others to the core
 * (client/core/lan.h). Without it the host works, too; it then finds nobody on a LAN by itself.
 */
#pragma once

#include "client/core/core.h"
#include "client/path/address_use.h"
#include "client/platform/lancast.h"
#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/host/pump.h"

struct lan_link {
    struct host_core *core;
    struct pump *pump;
    struct lancast *cast; /* NULL: it is off */
};

/** Begin. What is wrong is traced, and then it is off. All is borrowed and outlives it. */
void lan_link_open(struct lan_link *link, struct ev_loop *loop, const struct env *env,
                   struct host_core *core, struct pump *pump);

/** End. A link of zeros is fine. */
void lan_link_close(struct lan_link *link);

/** These are the machine's addresses now: LANs are where those of real links are. */
void lan_link_use(struct lan_link *link, const struct host_local_addr *addrs, size_t count);

/** Send what the core wants to send. */
void lan_link_settle(struct lan_link *link, struct mono now);
