/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd status [-c FILE] [--json]:
 * show what the running relay does, and whether it is well.
 */
#pragma once

/** Print what the running relay does. Returns the exit code. */
int status_run(int argc, char **argv);
