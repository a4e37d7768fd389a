/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line of ziglan: what was asked (verb, flags, arguments), the paths of an interface,
 * and one function per verb, each in a file of its own. Verbs return exit codes.
 */
#pragma once

#include "client/config/config.h"
#include "proto/base/env.h"
#include "proto/base/fault.h"
#include "proto/crypto/identity.h"

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

enum {
    CLI_ARGUMENTS_MAX = 8,
    CLI_PATH_SIZE = PATH_MAX,
    CLI_TIMEOUT_MS = 5000, /* for the daemon to answer */
    INTERFACE_FLAG_SIZE = 24,
};

#define CLI_PROGRAM "ziglan"
#define CLI_INTERFACE_DEFAULT "zig0"

/** Where everything of one interface lies; all below $ZIGLAN_ROOT if that is set. */
struct cli_paths {
    char config[CLI_PATH_SIZE]; /* /etc/ziglan/IF.yaml, or -c */
    char state[CLI_PATH_SIZE];  /* /var/lib/ziglan/IF */
    char key[CLI_PATH_SIZE];    /* state/key */
    char store[CLI_PATH_SIZE];  /* state/store */
    char lock[CLI_PATH_SIZE];   /* state/lock */
    char run[CLI_PATH_SIZE];    /* /run/ziglan */
    char socket[CLI_PATH_SIZE]; /* run/IF.sock */
    char log[CLI_PATH_SIZE];    /* run/IF.log, of a detached daemon */
};

struct cli {
    const char *verb;
    const char *interface;
    char interface_flag[INTERFACE_FLAG_SIZE]; /* " -i IF", empty for the default; for hints */
    const char *config_path;                  /* NULL: the default */
    const char *name;                         /* --name, NULL: none */
    bool json, detach;
    unsigned count; /* -n of ping */
    const char *arguments[CLI_ARGUMENTS_MAX];
    size_t arguments_count;
    struct cli_paths paths;
};

/** The verbs, as `ziglan help` explains them. Each prints its result or what is wrong, and returns
 * the exit code. */
int cli_init(const struct cli *cli);
int cli_join(const struct cli *cli);
int cli_leave(const struct cli *cli);
int cli_up(const struct cli *cli);
int cli_down(const struct cli *cli);
int cli_status(const struct cli *cli);
int cli_peers(const struct cli *cli);
int cli_ping(const struct cli *cli);
int cli_whoami(const struct cli *cli);

/** Fill paths and interface_flag from the interface and $ZIGLAN_ROOT. False with fault if a path is
 * too long or the interface's name is none. */
bool cli_paths_fill(struct cli *cli, struct fault *fault);

/** Configuration of the interface; a missing file gives the defaults, unless it was named by -c. */
int cli_config_load(struct client_config **out, const struct cli *cli,
                    struct fault *fault) MUST_CHECK;

/**
 * The interface's identity: privateKey of the configuration, its key file, or the default key file,
 * which is created (with its directory) if `create`. Wipe with identity_wipe.
 */
int cli_identity_load(struct identity *out, const struct cli *cli,
                      const struct client_config *config, const struct env *env, bool create,
                      struct fault *fault) MUST_CHECK;

/** The name this host wishes for: --name, the configuration's, or the machine's, as a legal label.
 */
void cli_wanted_name(char out[NAME_TEXT_SIZE], const struct cli *cli,
                     const struct client_config *config);

/** Send {"do": verb, key: value} to the daemon (key NULL: none) and return its answer. NULL after
 * printing what is wrong; *exit_code is what to exit with then. */
json_t *cli_ask(const struct cli *cli, const char *verb, const char *key, const char *value,
                int *exit_code);

/** As cli_ask, but nothing is printed; fault says what is wrong. */
json_t *cli_ask_quietly(const struct cli *cli, const char *verb, const char *key, const char *value,
                        struct fault *fault);

/** As cli_ask_quietly for any request, which is given; NULL, as json_pack returns it for text that
 * is not UTF-8, is told as that. */
json_t *cli_send(const struct cli *cli, json_t *request, struct fault *fault);

/** Add the way out to a fault whose cause is that the user lacks a right. */
void cli_hint(const struct cli *cli, struct fault *fault);

/** Print what is wrong, with that hint. Returns the exit code. */
int cli_fail(const struct cli *cli, struct fault *fault);

/** Text and number members of an answer, "" and 0 where absent. */
const char *cli_text(const json_t *object, const char *key);
uint64_t cli_number(const json_t *object, const char *key);

/** Print an answer as JSON. Returns EXIT_CODE_OK. */
int cli_print_json(const json_t *answer);

/** Print the table of peers from an array of them. */
void cli_print_peers(const json_t *peers);
