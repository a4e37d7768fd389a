/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the configuration first, because it has the path of the control socket. */
#include "relayd/cli/ask.h"

#include "proto/base/fault.h"
#include "proto/host/control_call.h"
#include "proto/host/fault_print.h"
#include "relayd/daemon/load.h"

enum { TIMEOUT_MS = 5000 };

int ask(const char *config_path, json_t *request, json_t **answer)
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
