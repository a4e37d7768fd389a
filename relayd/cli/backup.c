/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both need the settings, which say where everything is, and a random name. */
#include "relayd/cli/backup.h"

#include "proto/host/fault_print.h"
#include "proto/host/os_env.h"
#include "relayd/cli/options.h"
#include "relayd/cli/relay_parts.h"
#include "relayd/daemon/load.h"
#include "rendezvous/store/backup/copy_request.h"
#include "rendezvous/store/backup/export_file.h"

#include <stdio.h>
#include <string.h>

/* state_backup or export_file_write. */
typedef int (*copier)(const char *to, const struct state_parts *parts, state_copy_asker ask,
                      void *context, const struct env *env, struct fault *fault);

static int run(int argc, char **argv, const struct options_allowed *allowed, copier copy)
{
    struct fault fault = {.exit_code = EXIT_CODE_FAILURE, .text = "out of memory"};
    struct relay_settings settings;
    struct state_parts parts;
    struct options options;
    struct os_env *os = NULL;
    int code = options_parse(&options, argc, argv, allowed);
    int rc;

    if (code != EXIT_CODE_OK) {
        return code;
    }
    rc = os_env_new(&os, TRACE_LEVEL_WARN);
    if (rc == ERR_OK) {
        rc = load_settings(&settings, options.config_path, &fault);
    }
    if (rc == ERR_OK) {
        relay_parts_fill(&parts, &settings, options.config_path);
        rc = copy(options.words[0], &parts, copy_request_send, settings.control_path,
                  os_env_port(os), &fault);
    }
    os_env_free(os);
    if (rc != ERR_OK) {
        return fault_print(&fault, "relayd");
    }
    (void)fprintf(stderr, "All that the relay keeps is in %s, its secret keys too.\n",
                  strcmp(options.words[0], "-") == 0 ? "what was printed" : options.words[0]);
    return EXIT_CODE_OK;
}

int backup_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {
        .letters = "c", .words = 1, .wanted = "a new folder", .see = "status"};

    return run(argc, argv, &allowed, state_backup);
}

int export_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {
        .letters = "c", .words = 1, .wanted = "a new file, or -", .see = "status"};

    return run(argc, argv, &allowed, export_file_write);
}
