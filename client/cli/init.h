/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ziglan init: write the configuration and the key of an interface.
 */
#pragma once

#include "client/cli/cli.h"

/** Write what is not there yet, and print what comes next. Returns the exit code. */
int verb_init(const struct cli *cli);
