/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration goes to the folder and says where the rest belongs, so that what lay elsewhere
 * comes to the same place again.
 */
#include "relayd/cli/import.h"

#include "proto/host/fault_print.h"
#include "proto/host/file.h"
#include "proto/host/os_env.h"
#include "relayd/cli/options.h"
#include "relayd/cli/relay_parts.h"
#include "relayd/config/advice.h"
#include "rendezvous/store/backup/import_file.h"

#include <stdio.h>

struct import {
    char config[SETTINGS_PATH_SIZE];
    char making[SETTINGS_PATH_SIZE];
    struct relay_settings settings;
};

static int place(void *context, struct state_parts *out, const char *text, size_t size,
                 struct fault *fault)
{
    struct import *import = context;
    char error[SETTINGS_ERROR_SIZE] = "out of memory";
    int rc = relay_settings_parse(&import->settings, text, size, import->config, error);

    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_USAGE, "%s", error);
        return rc;
    }
    relay_parts_fill(out, &import->settings, import->config);
    return ERR_OK;
}

static int import_to(struct import *import, const char *from, const char *dir,
                     const struct env *env, struct fault *fault)
{
    const struct import_order order = {.from = from,
                                       .program = "relayd",
                                       .config = RELAY_PARTS_CONFIG,
                                       .making = import->making,
                                       .place = place,
                                       .context = import,
                                       .env = env};
    int config_size =
        snprintf(import->config, sizeof(import->config), "%s/" RELAY_PARTS_CONFIG, dir);
    int making_size = snprintf(import->making, sizeof(import->making), "%s/import.part", dir);
    int rc;

    if (config_size >= (int)sizeof(import->config) || making_size >= (int)sizeof(import->making)) {
        fault_set(fault, EXIT_CODE_USAGE, "the path of the folder is too long");
        return ERR_LIMIT;
    }
    rc = file_dir_create(dir, 0700, fault);
    return rc == ERR_OK ? import_file_read(&order, fault) : rc;
}

int import_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {
        .letters = "", .words = 2, .wanted = "an export (or -) and a folder", .see = "--help"};
    struct fault fault = {.exit_code = EXIT_CODE_FAILURE, .text = "out of memory"};
    struct import import = {.config = ""};
    struct options options;
    struct os_env *os = NULL;
    char option[ADVICE_SIZE];
    int code = options_parse(&options, argc, argv, &allowed);
    int rc;

    if (code != EXIT_CODE_OK) {
        return code;
    }
    rc = os_env_new(&os, TRACE_LEVEL_WARN);
    if (rc == ERR_OK) {
        rc = import_to(&import, options.words[0], options.words[1], os_env_port(os), &fault);
    }
    os_env_free(os);
    if (rc != ERR_OK) {
        return fault_print(&fault, "relayd");
    }
    (void)printf("The relay and its ziglan '%s' are in %s.\n"
                 "If it has another address now, change public: in %s.\n"
                 "End the one that it was copied from, for good, and start this one:\n  relayd%s\n",
                 import.settings.name, options.words[1], import.config,
                 advice_option(import.config, option));
    return EXIT_CODE_OK;
}
