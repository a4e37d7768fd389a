/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Here a fault reaches the user of a command line.
 */
#include "proto/host/fault_print.h"

#include <stdio.h>

int fault_print(const struct fault *fault, const char *program)
{
    (void)fprintf(stderr, "%s: %s\n", program, fault->text);
    return fault->exit_code != EXIT_CODE_OK ? (int)fault->exit_code : (int)EXIT_CODE_FAILURE;
}
