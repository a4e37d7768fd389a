/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ziglan block and unblock: keep a key away, or let it come again.
 */
#pragma once

#include "client/cli/cli.h"

/** Run the verb for the key or name of the first argument, through the daemon or without one.
 * Returns the exit code. */
int verb_block(const struct cli *cli);
