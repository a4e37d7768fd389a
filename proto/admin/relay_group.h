/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Groups in a list of relays as JSON: those with a reward address in common
 * (proto/wire/reward_group.h).
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/** Give each relay of a list its `group`: a number from 1 on, 0 for one without a reward. Each has
 * `rewards`, a list of objects with `chain` and `address`. False without memory; some have it then.
 */
bool relay_groups_set(json_t *list);
