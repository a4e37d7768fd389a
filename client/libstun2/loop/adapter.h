/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the adapter consists of (client/stun2/stun2_ev.h is what applications see). */
#pragma once

#include "client/libstun2/agent_parts.h"
#include "client/measure/nat_sockets.h"
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
    struct ev_timer poll;    /* while a report is made */
    struct nat_sockets *nat; /* the report; NULL: none */
    bool report_wanted;      /* as soon as a relay has a session */
};
