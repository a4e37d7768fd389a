/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Through the daemon if one runs, else on the interface's store. In both cases the person learns
 * whether the relay knows that this host is no member any more.
 */
#include "client/cli/leave.h"

#include "client/cli/ask.h"
#include "client/daemon/offline.h"
#include "proto/host/fields.h"
#include "proto/host/os_env.h"

#include <stdio.h>
#include <time.h>

/* Ask the daemon until the relay was told. False if it was not. */
static bool wait_told(const struct cli *cli, const char *key)
{
    const struct timespec step = {.tv_nsec = LEAVE_POLL_MS * 1000000L};
    struct mono end = mono_add_ms(clock_mono(), LEAVE_WAIT_MS);

    for (;;) {
        struct fault fault = {0};
        json_t *status = ask_verb(cli, "status", NULL, NULL, &fault);
        bool told = status != NULL && field_row(status, "leaving", key, NULL) == NULL;

        json_decref(status);
        if (told || status == NULL || mono_due(end, clock_mono())) {
            return told;
        }
        (void)nanosleep(&step, NULL);
    }
}

int verb_leave(const struct cli *cli)
{
    const char *ziglan = cli->arguments[0];
    struct fault fault = {0};
    json_t *answer = ask_verb(cli, "leave", "ziglan", ziglan, &fault);
    bool running = answer != NULL;
    bool told = false;

    if (running) {
        told = wait_told(cli, field_text(answer, "key"));
        json_decref(answer);
    } else if (fault.exit_code != EXIT_CODE_NO_DAEMON ||
               offline_leave(&cli->place, ziglan, &told, &fault) != ERR_OK) {
        return cli_fail(cli, &fault);
    }
    (void)printf("Left %s\n", ziglan);
    if (!told) {
        (void)fprintf(stderr,
                      CLI_PROGRAM ": its relay does not answer, and has this host as a member "
                                  "still. It is told %s%s; to drop that: sudo ziglan leave %s%s\n",
                      running ? "as soon as it answers" : "at the next: sudo ziglan up",
                      running ? "" : cli->place.flag, ziglan, cli->place.flag);
    }
    return EXIT_CODE_OK;
}
