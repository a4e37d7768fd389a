/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a relay may be rewarded (docs/protocol.md, section 17): an address for each chain, and
 * which of them an application is told. Relays with one address are one group.
 */
#pragma once

#include "proto/wire/record.h"

#include <stdbool.h>
#include <stddef.h>

/** The chain of the address that is told to applications that have none of their own. */
#define REWARD_CHAIN_ANY "any"

struct rewards {
    struct record_reward list[RECORD_REWARDS_MAX]; /* of distinct chains */
    size_t count;
};

/** The one for an application of this type, borrowed: that of its own chain, which the type begins
 * with, up to a '.', ':' or '/'; else that of REWARD_CHAIN_ANY; NULL if there is neither. */
const struct record_reward *reward_for(const struct rewards *rewards, const char *app);
