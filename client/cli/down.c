/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon lets its lock go last. Once that can be taken here, the device is gone, too.
 */
#include "client/cli/down.h"

#include "client/cli/ask.h"
#include "proto/host/file.h"
#include "proto/host/os_env.h"

#include <stdio.h>
#include <time.h>

enum { STOP_WAIT_MS = 5000, POLL_MS = 20 };

int verb_down(const struct cli *cli)
{
    const struct timespec step = {.tv_nsec = POLL_MS * 1000000L};
    struct mono end = mono_add_ms(clock_mono(), STOP_WAIT_MS);
    struct fault fault = {0};
    json_t *answer = ask_verb(cli, "down", NULL, NULL, &fault);

    if (answer == NULL && fault.exit_code == EXIT_CODE_NO_DAEMON) {
        (void)printf("%s is down already\n", cli->interface);
        return EXIT_CODE_OK; /* what was asked for is so */
    }
    if (answer == NULL) {
        return cli_fail(cli, &fault);
    }
    json_decref(answer);
    while (!mono_due(end, clock_mono())) {
        if (!file_lock_held(cli->place.lock)) {
            (void)printf("%s is down\n", cli->interface);
            return EXIT_CODE_OK;
        }
        (void)nanosleep(&step, NULL);
    }
    (void)fprintf(stderr,
                  CLI_PROGRAM ": the daemon of %s is still stopping; look again in a "
                              "moment\n",
                  cli->interface);
    return EXIT_CODE_FAILURE;
}
