/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd members [-c FILE] [--json]:
 * list who belongs to the ziglan, and who is online.
 */
#pragma once

/** List the members. Returns the exit code. */
int members_run(int argc, char **argv);
