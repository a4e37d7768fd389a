/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the two keys, signs the delegation, and writes it. */
#include "relayd/cli/delegate.h"

#include "proto/crypto/delegation.h"
#include "proto/host/fault_print.h"
#include "proto/host/file.h"
#include "proto/host/os_env.h"
#include "relayd/cli/cli.h"
#include "relayd/config/advice.h"
#include "relayd/config/config.h"
#include "relayd/daemon/load.h"

#include <getopt.h>
#include <string.h>

struct delegate {
    const char *config_path, *key_path;
    uint32_t days;
};

static int args_parse(struct delegate *args, int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"key", required_argument, NULL, 'k'},
                                            {"days", required_argument, NULL, 'd'},
                                            {NULL, 0, NULL, 0}};
    int option;

    *args = (struct delegate){.config_path = CONFIG_PATH_DEFAULT, .days = DELEGATION_DAYS};
    for (option = getopt_long(argc, argv, "c:", options, NULL); option != -1;
         option = getopt_long(argc, argv, "c:", options, NULL)) {
        if (option == 'c') {
            args->config_path = optarg;
        } else if (option == 'k') {
            args->key_path = optarg;
        } else if (option != 'd') {
            return cli_usage("delegate: unknown option or missing value: %s", argv[optind - 1]);
        } else if (cli_number_parse(&args->days, optarg, 1, DELEGATION_DAYS_MAX) != ERR_OK) {
            return cli_usage("--days wants a whole number from 1 to %d, not '%s'",
                             DELEGATION_DAYS_MAX, optarg);
        }
    }
    if (args->key_path == NULL || optind < argc) {
        return cli_usage("delegate wants the ziglan's key: relayd delegate [-c FILE] --key "
                         "ziglan.key [--days N]");
    }
    return EXIT_CODE_OK;
}

static int delegate(const struct delegate *args, const struct relay_settings *settings,
                    uint64_t wall_ms, struct fault *fault)
{
    uint8_t bytes[RECORD_SIGNED_SIZE_MAX];
    struct identity relay = {0};
    struct identity ziglan = {0};
    size_t size = 0;
    int rc = ERR_DROP;

    if (settings->delegation_path[0] == '\0') {
        fault_set(fault, EXIT_CODE_USAGE,
                  "%.300s names no file for the delegation; add to it `delegation: "
                  "ziglan.delegation`",
                  args->config_path);
        return rc;
    }
    rc = load_key(&relay, settings->key_path, fault);
    if (rc == ERR_OK) {
        rc = load_key(&ziglan, args->key_path, fault);
    }
    if (rc == ERR_OK) {
        rc = delegation_sign(bytes, &size, &ziglan, relay.public_key, args->days, wall_ms);
    }
    identity_wipe(&relay);
    identity_wipe(&ziglan);
    return rc == ERR_OK ? file_write_atomic(settings->delegation_path, bytes, size, 0644, fault)
                        : rc;
}

int delegate_run(int argc, char **argv)
{
    struct fault fault = {.exit_code = EXIT_CODE_FAILURE, .text = "the start failed"};
    struct relay_settings settings;
    struct delegate args;
    struct os_env *os = NULL;
    char option[ADVICE_SIZE];
    int code = args_parse(&args, argc, argv);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (identity_library_init() != ERR_OK || os_env_new(&os, TRACE_LEVEL_WARN) != ERR_OK ||
        load_settings(&settings, args.config_path, &fault) != ERR_OK ||
        delegate(&args, &settings, env_wall_ms(os_env_port(os)), &fault) != ERR_OK) {
        code = fault_print(&fault, "relayd");
    } else {
        (void)printf("%s is good for %u days. If relayd runs, send it SIGHUP; else start it: "
                     "relayd%s\n",
                     settings.delegation_path, (unsigned)args.days,
                     advice_option(args.config_path, option));
    }
    os_env_free(os);
    return code;
}
