/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ziglan whoami: this host's name, key and addresses.
 */
#pragma once

#include "client/cli/cli.h"

/** Print them, for people or as JSON; without a daemon only what configuration and key tell.
 * Returns the exit code. */
int verb_whoami(const struct cli *cli);
