/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ziglan up: start the interface, in the foreground or detached.
 */
#pragma once

#include "client/cli/cli.h"

/** Print that the interface is up, or what is wrong. In the foreground it returns when the daemon
 * ends. Returns the exit code. */
int verb_up(const struct cli *cli);
