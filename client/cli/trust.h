/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ziglan trust: agree that a name means another key from now on.
 */
#pragma once

#include "client/cli/cli.h"

/** Agree to the name of the first argument, through the daemon or without one. Returns the exit
 * code. */
int verb_trust(const struct cli *cli);
