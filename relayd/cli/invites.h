/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd invites [-c FILE] [--json]:
 * list the invites that may still be used.
 */
#pragma once

/** List the invites. Returns the exit code. */
int invites_run(int argc, char **argv);
