/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finding, proving and keeping the way of one punch by punch probes (0x85, docs/protocol.md,
 * section 13): rounds of them to where the relay sees the peer, then one now and then to where it
 * answered. An address counts when it answered a punch probe of ours that went there.
 */
#pragma once

#include "client/libstun2/punch_table.h"
#include "proto/net/dgram.h"

#include <stdbool.h>

enum {
    PUNCH_WAY_CHECK_MS = 1000, /* an unanswered punch probe is repeated after so long */
    PUNCH_WAY_MISSES_MAX = 4,  /* in a row: the way is lost */
    /* and is looked at so seldom: for 30 s a Linux router takes what comes to be for itself, if it
     * came before the host inside sent anything there */
    PUNCH_WAY_LOST_CHECK_MS = 40000,
    PUNCH_WAY_MOVED_MS = 1500, /* when this side has moved: not before the peer may know */
};

/** Begin a round at fire_at, in place of one that runs. The terms are known. */
void punch_way_fire(struct punch_table *table, struct app_punch *punch, struct mono fire_at);

/** A frame that names a punch came from `from`, with any content. True if it was a punch probe of
 * this punch. */
bool punch_way_on_frame(struct punch_table *table, struct app_punch *punch, const struct dgram *in,
                        struct mono now);

/** The relay brought such a frame from `key`: its NAT is open for us. */
void punch_way_on_relayed(struct punch_table *table, const uint8_t key[KEY_SIZE],
                          const uint8_t *frame, size_t size, struct mono now);

/** Is the way still there? Look at this time, or sooner. */
void punch_way_doubt(struct app_punch *punch, struct mono at);

/** Send what is due; end what is over. */
void punch_way_expire(struct punch_table *table, struct app_punch *punch, struct mono now);
struct mono punch_way_deadline(const struct punch_table *table, const struct app_punch *punch);
