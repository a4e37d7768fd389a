/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd rename KEY|NAME NEW [-c FILE] [--json]:
 * give a member another name.
 */
#pragma once

/** Give a member another name. Returns the exit code. */
int rename_run(int argc, char **argv);
