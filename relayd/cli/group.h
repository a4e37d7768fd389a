/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd group: the groups of a member.
 */
#pragma once

/** Run the verb. Returns the exit code. */
int group_run(int argc, char **argv);
