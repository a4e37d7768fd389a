/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd invite [-c FILE] [--uses N] [--expires TIME] [--name LABEL] [--json]:
 * make a URL by which others join.
 */
#pragma once

/** Make an invite on the running relay and print its URL. Returns the exit code. */
int invite_run(int argc, char **argv);
