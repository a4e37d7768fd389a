/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd revoke KEY|NAME [--undo] [-c FILE] [--json]:
 * throw a member out, or let it come back.
 */
#pragma once

/** Throw a member out, or take that back. Returns the exit code. */
int revoke_run(int argc, char **argv);
