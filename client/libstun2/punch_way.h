/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finding and proving the way of one punch by punch probes (0x85, docs/protocol.md, section 13):
 * rounds of them to where the relay sees the peer, and where the peer says it is. An address counts
 * when it answered a punch probe of ours that went there.
 */
#pragma once

#include "client/libstun2/punch_table.h"
#include "proto/net/dgram.h"

#include <stdbool.h>

/** Begin a round at fire_at, in place of one that runs. The terms are known. */
void punch_way_fire(struct punch_table *table, struct app_punch *punch, struct mono fire_at);

/** A frame that names a punch came from `from`, with any content. True if it was a punch probe of
 * this punch. */
bool punch_way_on_frame(struct punch_table *table, struct app_punch *punch, const struct dgram *in,
                        struct mono now);

/** The relay brought a frame from `key`, of any content: its NAT is open for us, or it says which
 * addresses it has. */
void punch_way_on_relayed(struct punch_table *table, const uint8_t key[KEY_SIZE],
                          const uint8_t *frame, size_t size, struct mono now);

/** Send what is due; end what is over. */
void punch_way_expire(struct punch_table *table, struct app_punch *punch, struct mono now);
struct mono punch_way_deadline(const struct punch_table *table, const struct app_punch *punch);
