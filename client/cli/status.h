/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ziglan status: this host, its relays, ziglans and peers.
 */
#pragma once

#include "client/cli/cli.h"

/** Print what the daemon tells, for people or as JSON. Returns the exit code. */
int verb_status(const struct cli *cli);
