/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ziglan down: ask the daemon to stop and wait until it has. */
#include "client/cli/cli.h"

#include "proto/host/file.h"
#include "proto/host/os_env.h"

#include <time.h>
#include <unistd.h>

enum { STOP_WAIT_MS = 5000, POLL_MS = 20 };

int cli_down(const struct cli *cli)
{
    const struct timespec step = {.tv_nsec = POLL_MS * 1000000L};
    struct mono end = mono_add_ms(clock_mono(), STOP_WAIT_MS);
    int code;
    json_t *answer = cli_ask(cli, "down", NULL, NULL, &code);

    if (answer == NULL) {
        return code;
    }
    json_decref(answer);
    /* The lock is what the daemon lets go last: then the device is gone, too. */
    while (!mono_due(end, clock_mono())) {
        int fd;

        if (file_lock(&fd, cli->paths.lock, NULL) == ERR_OK) {
            (void)close(fd);
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
