/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd allow: a key may join without an invite.
 */
#pragma once

/** Run the verb. Returns the exit code. */
int allow_run(int argc, char **argv);
