/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd expire: the membership of one ends at a time, or never.
 */
#pragma once

/** Run the verb. Returns the exit code. */
int expire_run(int argc, char **argv);
