/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeping a way that was found (docs/protocol.md, section 13, Punch probes): it is tried now and
 * then, when the network may have changed, and when a talk falls silent. Before that the relay is
 * asked for a sign of life: it tells if it is this side that is elsewhere now, and then nothing but
 * a round may go to the peer. What comes to a NAT unasked can make it refuse what is asked for.
 */
#pragma once

#include "client/libstun2/punch_table.h"
#include "client/stun2/way.h"

enum {
    PUNCH_KEEP_CHECK_MS = 1000,       /* an unanswered punch probe is repeated after so long */
    PUNCH_KEEP_MISSES_MAX = 4,        /* in a row: the way is lost */
    PUNCH_KEEP_LOST_CHECK_MS = 40000, /* and is looked at so seldom, while no relay could help */
    PUNCH_KEEP_QUIET_MS = 1000,       /* a talk that is silent for so long is looked at */
    PUNCH_KEEP_QUIET_EVERY_MS = 5000, /* but no oftener than this */
    PUNCH_KEEP_ASK_MS = 1000,         /* for so long the relay's answer is waited for */
    PUNCH_KEEP_HOLD_MS = 3000,        /* the same, if this side is in another network for sure */
    PUNCH_KEEP_SETTLE_MS = 50,        /* beside two round trips, until it would have said more */
    /* For 30 s a Linux router takes what comes to be for itself, if it came before the host inside
     * sent anything there; so after a round in vain both sides are silent for longer. */
    PUNCH_KEEP_REST_MS = 31000,
};

/** The peer answered a punch probe where it is now. */
void punch_keep_on_answer(struct app_punch *punch, struct mono now);

/** Something of the application's came from where the peer is, perhaps of the peer. */
void punch_keep_on_data(struct app_punch *punch, struct mono now);

/** Something of the application's leaves for the peer: if nothing comes, that is a silence, too. */
void punch_keep_on_sent(struct app_punch *punch, struct mono now);

/** Is the way still there? Look at this time, or sooner. */
void punch_keep_doubt(struct app_punch *punch, struct mono at);

/** The network is changing; it changed, perhaps; and remember the way, where nobody did. */
void punch_keep_on_network_begins(struct app_punch *punch, const struct way_finder *ways);
void punch_keep_on_network(struct app_punch *punch, const struct way_finder *ways, struct mono now);
void punch_keep_learn_way(struct app_punch *punch, const struct way_finder *ways);

/** A round came to nothing. */
void punch_keep_on_vain_round(struct punch_table *table, struct app_punch *punch, struct mono now);

/** Do what is due, and when that is. */
void punch_keep_expire(struct punch_table *table, struct app_punch *punch, struct mono now);
struct mono punch_keep_deadline(const struct punch_table *table, const struct app_punch *punch);
