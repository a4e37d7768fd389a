/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lookup (docs/protocol.md, section 4): one member of the directory by key, address or name.
 */
#pragma once

#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"

/** Serve a member's Lookup: answer Found or Error. */
void lookup_on_lookup(struct relay_base *base, const struct relay_client *client,
                      const Ziglan__Control *message);
