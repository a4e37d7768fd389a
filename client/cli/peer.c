/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Through the daemon if one runs, else on the interface's store. */
#include "client/cli/peer.h"

#include "client/cli/ask.h"
#include "client/daemon/offline.h"

#include <stdio.h>
#include <string.h>

static json_t *add_request(const struct cli *cli)
{
    return cli->name == NULL ? json_pack("{s:s, s:s}", "do", "peer_add", "key", cli->arguments[1])
                             : json_pack("{s:s, s:s, s:s}", "do", "peer_add", "key",
                                         cli->arguments[1], "name", cli->name);
}

static json_t *remove_request(const struct cli *cli)
{
    return json_pack("{s:s, s:s}", "do", "peer_remove", "peer", cli->arguments[1]);
}

static void add_print(const struct cli *cli, const json_t *answer)
{
    const char *key = cli->arguments[1];

    (void)answer;
    (void)printf("%s is a peer now%s; it must name this host, too: ziglan whoami prints the key\n",
                 cli->name != NULL ? cli->name : key, cli->name != NULL ? "" : " without a name");
}

static void remove_print(const struct cli *cli, const json_t *answer)
{
    (void)answer;
    (void)printf("Removed %s\n", cli->arguments[1]);
}

int verb_peer(const struct cli *cli)
{
    bool adds = strcmp(cli->arguments[0], "add") == 0;
    json_t *(*const make)(const struct cli *cli) = adds ? add_request : remove_request;
    struct fault fault = {0};
    json_t *answer;

    if (!adds && strcmp(cli->arguments[0], "remove") != 0) {
        fault_set(&fault, EXIT_CODE_USAGE, "it is ziglan peer add KEY, or ziglan peer remove KEY");
        return cli_fail(cli, &fault);
    }
    answer = ask(cli, make(cli), &fault);
    if (answer == NULL && fault.exit_code == EXIT_CODE_NO_DAEMON) {
        answer = offline_request(&cli->place, make(cli), &fault);
    }
    return ask_print(cli, answer, &fault, adds ? add_print : remove_print);
}
