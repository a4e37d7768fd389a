/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd delegate [-c FILE] --key FILE [--days N]:
 * the word of the ziglan that this relay is one of its entry points, so that the ziglan's key
 * need not be on this machine.
 */
#pragma once

/** Sign the delegation that the configuration names. Returns the exit code. */
int delegate_run(int argc, char **argv);
