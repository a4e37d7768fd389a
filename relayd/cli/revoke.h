/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd revoke KEY|NAME [--undo] [-c FILE] [--json]:
 * somebody is thrown out, or may come back.
 */
#pragma once

/** Throw a member out, or take that back. Returns the exit code. */
int revoke_run(int argc, char **argv);
