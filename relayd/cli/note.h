/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd note: what the operator wants to remember of a member.
 */
#pragma once

/** Run the verb. Returns the exit code. */
int note_run(int argc, char **argv);
