/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the verbs share: paths, configuration, identity, talking to the daemon. */
#include "client/cli/cli.h"

#include "proto/host/control_socket.h"
#include "proto/host/file.h"
#include "proto/wire/name.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- Paths --------------------------------------------------------------------------------------
 */

static bool path_join(char out[CLI_PATH_SIZE], const char *a, const char *b, const char *c,
                      const char *d)
{
    int size = snprintf(out, CLI_PATH_SIZE, "%s%s%s%s", a, b, c, d);

    return size >= 0 && size < CLI_PATH_SIZE;
}

/* An interface name also becomes part of paths. */
static bool interface_ok(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

    return name[0] != '\0' && name[0] != '-' && strlen(name) < IFNAMSIZ &&
           strspn(name, allowed) == strlen(name);
}

bool cli_paths_fill(struct cli *cli, struct fault *fault)
{
    const char *root = getenv("ZIGLAN_ROOT");
    const char *name = cli->interface;
    struct cli_paths *p = &cli->paths;
    bool ok;

    root = root != NULL ? root : "";
    cli->interface_flag[0] = '\0';
    if (!interface_ok(name)) {
        fault_set(fault, EXIT_CODE_USAGE,
                  "'%s' is no interface name: 1 to %d letters, digits, - and _ are", name,
                  IFNAMSIZ - 1);
        return false;
    }
    if (strcmp(name, CLI_INTERFACE_DEFAULT) != 0) {
        (void)snprintf(cli->interface_flag, sizeof(cli->interface_flag), " -i %s", name);
    }
    ok = path_join(p->state, root, "/var/lib/ziglan/", name, "") &&
         path_join(p->run, root, "/run/ziglan", "", "") &&
         path_join(p->key, p->state, "/key", "", "") &&
         path_join(p->store, p->state, "/store", "", "") &&
         path_join(p->lock, p->state, "/lock", "", "") &&
         path_join(p->socket, p->run, "/", name, ".sock") &&
         path_join(p->log, p->run, "/", name, ".log");
    if (cli->config_path != NULL) {
        ok = path_join(p->config, cli->config_path, "", "", "") && ok;
    } else {
        ok = path_join(p->config, root, "/etc/ziglan/", name, ".yaml") && ok;
    }
    if (!ok) {
        fault_set(fault, EXIT_CODE_USAGE, "the paths below %s are too long", root);
    }
    return ok;
}

/* -- Configuration and identity -----------------------------------------------------------------
 */

int cli_config_load(struct client_config **out, const struct cli *cli, struct fault *fault)
{
    const char *path = cli->paths.config;
    uint8_t *text = NULL;
    size_t size = 0;
    int rc;

    *out = NULL;
    if (cli->config_path == NULL && access(path, F_OK) != 0 && errno == ENOENT) {
        return client_config_parse(out, path, (const uint8_t *)"", 0, fault);
    }
    rc = file_read(path, CLIENT_CONFIG_SIZE_MAX, &text, &size, fault);
    if (rc != ERR_OK && fault->exit_code == EXIT_CODE_FAILURE) {
        fault->exit_code = EXIT_CODE_USAGE; /* a wrong path is wrong usage */
    }
    if (rc == ERR_OK) {
        rc = client_config_parse(out, path, text, size, fault);
        explicit_bzero(text, size); /* it may hold a private key */
    }
    free(text);
    return rc;
}

int cli_identity_load(struct identity *out, const struct cli *cli,
                      const struct client_config *config, const struct env *env, bool create,
                      struct fault *fault)
{
    const char *path = config->key_path != NULL ? config->key_path : cli->paths.key;
    uint8_t seed[IDENTITY_SEED_SIZE];
    int rc = identity_library_init();

    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "libsodium does not start");
        return rc;
    }
    if (config->has_seed) {
        identity_from_seed(out, config->seed);
        return ERR_OK;
    }
    if (create && config->key_path == NULL) {
        rc = file_dir_create(cli->paths.state, 0700, fault);
        if (rc == ERR_OK) {
            rc = key_file_load_or_create(seed, path, env, fault);
        }
    } else {
        rc = key_file_load(seed, path, fault);
    }
    if (rc == ERR_OK) {
        identity_from_seed(out, seed);
    }
    explicit_bzero(seed, sizeof(seed));
    return rc;
}

void cli_wanted_name(char out[NAME_TEXT_SIZE], const struct cli *cli,
                     const struct client_config *config)
{
    char machine[256] = "";
    const char *wanted = config->name;

    if (cli->name != NULL) {
        wanted = cli->name;
    }
    if (wanted[0] == '\0') {
        (void)gethostname(machine, sizeof(machine) - 1);
        wanted = machine;
    }
    (void)name_sanitise(out, wanted, strlen(wanted));
}

/* -- The daemon ---------------------------------------------------------------------------------
 */

json_t *cli_send(const struct cli *cli, json_t *request, struct fault *fault)
{
    json_t *answer = NULL;

    if (request == NULL) {
        fault_set(fault, EXIT_CODE_USAGE, "the argument is not UTF-8 text");
        return NULL;
    }
    if (control_call(cli->paths.socket, request, CLI_TIMEOUT_MS, &answer, fault) != ERR_OK) {
        answer = NULL;
        if (fault->exit_code == EXIT_CODE_NO_DAEMON) {
            fault_set(fault, EXIT_CODE_NO_DAEMON,
                      "the interface %s is down; start it with: sudo ziglan up%s", cli->interface,
                      cli->interface_flag);
        } else if (fault->exit_code == EXIT_CODE_PERMISSION) {
            fault_set(fault, EXIT_CODE_PERMISSION,
                      "only root and the daemon's own user may ask the daemon of %s",
                      cli->interface);
        }
    }
    json_decref(request);
    return answer;
}

json_t *cli_ask_quietly(const struct cli *cli, const char *verb, const char *key, const char *value,
                        struct fault *fault)
{
    json_t *request = key == NULL ? json_pack("{s:s}", "do", verb)
                                  : json_pack("{s:s, s:s}", "do", verb, key, value);

    return cli_send(cli, request, fault);
}

json_t *cli_ask(const struct cli *cli, const char *verb, const char *key, const char *value,
                int *exit_code)
{
    struct fault fault = {0};
    json_t *answer = cli_ask_quietly(cli, verb, key, value, &fault);

    *exit_code = EXIT_CODE_OK;
    if (answer == NULL) {
        *exit_code = cli_fail(cli, &fault);
    }
    return answer;
}

void cli_hint(const struct cli *cli, struct fault *fault)
{
    size_t used = strlen(fault->text);

    if (fault->exit_code == EXIT_CODE_PERMISSION && geteuid() != 0) {
        (void)snprintf(fault->text + used, sizeof(fault->text) - used, "; try: sudo ziglan %s ...",
                       cli->verb);
    }
}

int cli_fail(const struct cli *cli, struct fault *fault)
{
    cli_hint(cli, fault);
    return fault_print(fault, CLI_PROGRAM);
}

const char *cli_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

uint64_t cli_number(const json_t *object, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(object, key));

    return number > 0 ? (uint64_t)number : 0;
}

int cli_print_json(const json_t *answer)
{
    (void)json_dumpf(answer, stdout, JSON_INDENT(2));
    (void)fputc('\n', stdout);
    return EXIT_CODE_OK;
}
