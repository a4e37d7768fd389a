/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pings that the user asked for (client/peer/ping_request.h). */
#pragma once

#include "client/tunnel/host_io.h"
#include "proto/base/mono.h"

struct host_core;

/** Send those that wait for a session, or for their turn. */
void pings_expire(struct host_core *core, struct host_io *io, struct mono now);
