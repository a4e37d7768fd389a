/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd init DIR [--name NAME] [--public HOST[:PORT]|auto] [--peer URL] [--uses N] [--expires
 * TIME]: make a folder from which a relay can be started at once.
 */
#pragma once

/** Fill a folder with keys, a configuration, and a directory with a first invite, and print the
 * invite's URL. Returns the exit code. */
int init_run(int argc, char **argv);
