/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The key may lie where the configuration says, or stand in it.
 */
#include "client/cli/state.h"

#include "client/config/config.h"
#include "client/daemon/setup.h"
#include "proto/host/file.h"
#include "proto/host/os_env.h"
#include "rendezvous/store/backup/copy_request.h"
#include "rendezvous/store/backup/export_file.h"
#include "rendezvous/store/backup/import_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char config_name[] = "ziglan.yaml";

/* state_backup or export_file_write. */
typedef int (*copier)(const char *to, const struct state_parts *parts, state_copy_asker ask,
                      void *context, const struct env *env, struct fault *fault);

static void parts_fill(struct state_parts *out, const struct place *place,
                       const struct client_config *config)
{
    const char *key = config->key_path != NULL ? config->key_path : place->key;

    memset(out, 0, sizeof(*out));
    out->program = CLI_PROGRAM;
    out->store = place->store;
    out->store_name = "store";
    out->files[0] =
        (struct state_file){config_name, place->config, config->has_seed ? 0600 : 0644, true};
    out->files[1] = (struct state_file){"key", key, 0600, config->has_seed};
    out->files_count = 2;
}

static int run(const struct cli *cli, copier copy)
{
    const char *to = cli->arguments[0];
    struct fault fault = {.exit_code = EXIT_CODE_FAILURE, .text = "out of memory"};
    struct client_config *config = NULL;
    struct state_parts parts;
    struct place place = cli->place;
    struct os_env *os = NULL;
    int rc = os_env_new(&os, TRACE_LEVEL_WARN);

    if (rc == ERR_OK) {
        rc = setup_config_load(&config, &place, &fault);
    }
    if (rc == ERR_OK) {
        parts_fill(&parts, &place, config);
        rc = copy(to, &parts, copy_request_send, place.socket, os_env_port(os), &fault);
    }
    client_config_free(config);
    os_env_free(os);
    if (rc != ERR_OK) {
        return cli_fail(cli, &fault);
    }
    (void)fprintf(stderr, "All that %s keeps is in %s, its secret key too.\n", cli->interface,
                  strcmp(to, "-") == 0 ? "what was printed" : to);
    return EXIT_CODE_OK;
}

int verb_backup(const struct cli *cli)
{
    return run(cli, state_backup);
}

int verb_export(const struct cli *cli)
{
    return run(cli, export_file_write);
}

/* ---- import ---- */

struct import {
    const struct place *place;
    struct client_config *config;
};

static int place(void *context, struct state_parts *out, const char *text, size_t size,
                 struct fault *fault)
{
    struct import *import = context;
    int rc = client_config_parse(&import->config, import->place->config, (const uint8_t *)text,
                                 size, fault);

    if (rc == ERR_OK) {
        parts_fill(out, import->place, import->config);
    }
    return rc;
}

static int import_from(struct import *import, const char *from, const struct env *env,
                       struct fault *fault)
{
    char making[PLACE_PATH_SIZE];
    const struct import_order order = {.from = from,
                                       .program = CLI_PROGRAM,
                                       .config = config_name,
                                       .making = making,
                                       .place = place,
                                       .context = import,
                                       .env = env};
    int lock = -1;
    int rc;

    if (snprintf(making, sizeof(making), "%s/import.part", import->place->state) >=
        (int)sizeof(making)) {
        fault_set(fault, EXIT_CODE_USAGE, "the path of the state is too long");
        return ERR_LIMIT;
    }
    rc = file_dir_create(import->place->state, 0700, fault);
    if (rc == ERR_OK) {
        rc = file_lock(&lock, import->place->lock, fault); /* no daemon meanwhile */
        if (rc == ERR_LIMIT) {
            fault_set(fault, EXIT_CODE_FAILURE, "the interface %s is up; first: sudo ziglan down%s",
                      import->place->interface, import->place->flag);
        }
    }
    if (rc == ERR_OK) {
        rc = import_file_read(&order, fault);
    }
    if (lock >= 0) {
        (void)close(lock);
    }
    return rc;
}

int verb_import(const struct cli *cli)
{
    struct fault fault = {.exit_code = EXIT_CODE_FAILURE, .text = "out of memory"};
    struct import import = {.place = &cli->place};
    struct os_env *os = NULL;
    int rc = os_env_new(&os, TRACE_LEVEL_WARN);

    if (rc == ERR_OK) {
        rc = import_from(&import, cli->arguments[0], os_env_port(os), &fault);
    }
    client_config_free(import.config);
    os_env_free(os);
    if (rc != ERR_OK) {
        return cli_fail(cli, &fault);
    }
    (void)printf("%s is the host that was exported. Two must not run: end the other one for good.\n"
                 "Next: sudo ziglan up%s\n",
                 cli->interface, cli->place.flag);
    return EXIT_CODE_OK;
}
