/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Block and Unblock (docs/protocol.md, section 17): a host does not want frames and punches of a
 * key, wherever that one is. All others ask block_table_has of relay_base.blocks.
 */
#pragma once

#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/forward_relay.h"

/** A host blocks a key: Done, or an Error. */
void block_on_block(struct relay_base *base, const struct relay_client *client,
                    const Ziglan__Control *message);

/** It does no longer: Done; relays that were told of the block hear that, too. */
void block_on_unblock(struct forward_relay *relays, const struct relay_client *client,
                      const Ziglan__Control *message, struct mono now);
