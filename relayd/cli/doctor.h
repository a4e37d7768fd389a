/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relayd doctor: what is wrong with this relay, and the commands that mend it. */
#pragma once

/** `relayd doctor [-c FILE] [--json] [--bundle OUT]`. Returns an exit code: EXIT_CODE_FAILURE if
 * something is wrong. */
int doctor_run(int argc, char **argv);
