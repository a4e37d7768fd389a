/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The core's side of the loop: the UDP socket, the pump that moves datagrams between socket and
 * core, and the look-up of names. Packets for the TUN device go to the interface.
 */
#pragma once

#include "client/core/core.h"
#include "client/engine/interface.h"
#include "client/engine/lan_link.h"
#include "client/engine/sockets.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/host/pump.h"
#include "proto/host/resolves.h"
#include "proto/host/udp_batch.h"

struct ev_loop;

struct loop {
    struct host_core *core;
    struct interface *interface;
    struct udp_batch *udp;
    struct sockets sockets; /* besides that one */
    struct pump *pump;
    struct resolves resolves;
    struct lan_link lan; /* of zeros until the owner opens it */
};

/** Open the UDP socket at `port` (0: the kernel chooses), prompt (udp_options) or not, and start.
 * ev, core and interface are borrowed and outlive it. ERR_SYSTEM, ERR_NOMEM with fault; loop_close
 * is legal then, too. */
int loop_open(struct loop *loop, struct ev_loop *ev, struct host_core *core,
              struct interface *interface, uint16_t port, bool prompt,
              struct fault *fault) MUST_CHECK;

/** Stop reading and stop the core's timers. What the core still wants to send is lost, unless the
 * caller used pump_drain before. A loop of zeros is fine. */
void loop_close(struct loop *loop);
