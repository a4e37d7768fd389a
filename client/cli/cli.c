/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a verb that failed prints on standard error.
 */
#include "client/cli/cli.h"

#include "proto/host/fault_print.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int cli_fail(const struct cli *cli, struct fault *fault)
{
    size_t used = strlen(fault->text);

    if (fault->exit_code == EXIT_CODE_PERMISSION && geteuid() != 0) {
        (void)snprintf(fault->text + used, sizeof(fault->text) - used, "; try: sudo ziglan %s ...",
                       cli->verb);
    }
    return cli->json ? fault_print_json(fault) : fault_print(fault, CLI_PROGRAM);
}
