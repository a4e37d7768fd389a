/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The report on the own NAT: client/netcheck for each family of addresses over sockets that the
 * application opens for it, or what another measurement found.
 */
#pragma once

#include "client/libstun2/app_base.h"
#include "client/netcheck/found.h"
#include "client/netcheck/netcheck.h"
#include "client/stun2/stun2.h"

#include <stdbool.h>
#include <stddef.h>

struct report {
    struct app_base *base; /* borrowed */
    bool running[NETCHECK_FAMILIES];
    struct netcheck checks[NETCHECK_FAMILIES];
    unsigned shown; /* progress of one that somebody else makes, in percent; 100: none */
    bool known;     /* result is of the last one that ended */
    struct netcheck_result result;
};

/** Begin one over the sockets at these addresses; NULL for a family that is not tried. Relays are
 * those that the agent has. False, and nothing happens, if there is none of a tried family. Else
 * one that runs is dropped. */
bool report_begin(struct report *report, const struct stun2_address *ip4,
                  const struct stun2_address *ip6, bool hairpin, struct mono now);

/** A datagram came. True if it came to one of the report's sockets. */
bool report_receive(struct report *report, const struct dgram *in, struct mono now);

/** Append what is due; end what is over; and when that is. */
void report_transmit(struct report *report, struct mono now);
void report_expire(struct report *report, struct mono now);
struct mono report_deadline(const struct report *report);

/** How much is done, in percent; 100: nothing runs. */
unsigned report_progress(const struct report *report, struct mono now);

/** Somebody else measures, and so much is done, in percent. */
void report_show(struct report *report, unsigned progress);

/** Somebody else has measured: the kind is told to relays from now on, and the application knows.
 */
void report_take(struct report *report, const struct netcheck_result *result);

/** The last report; false if there is none. */
bool report_read(const struct report *report, struct stun2_report *out);
