/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A relay core, composed: what the services share, the services themselves, and the core's own
 * timers. Only core.c, dispatch.c and tests see it as a whole.
 */
#pragma once

#include "proto/base/wall_watch.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/admission.h"
#include "relayd/service/delegation.h"
#include "relayd/service/forward_relay.h"
#include "relayd/service/join.h"
#include "relayd/service/lane.h"
#include "relayd/service/lend.h"
#include "relayd/service/mesh.h"
#include "relayd/service/operator.h"
#include "relayd/service/other_address.h"
#include "relayd/service/peers.h"
#include "relayd/service/pool.h"
#include "relayd/service/presence.h"
#include "relayd/service/punch.h"
#include "relayd/service/reach.h"
#include "relayd/service/search.h"
#include "relayd/service/session.h"
#include "relayd/service/stun.h"
#include "relayd/service/use.h"
#include "relayd/service/watch.h"

enum { HOUSEKEEPING_MS = 60000 /* between two rounds of what need not be done at once */ };

/* tidy-ok: struct-fields one of each service */
struct relay_core {
    struct relay_base base;
    struct stun_service stun;
    struct lend_service lend;
    struct other_address other;
    struct delegation_service delegation;
    struct pool_service pool;
    struct search_service search;
    struct punch_service punch;
    struct presence_service presence;
    struct forward_relay forward;
    struct lane_service lane;
    struct watch_service watch;
    struct session_service session;
    struct use_service use;
    struct join_service join;
    struct admission_service admission;
    struct operator_service operator_verbs;
    struct peer_service peers;
    struct mesh_service mesh;
    struct reach_service reach;
    struct mono housekeeping_at;
    struct wall_watch wall;
    bool copied; /* the keys of all sessions are to be forgotten */
};
