/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ziglan join: become a member of a ziglan.
 */
#pragma once

#include "client/cli/cli.h"

/** Join by the URL of the first argument, through the daemon or without one, and print how the
 * ziglan answered. Returns EXIT_CODE_OK only if it has admitted this host. */
int verb_join(const struct cli *cli);
