/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relayd import: a relay from what `relayd export` wrote, on this machine or from another one. */
#pragma once

/** `relayd import FILE|- DIR`. Returns an exit code. */
int import_run(int argc, char **argv);
