/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Through the daemon if one runs, else on the interface's store. */
#include "client/cli/block.h"

#include "client/cli/ask.h"
#include "client/daemon/offline.h"

#include <stdio.h>
#include <string.h>

static json_t *request_of(const struct cli *cli)
{
    return json_pack("{s:s, s:s}", "do", cli->verb, "peer", cli->arguments[0]);
}

static void block_print(const struct cli *cli, const json_t *answer)
{
    (void)answer;
    (void)printf("%s %s\n", strcmp(cli->verb, "block") == 0 ? "Blocked" : "Unblocked",
                 cli->arguments[0]);
}

int verb_block(const struct cli *cli)
{
    struct fault fault = {0};
    json_t *answer = ask(cli, request_of(cli), &fault);

    if (answer == NULL && fault.exit_code == EXIT_CODE_NO_DAEMON) {
        answer = offline_request(&cli->place, request_of(cli), &fault);
    }
    return ask_print(cli, answer, &fault, block_print);
}
