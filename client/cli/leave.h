/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ziglan leave: stop being a member of a ziglan.
 */
#pragma once

#include "client/cli/cli.h"

/** Leave the ziglan of the first argument, through the daemon or without one. Returns the exit
 * code. */
int verb_leave(const struct cli *cli);
