/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For how long the NAT remembers mappings: client/netcheck over sockets that the application opens
 * for it, or what another measurement found; and how often ways and sessions are used because of
 * it, so that the NAT remembers them.
 */
#pragma once

#include "client/libstun2/app_base.h"
#include "client/netcheck/lifetime_turns.h"
#include "client/stun2/stun2.h"

#include <stdbool.h>
#include <stdint.h>

/** Where a measurement runs. */
enum app_lifetime_state {
    APP_LIFETIME_NONE,
    APP_LIFETIME_OURS,   /* over sockets of the application */
    APP_LIFETIME_OTHERS, /* somebody else's, who shows and takes what it finds */
};

struct app_lifetime {
    struct app_base *base; /* borrowed */
    enum app_lifetime_state state;
    struct lifetime_turns turns; /* OURS */
    uint32_t shown_age_ms;       /* OTHERS */
    bool known;                  /* something was found, perhaps only so far */
    struct lifetime_found found; /* of OTHERS, or of the last one */
};

/** Begin by these sockets, all of one family. False if one runs, or there is no relay of that
 * family. */
bool app_lifetime_begin(struct app_lifetime *lifetime, const struct stun2_address *sockets,
                        struct mono now);

/** Somebody else measures: it begins (false: one runs), and has found this so far. */
bool app_lifetime_lend(struct app_lifetime *lifetime);
void app_lifetime_show(struct app_lifetime *lifetime, const struct lifetime_found *found,
                       uint32_t age_ms);

/** A measurement is over, and found this: the application is told, and ways and sessions follow. */
void app_lifetime_take(struct app_lifetime *lifetime, const struct lifetime_found *found);

/** It is wanted no more: nobody is told. */
void app_lifetime_end(struct app_lifetime *lifetime);

/** This machine is in another network, or a mapping died, perhaps: what was measured says nothing
 * any more. One that runs ends as one that was unable, if the network is another one. */
void app_lifetime_doubt(struct app_lifetime *lifetime, bool elsewhere);

/** A datagram came. True if it came to one of the sockets. */
bool app_lifetime_receive(struct app_lifetime *lifetime, const struct dgram *in, struct mono now);

/** Append what is due; end what is over; and when that is. */
void app_lifetime_transmit(struct app_lifetime *lifetime, struct mono now);
struct mono app_lifetime_deadline(const struct app_lifetime *lifetime);

/** What was found, also so far; false if there is nothing. */
bool app_lifetime_read(const struct app_lifetime *lifetime, struct stun2_lifetime *out,
                       struct mono now);
