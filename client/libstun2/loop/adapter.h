/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the adapter consists of (client/stun2/stun2_ev.h is what applications see). */
#pragma once

#include "client/libstun2/loop/measuring.h"
#include "client/libstun2/loop/network.h"
#include "client/stun2/stun2_ev.h"
#include "proto/host/pump.h"
#include "proto/host/resolves.h"
#include "proto/host/udp_batch.h"

#include <ev.h>
#include <stdbool.h>

struct stun2_ev {
    struct stun2_ev_options options;
    struct ev_loop *loop;
    struct stun2 *agent;
    struct udp_batch *udp;
    struct pump *pump;
    struct resolves resolves;
    struct ev_timer kick;
    unsigned calls; /* of the application that run now, from this adapter */
    bool closing;   /* it was freed by one of them: that is done from the loop */
    struct measuring measuring;
    struct network network;
};
