/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Through the daemon if one runs, else on the interface's store. */
#include "client/cli/relay.h"

#include "client/cli/ask.h"
#include "client/daemon/offline.h"

#include <stdio.h>
#include <string.h>

static json_t *request_of(const struct cli *cli)
{
    bool pins = strcmp(cli->arguments[0], "pin") == 0;

    return json_pack("{s:s, s:s}", "do", pins ? "relay_pin" : "relay_unpin", "relay",
                     cli->arguments[1]);
}

static void relay_print(const struct cli *cli, const json_t *answer)
{
    (void)answer;
    (void)printf("%s %s\n", strcmp(cli->arguments[0], "pin") == 0 ? "Pinned" : "Unpinned",
                 cli->arguments[1]);
}

int verb_relay(const struct cli *cli)
{
    struct fault fault = {0};
    json_t *answer;

    if (strcmp(cli->arguments[0], "pin") != 0 && strcmp(cli->arguments[0], "unpin") != 0) {
        fault_set(&fault, EXIT_CODE_USAGE,
                  "it is ziglan relay pin KEY or URL, or ziglan relay unpin KEY");
        return cli_fail(cli, &fault);
    }
    answer = ask(cli, request_of(cli), &fault);
    if (answer == NULL && fault.exit_code == EXIT_CODE_NO_DAEMON) {
        answer = offline_request(&cli->place, request_of(cli), &fault);
    }
    return ask_print(cli, answer, &fault, relay_print);
}
