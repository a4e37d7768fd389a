/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asking is also how a verb finds out whether a daemon runs. A socket at which nobody listens and
 * no socket mean the same. A daemon that is just coming up holds the lock of the interface, but
 * does not listen yet: that is waited for.
 */
#include "client/cli/ask.h"

#include "proto/host/control_call.h"
#include "proto/host/fields.h"
#include "proto/host/file.h"
#include "proto/host/os_env.h"

#include <time.h>

enum { TIMEOUT_MS = 5000, COMING_UP_MS = 5000, POLL_MS = 20 };

/* As control_call, but while nobody listens and somebody holds the lock, again. */
static int call(const struct place *place, const json_t *request, json_t **answer,
                struct fault *fault)
{
    const struct timespec step = {.tv_nsec = POLL_MS * 1000000L};
    struct mono end = mono_add_ms(clock_mono(), COMING_UP_MS);

    for (;;) {
        /* Asked first: the daemon that held it then and ended since is not taken for one. */
        bool held = file_lock_held(place->lock);
        int rc = control_call(place->socket, request, TIMEOUT_MS, answer, fault);

        if (rc == ERR_OK || fault->exit_code != EXIT_CODE_NO_DAEMON || !held ||
            mono_due(end, clock_mono())) {
            return rc;
        }
        (void)nanosleep(&step, NULL);
    }
}

json_t *ask(const struct cli *cli, json_t *request, struct fault *fault)
{
    const struct place *place = &cli->place;
    json_t *answer = NULL;

    if (request == NULL) {
        fault_set(fault, EXIT_CODE_USAGE, "the argument is not UTF-8 text");
        return NULL;
    }
    if (call(place, request, &answer, fault) != ERR_OK) {
        answer = NULL;
        if (fault->exit_code == EXIT_CODE_NO_DAEMON) {
            fault_set(fault, EXIT_CODE_NO_DAEMON,
                      "the interface %s is down; start it with: sudo ziglan up%s", place->interface,
                      place->flag);
        }
    }
    json_decref(request);
    return answer;
}

json_t *ask_verb(const struct cli *cli, const char *verb, const char *key, const char *value,
                 struct fault *fault)
{
    json_t *request = key == NULL ? json_pack("{s:s}", "do", verb)
                                  : json_pack("{s:s, s:s}", "do", verb, key, value);

    return ask(cli, request, fault);
}

int ask_print(const struct cli *cli, json_t *answer, struct fault *fault,
              void (*print)(const struct cli *cli, const json_t *answer))
{
    if (answer == NULL) {
        return cli_fail(cli, fault);
    }
    if (cli->json) {
        fields_print(answer);
    } else {
        print(cli, answer);
    }
    json_decref(answer);
    return EXIT_CODE_OK;
}
