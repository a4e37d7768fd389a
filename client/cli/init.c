/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration that is written shows the keys that most hosts may need, with their defaults.
 * If there is a key file already, it stays as it is.
 */
#include "client/cli/init.h"

#include "client/config/config.h"
#include "client/daemon/setup.h"
#include "client/import/mynetwork.h"
#include "proto/host/file.h"
#include "proto/host/os_env.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char template[] =
    "# Configuration of the ziglan interface %s. Every line is optional.\n"
    "#\n"
    "# The name this host wants in the ziglans it joins.\n"
    "name: %s\n"
    "#\n"
    "# Ziglans to join at start, besides those joined by `ziglan join URL`.\n"
    "# ziglans:\n"
    "#   - ziglan://KEY@HOST?invite=TOKEN\n"
    "#\n"
    "# UDP port; 0 lets the system choose.\n"
    "# listen_port: 0\n"
    "#\n"
    "# Let the router map it: on, off, or auto: if this machine's own address is a private one.\n"
    "# portmap: auto\n"
    "#\n"
    "# Guess ports where nothing else leads through the two NATs (many small packets for 15 s).\n"
    "# guess_ports: true\n"
    "#\n"
    "# Range of the local IPv4 addresses that stand for peers on this machine.\n"
    "# pool: 100.64.0.0/16\n"
    "#\n"
    "# Let relayed packets pass the relay as bare datagrams, which costs it less.\n"
    "# lanes: true\n"
    "#\n"
    "# Where this machine's own line is slow, let packets wait in a queue for each flow.\n"
    "# fair_queue: false\n"
    "#\n"
    "# Threads that carry packets; 0: none of their own; auto: one for every four cores.\n"
    "# threads: auto\n"
    "#\n"
    "# What protects packets: auto (the fastest), aegis-128l, aes-256-gcm or chacha20-poly1305.\n"
    "# cipher: auto\n"
    "#\n"
    "# Largest IP packet inside the tunnel.\n"
    "# mtu: 1420\n"
    "#\n"
    "# Names under zignet, and the address of their resolver.\n"
    "# dns:\n"
    "#   enabled: true\n"
    "#\n"
    "# error, warn, info or debug.\n"
    "# log_level: info\n"
    "%s%s";

static const char peers_head[] = "#\n"
                                 "# Peers that are let in without a common ziglan.\n"
                                 "peers:\n";

/* ERR_LIMIT if there is a configuration. */
static int config_absent(const struct cli *cli, struct fault *fault)
{
    if (access(cli->place.config, F_OK) == 0) {
        fault_set(fault, EXIT_CODE_FAILURE,
                  "%s exists already; edit it, or remove it to begin again (the key stays)",
                  cli->place.config);
        return ERR_LIMIT;
    }
    return ERR_OK;
}

/* Write the configuration, with peers if any were imported. ERR_NOMEM, or an error of file.h. */
static int config_write(const struct cli *cli, const char *name, const struct mynetwork *imported,
                        struct fault *fault)
{
    bool peers = imported != NULL && imported->peers_count > 0;
    char directory[PLACE_PATH_SIZE];
    char *text = NULL;
    int size;
    int rc;

    (void)snprintf(directory, sizeof(directory), "%s", cli->place.config);
    rc = file_dir_create(dirname(directory), 0755, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    size = asprintf(&text, template, cli->interface, name, peers ? peers_head : "",
                    peers ? imported->peers : "");
    if (size < 0) {
        return ERR_NOMEM;
    }
    rc = file_write_atomic(cli->place.config, text, (size_t)size, 0644, fault);
    free(text);
    return rc;
}

/* Read the file of --import. ERR_OK with NULL if there is none; else as mynetwork_read. */
static int import_read(struct mynetwork **out, const char *path, struct fault *fault)
{
    uint8_t *text = NULL;
    size_t size = 0;
    int rc;

    *out = NULL;
    if (path == NULL) {
        return ERR_OK;
    }
    if (identity_library_init() != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "libsodium does not start");
        return ERR_SYSTEM;
    }
    rc = file_read(path, MYNETWORK_SIZE_MAX, &text, &size, fault);
    if (rc == ERR_OK) {
        rc = mynetwork_read(out, path, (const char *)text, size, fault);
        explicit_bzero(text, size); /* the private key stands in it */
    }
    free(text);
    return rc;
}

