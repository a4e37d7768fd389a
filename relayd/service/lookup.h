/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lookup: one member of the directory by key, address or name.
 */
#pragma once

#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"

/** A member's Lookup, answered by Found or Error. */
void lookup_on_lookup(struct relay_base *base, const struct relay_client *client,
                      const Ziglan__Control *message);
