/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd nodes [-c FILE] [--json]:
 * list the other relays that this one knows.
 */
#pragma once

/** List them. Returns the exit code. */
int nodes_run(int argc, char **argv);
