/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon does the work; here is what the person who started it is told.
 */
#include "client/cli/up.h"

#include "client/daemon/daemon.h"
#include "client/daemon/detach.h"

#include <stdio.h>
#include <unistd.h>

static int up_here(const struct cli *cli)
{
    struct daemon *daemon;
    struct fault fault = {0};
    char greeting[DAEMON_GREETING_SIZE];
    int code;

    if (daemon_open(&daemon, &cli->place, cli->name, &fault) != ERR_OK) {
        return cli_fail(cli, &fault);
    }
    (void)printf("%s\n%s", daemon_greeting(daemon, greeting),
                 isatty(STDIN_FILENO) == 1 ? "Stop it with Ctrl-C.\n" : "");
    (void)fflush(stdout);
    code = daemon_run(daemon);
    daemon_close(daemon);
    return code;
}

static int up_detached(const struct cli *cli)
{
    struct fault fault = {0};
    char greeting[DAEMON_GREETING_SIZE];

    if (detach(&cli->place, cli->name, greeting, &fault) != ERR_OK) {
        return cli_fail(cli, &fault);
    }
    (void)printf("%s\n", greeting);
    return EXIT_CODE_OK;
}

int verb_up(const struct cli *cli)
{
    return cli->detach ? up_detached(cli) : up_here(cli);
}
