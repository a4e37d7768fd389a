/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd uninvite ID|URL [-c FILE] [--json]:
 * withdraw an invite.
 */
#pragma once

/** Withdraw an invite. Returns the exit code. */
int uninvite_run(int argc, char **argv);
