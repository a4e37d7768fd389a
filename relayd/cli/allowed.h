/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd allowed: the keys that may join without an invite.
 */
#pragma once

/** Run the verb. Returns the exit code. */
int allowed_run(int argc, char **argv);
