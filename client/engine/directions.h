/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Threads that carry packets beside the loop (docs/architecture.md, "Threads of a host"): one reads
 * each queue of the TUN device, and one reads the UDP socket. The core belongs to whoever has the
 * turn, which is a mutex: the loop gives it up while it waits, and a thread takes it once for a
 * batch. What is costly in the kernel, to receive and to send, is done without it.
 */
#pragma once

#include "client/core/core.h"
#include "client/engine/interface.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/host/pump.h"
#include "proto/host/udp_batch.h"

struct ev_loop;
struct directions;

/** Everything is borrowed and outlives the threads. */
struct directions_options {
    struct ev_loop *loop;
    struct host_core *core;
    struct interface *interface; /* open */
    struct pump *pump;
    const struct udp_batch *udp; /* the pump's first socket; not prompt */
    int first_fd;                /* as long as it is readable, the loop goes first; -1: none */
};

/** Start a thread for each queue of the device, and one for the socket, which loop and pump read no
 * more. To be called by the loop's thread, which has the turn from then on; from whatever runs in
 * the loop the core may be used as before. *out is NULL on error: ERR_NOMEM, ERR_SYSTEM, with
 * fault; then the device has one queue, and all is as it was. */
int directions_start(struct directions **out, const struct directions_options *options,
                     struct fault *fault) MUST_CHECK;

/** End them; then the core is the caller's alone. Nobody reads device and socket any more. To be
 * called by the loop's thread, outside of ev_run. NULL is fine. */
void directions_stop(struct directions *directions);
