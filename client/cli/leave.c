/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Through the daemon if one runs, else on the interface's store.
 */
#include "client/cli/leave.h"

#include "client/cli/ask.h"
#include "client/daemon/offline.h"

#include <stdio.h>

int verb_leave(const struct cli *cli)
{
    const char *ziglan = cli->arguments[0];
    struct fault fault = {0};
    json_t *answer = ask_verb(cli, "leave", "ziglan", ziglan, &fault);

    if (answer == NULL && fault.exit_code != EXIT_CODE_NO_DAEMON) {
        return cli_fail(cli, &fault);
    }
    if (answer == NULL && offline_leave(&cli->place, ziglan, &fault) != ERR_OK) {
        return cli_fail(cli, &fault);
    }
    json_decref(answer);
    (void)printf("Left %s\n", ziglan);
    return EXIT_CODE_OK;
}
