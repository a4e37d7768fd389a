/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ziglan down: stop the interface.
 */
#pragma once

#include "client/cli/cli.h"

/** Ask the daemon to stop, and wait until it has. Prints the outcome. Returns the exit code. */
int verb_down(const struct cli *cli);
