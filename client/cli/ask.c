/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asking is also how a verb finds out whether a daemon runs. A socket at which nobody listens and
 * no socket mean the same.
 */
#include "client/cli/ask.h"

#include "proto/host/control_call.h"
#include "proto/host/fields.h"

enum { TIMEOUT_MS = 5000 };

json_t *ask(const struct cli *cli, json_t *request, struct fault *fault)
{
    const struct place *place = &cli->place;
    json_t *answer = NULL;

    if (request == NULL) {
        fault_set(fault, EXIT_CODE_USAGE, "the argument is not UTF-8 text");
        return NULL;
    }
    if (control_call(place->socket, request, TIMEOUT_MS, &answer, fault) != ERR_OK) {
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
