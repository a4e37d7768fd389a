/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ziglan relay: pin a relay, or let it go.
 */
#pragma once

#include "client/cli/cli.h"

/** Run "relay pin" or "relay unpin" by the first argument, through the daemon or without one.
 * Returns the exit code. */
int verb_relay(const struct cli *cli);
