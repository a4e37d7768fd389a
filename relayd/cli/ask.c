/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the configuration first, because it has the path of the control socket. */
#include "relayd/cli/ask.h"

#include "proto/base/fault.h"
#include "proto/host/control_call.h"
#include "proto/host/fault_print.h"
#include "proto/host/fields.h"
#include "relayd/config/advice.h"
#include "relayd/daemon/load.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TIMEOUT_MS = 5000 };

/* Write the control socket's path to `path`. Of a file with an error it is that of an empty file in
 * the same folder: the relay may run on, with what the file said before. */
static int socket_find(const char *config_path, char path[SETTINGS_SOCKET_SIZE],
                       struct fault *fault)
{
    struct relay_settings settings;
    char error[SETTINGS_ERROR_SIZE];
    int rc = load_settings(&settings, config_path, fault);

    if (rc != ERR_OK && relay_settings_parse(&settings, "", 0, config_path, error) == ERR_OK &&
        access(config_path, F_OK) == 0 && access(settings.control_path, F_OK) == 0) {
        (void)fprintf(stderr, "relayd: %s\nrelayd: asking the relay that runs at %s\n", fault->text,
                      settings.control_path);
        rc = ERR_OK;
    }
    if (rc == ERR_OK) {
        memcpy(path, settings.control_path, sizeof(settings.control_path));
    }
    return rc;
}

/* `option` is what stands behind `relayd VERB` in advice, ours and the relay's. */
static int answer_get(const char *config_path, const char *option, json_t *request, json_t **answer,
                      struct fault *fault)
{
    char path[SETTINGS_SOCKET_SIZE];
    int rc;

    *answer = NULL;
    if (request == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    /* A path that is no UTF-8 is no JSON, either; the relay's advice is then for the default. */
    (void)json_object_set_new(request, "config_option", json_string(option));
    rc = socket_find(config_path, path, fault);
    if (rc == ERR_OK) {
        rc = control_call(path, request, TIMEOUT_MS, answer, fault);
        if (rc != ERR_OK && fault->exit_code == EXIT_CODE_NO_DAEMON) {
            fault_set(fault, EXIT_CODE_NO_DAEMON,
                      "no relay is running on %s; start it with relayd%s", path, option);
        }
    }
    json_decref(request);
    return rc;
}

int ask(const struct options *options, json_t *request,
        void (*print)(const json_t *answer, const char *config_option))
{
    struct fault fault = {.exit_code = EXIT_CODE_FAILURE};
    char option[ADVICE_SIZE];
    json_t *answer;

    (void)advice_option(options->config_path, option);
    if (answer_get(options->config_path, option, request, &answer, &fault) != ERR_OK) {
        return options->json ? fault_print_json(&fault) : fault_print(&fault, "relayd");
    }
    if (options->json) {
        fields_print(answer);
    } else {
        print(answer, option);
    }
    json_decref(answer);
    return EXIT_CODE_OK;
}
