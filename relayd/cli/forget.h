/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd forget KEY|NAME [-c FILE] [--json]:
 * forget a host that is no more, so that another may have its name.
 */
#pragma once

/** Forget a host that is no more. Returns the exit code. */
int forget_run(int argc, char **argv);
