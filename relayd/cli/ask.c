/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the configuration first, because it has the path of the control socket. */
#include "relayd/cli/ask.h"

#include "proto/base/fault.h"
#include "proto/host/control_call.h"
#include "proto/host/fault_print.h"
#include "proto/host/fields.h"
#include "relayd/daemon/load.h"

enum { TIMEOUT_MS = 5000 };

static int answer_get(const char *config_path, json_t *request, json_t **answer)
{
    struct relay_settings settings;
    struct fault fault = {.exit_code = EXIT_CODE_FAILURE};
    int rc;

    *answer = NULL;
    if (request == NULL) {
        fault_set(&fault, EXIT_CODE_FAILURE, "out of memory");
        return fault_print(&fault, "relayd");
    }
    rc = load_settings(&settings, config_path, &fault);
    if (rc == ERR_OK) {
        rc = control_call(settings.control_path, request, TIMEOUT_MS, answer, &fault);
        if (rc != ERR_OK && fault.exit_code == EXIT_CODE_NO_DAEMON) {
            fault_set(&fault, EXIT_CODE_NO_DAEMON,
                      "no relay is running on %s; start it with relayd -c %s",
                      settings.control_path, config_path);
        }
    }
    json_decref(request);
    return rc == ERR_OK ? EXIT_CODE_OK : fault_print(&fault, "relayd");
}

int ask(const char *config_path, json_t *request, bool json, void (*print)(const json_t *answer))
{
    json_t *answer;
    int code = answer_get(config_path, request, &answer);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (json) {
        (void)fields_print(answer);
    } else {
        print(answer);
    }
    json_decref(answer);
    return EXIT_CODE_OK;
}
