/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd delegate [-c FILE] --key FILE [--days N]:
 * sign with the ziglan's key that this relay is one of its entry points, so that the key need not
 * stay on this machine.
 */
#pragma once

/** Sign the delegation, and write it to the file that the configuration names. Returns the exit
 * code. */
int delegate_run(int argc, char **argv);
