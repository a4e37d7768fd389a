/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ziglan ping: the round trip and the path to a peer.
 */
#pragma once

#include "client/cli/cli.h"

/** Ping the peer of the first argument, and print each reply. Returns EXIT_CODE_OK if one came. */
int verb_ping(const struct cli *cli);
