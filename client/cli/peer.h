/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ziglan peer: name a peer by its key, or forget it. */
#pragma once

#include "client/cli/cli.h"

/** Run the verb. Returns the exit code. */
int verb_peer(const struct cli *cli);
