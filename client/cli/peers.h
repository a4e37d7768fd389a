/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ziglan peers: the peers, how they are reached and why.
 */
#pragma once

#include "client/cli/cli.h"

#include <jansson.h>

/** Print what the daemon tells, for people or as JSON. Returns the exit code. */
int verb_peers(const struct cli *cli);

/** Print the table of an array of peers. flag names the interface in commands (place.h). */
void peers_print(const json_t *peers, const char *flag);
