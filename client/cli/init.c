/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration that is written shows the keys that most hosts may need, with their defaults.
 * If there is a key file already, it stays as it is.
 */
#include "client/cli/init.h"

#include "client/config/config.h"
#include "client/daemon/setup.h"
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
    "# lanes: false\n"
    "#\n"
    "# What protects packets: auto (the fastest), aegis-128l, aes-256-gcm or chacha20-poly1305.\n"
    "# cipher: auto\n"
    "#\n"
    "# Largest IP packet inside the tunnel.\n"
    "# mtu: 1280\n"
    "#\n"
    "# Names under zignet, and the address of their resolver.\n"
    "# dns:\n"
    "#   enabled: true\n"
    "#\n"
    "# error, warn, info or debug.\n"
    "# log_level: info\n";

/* Write the configuration, unless there is one. ERR_LIMIT, or an error of file.h, with fault. */
static int config_write(const struct cli *cli, const char *name, struct fault *fault)
{
    char directory[PLACE_PATH_SIZE];
    char text[sizeof(template) + 128];
    int rc;

    if (access(cli->place.config, F_OK) == 0) {
        fault_set(fault, EXIT_CODE_FAILURE,
                  "%s exists already; edit it, or remove it to begin again (the key stays)",
                  cli->place.config);
        return ERR_LIMIT;
    }
    (void)snprintf(directory, sizeof(directory), "%s", cli->place.config);
    rc = file_dir_create(dirname(directory), 0755, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    (void)snprintf(text, sizeof(text), template, cli->interface, name);
    return file_write_atomic(cli->place.config, text, strlen(text), 0644, fault);
}

int verb_init(const struct cli *cli)
{
    struct client_config *defaults = NULL;
    struct identity identity;
    struct os_env *os = NULL;
    struct fault fault = {0};
    char name[NAME_TEXT_SIZE];
    char key[KEY_TEXT_SIZE];
    int rc;

    fault_set(&fault, EXIT_CODE_FAILURE, "out of memory");
    rc = client_config_parse(&defaults, "", (const uint8_t *)"", 0, &fault);
    if (rc == ERR_OK) {
        rc = os_env_new(&os, TRACE_LEVEL_WARN);
    }
    if (rc == ERR_OK) {
        setup_wanted_name(name, cli->name, defaults);
        rc = config_write(cli, name, &fault);
    }
    if (rc == ERR_OK) {
        rc = setup_identity_load(&identity, &cli->place, defaults, os_env_port(os), true, &fault);
    }
    if (rc == ERR_OK) {
        (void)printf("Wrote %s; the private key is in %s\n\n"
                     "This host wants the name %s. Its public key is\n  %s\n\n"
                     "Next:\n  sudo ziglan join -%s    (and paste the URL)\n  sudo ziglan up%s\n",
                     cli->place.config, cli->place.key, name, key_text(identity.public_key, key),
                     cli->place.flag, cli->place.flag);
        identity_wipe(&identity);
    }
    client_config_free(defaults);
    os_env_free(os);
    return rc == ERR_OK ? EXIT_CODE_OK : cli_fail(cli, &fault);
}
