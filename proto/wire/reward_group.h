/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Groups of relays (docs/protocol.md, section 17): those that name a reward address in common, also
 * by way of others. For whoever lists relays.
 */
#pragma once

#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

/** One relay, by its number in a list, and one address at which it may be rewarded. Borrowed. */
struct reward_claim {
    size_t owner;
    const char *chain, *address;
};

/**
 * Write to groups the group of each of so many relays: numbers from 1 on, in the order of the
 * relays; 0 for one without an address. All owners are below owners_count. The claims are sorted.
 * ERR_NOMEM; groups is untouched then.
 */
int reward_groups(uint32_t *groups, size_t owners_count, struct reward_claim *claims,
                  size_t claims_count) MUST_CHECK;
