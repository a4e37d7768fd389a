/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ziglan doctor: what is wrong with this host, and the commands that mend it. */
#pragma once

#include "client/cli/cli.h"

/** Returns an exit code: EXIT_CODE_FAILURE if something is wrong. */
int verb_doctor(const struct cli *cli);
