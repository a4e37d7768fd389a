/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd init DIR [--name NAME] [--public HOST[:PORT]] [--uses N] [--expires TIME]:
 * a folder in which a relay can be started at once.
 */
#pragma once

/** Make a relay in a folder: keys, configuration, directory and a first invite. Returns the exit
 * code. */
int init_run(int argc, char **argv);
