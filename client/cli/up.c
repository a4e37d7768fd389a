/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon does the work; here is what the person who started it is told.
 */
#include "client/cli/up.h"

#include "client/cli/ask.h"
#include "client/daemon/daemon.h"
#include "client/daemon/detach.h"
#include "proto/host/fields.h"

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

/* What the start complained about went to a log that nobody looks at now. The daemon answers as
 * soon as it is up; if it does not, the start itself was still good. */
static void advice_print(const struct cli *cli)
{
    struct fault fault = {0};
    json_t *status = ask_verb(cli, "status", NULL, NULL, &fault);
    const char *const kinds[] = {"pool_advice", "dns_advice"};

    for (size_t i = 0; status != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const char *advice = field_text(status, kinds[i]);

        if (advice[0] != '\0') {
            (void)fprintf(stderr, CLI_PROGRAM ": %s\n", advice);
        }
    }
    json_decref(status);
}

static int up_detached(const struct cli *cli)
{
    struct fault fault = {0};
    char greeting[DAEMON_GREETING_SIZE];

    if (detach(&cli->place, cli->name, greeting, &fault) != ERR_OK) {
        return cli_fail(cli, &fault);
    }
    (void)printf("%s\n", greeting);
    (void)fflush(stdout);
    advice_print(cli);
    return EXIT_CODE_OK;
}

int verb_up(const struct cli *cli)
{
    return cli->detach ? up_detached(cli) : up_here(cli);
}
