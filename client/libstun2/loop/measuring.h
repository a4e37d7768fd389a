/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The adapter's measurements, by sockets of their own: the report on the NAT, and the lifetimes of
 * its mappings. */
#pragma once

#include "client/libstun2/agent_parts.h"
#include "client/measure/lifetime_run.h"
#include "client/measure/nat_sockets.h"
#include "proto/host/pump.h"

#include <ev.h>
#include <stdbool.h>

struct measuring {
    struct ev_loop *loop; /* these are borrowed */
    struct stun2 *agent;
    struct pump *pump;                      /* kicked when something was found */
    struct ev_timer report_poll, life_poll; /* while one is made */
    struct nat_sockets *nat;                /* the report; NULL: none */
    struct lifetime_run *run;               /* the lifetimes; NULL: none */
    bool report_wanted;                     /* as soon as a relay has a session */
    bool measured;                          /* it was made because something waited for it */
    uint8_t seen[NETCHECK_FAMILIES][16]; /* where relays saw this machine last; none: nowhere yet */
};

/** Nothing is measured yet. */
void measuring_init(struct measuring *measuring, struct ev_loop *loop, struct stun2 *agent,
                    struct pump *pump);

/** End all. One of zeros is fine. */
void measuring_fini(struct measuring *measuring);

/** Begin; errors are those of stun2_ev_report and stun2_ev_lifetime. */
int measuring_report(struct measuring *measuring, bool hairpin);
int measuring_lifetime(struct measuring *measuring);

/** After an event: what waits for the kind of NAT gets it without being asked, and so does who is
 * in another network since. */
void measuring_look(struct measuring *measuring, const struct stun2_event *event);
