/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd disallow: it may not any more.
 */
#pragma once

/** Run the verb. Returns the exit code. */
int disallow_run(int argc, char **argv);