/* Make the imported key this interface's, unless it is that already. */
static int import_key(const struct cli *cli, const struct mynetwork *imported, struct fault *fault)
{
    uint8_t there[KEY_FILE_SEED_SIZE];
    int rc;

    if (imported == NULL || !imported->has_seed) {
        return ERR_OK;
    }
    rc = file_dir_create(cli->place.state, 0700, fault);
    if (rc == ERR_OK && access(cli->place.key, F_OK) != 0) {
        return key_file_put(imported->seed, cli->place.key, fault);
    }
    if (rc == ERR_OK) {
        rc = key_file_load(there, cli->place.key, fault);
    }
    if (rc == ERR_OK && memcmp(there, imported->seed, sizeof(there)) != 0) {
        fault_set(fault, EXIT_CODE_FAILURE,
                  "%.200s has another key already; take another interface (-i zig1), or move that "
                  "key away",
                  cli->place.key);
        rc = ERR_LIMIT;
    }
    explicit_bzero(there, sizeof(there));
    return rc;
}

static void import_print(const char *path, const struct mynetwork *imported)
{
    (void)printf("Taken from %s: %s%zu peers, %zu routes%s\n", path,
                 imported->has_seed ? "the key, " : "", imported->peers_count,
                 imported->routes_count,
                 imported->routes_count > 0 ? " (kept in the configuration, not used yet)" : "");
    if (imported->left_count > 0) {
        (void)printf("Not carried over:\n");
    }
    for (size_t i = 0; i < imported->left_count && i < MYNETWORK_LEFT_MAX; i++) {
        (void)printf("  %s\n", imported->left[i]);
    }
    if (imported->left_count > MYNETWORK_LEFT_MAX) {
        (void)printf("  and %zu more\n", imported->left_count - MYNETWORK_LEFT_MAX);
    }
    (void)printf("\n");
}

static void next_print(const struct cli *cli, const struct mynetwork *imported)
{
    const char *flag = cli->place.flag;

    if (imported == NULL || imported->peers_count == 0) {
        (void)printf("Next:\n  sudo ziglan join -%s    (and paste the URL)\n  sudo ziglan up%s\n",
                     flag, flag);
        return;
    }
    (void)printf("Next:\n"
                 "  sudo ziglan join -%s    (a ziglan's URL; or without one, an open relay:)\n"
                 "  sudo ziglan relay pin relay://KEY@HOST%s\n"
                 "  sudo ziglan up%s\n"
                 "and the same on the other machines: a peer is let in if each names the other.\n",
                 flag, flag, flag);
}

/* Write what is missing, and load the identity. */
static int parts_write(const struct cli *cli, const struct client_config *defaults,
                       const struct mynetwork *imported, const struct env *env,
                       struct identity *identity, struct fault *fault)
{
    char name[NAME_TEXT_SIZE];
    int rc = config_absent(cli, fault);

    setup_wanted_name(name, cli->name, defaults);
    if (rc == ERR_OK) {
        rc = import_key(cli, imported, fault); /* first, since what follows makes one */
    }
    if (rc == ERR_OK) {
        rc = config_write(cli, name, imported, fault);
    }
    if (rc == ERR_OK) {
        rc = setup_identity_load(identity, &cli->place, defaults, env, true, fault);
    }
    return rc;
}

static void outcome_print(const struct cli *cli, const struct client_config *defaults,
                          const struct mynetwork *imported, const struct identity *identity)
{
    char name[NAME_TEXT_SIZE];
    char key[KEY_TEXT_SIZE];

    setup_wanted_name(name, cli->name, defaults);
    (void)printf("Wrote %s; the private key is in %s\n\n", cli->place.config, cli->place.key);
    if (imported != NULL) {
        import_print(cli->import, imported);
    }
    (void)printf("This host wants the name %s. Its public key is\n  %s\n\n", name,
                 key_text(identity->public_key, key));
    next_print(cli, imported);
}

int verb_init(const struct cli *cli)
{
    struct client_config *defaults = NULL;
    struct mynetwork *imported = NULL;
    struct identity identity;
    struct os_env *os = NULL;
    struct fault fault = {0};
    int rc;

    fault_set(&fault, EXIT_CODE_FAILURE, "out of memory");
    rc = client_config_parse(&defaults, "", (const uint8_t *)"", 0, &fault);
    if (rc == ERR_OK) {
        rc = os_env_new(&os, TRACE_LEVEL_WARN);
    }
    if (rc == ERR_OK) {
        rc = import_read(&imported, cli->import, &fault);
    }
    if (rc == ERR_OK) {
        rc = parts_write(cli, defaults, imported, os_env_port(os), &identity, &fault);
    }
    if (rc == ERR_OK) {
        outcome_print(cli, defaults, imported, &identity);
        identity_wipe(&identity);
    }
    mynetwork_free(imported);
    client_config_free(defaults);
    os_env_free(os);
    return rc == ERR_OK ? EXIT_CODE_OK : cli_fail(cli, &fault);
}
