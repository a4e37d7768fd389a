/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `ziglan netcheck`: what the NAT between this host and the internet does. */
#pragma once

#include "client/cli/cli.h"

/** Measure, by the relays of the daemon, or by those that are named, and print. Returns the exit
 * code. */
int verb_netcheck(const struct cli *cli);
