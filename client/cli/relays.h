/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ziglan relays: the relays that this host uses, how they do, and where they may be rewarded.
 */
#pragma once

#include "client/cli/cli.h"

/** Ask the daemon and print the table. Returns the exit code. */
int verb_relays(const struct cli *cli);
