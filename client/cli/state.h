/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ziglan backup, export and import: all that a host keeps, copied while it is up or not, and put
 * back on this machine or another one.
 */
#pragma once

#include "client/cli/cli.h"

/** Each returns an exit code. */
int verb_backup(const struct cli *cli);
int verb_export(const struct cli *cli);
int verb_import(const struct cli *cli);
