/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Configuration and key file may hold secrets, so their bytes are wiped on every way out.
 */
#include "client/daemon/setup.h"

#include "proto/host/file.h"
#include "proto/wire/name.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int setup_config_load(struct client_config **out, const struct place *place, struct fault *fault)
{
    const char *path = place->config;
    uint8_t *text = NULL;
    size_t size = 0;
    struct stat info;
    int rc;

    *out = NULL;
    /* A link that leads to nothing is not "no configuration". */
    if (!place->config_named && lstat(path, &info) != 0 && errno == ENOENT) {
        return client_config_parse(out, path, (const uint8_t *)"", 0, fault);
    }
    rc = file_read(path, CLIENT_CONFIG_SIZE_MAX, &text, &size, fault);
    if (rc != ERR_OK && fault->exit_code == EXIT_CODE_FAILURE) {
        fault->exit_code = EXIT_CODE_USAGE; /* whoever chose the path can mend it */
    }
    if (rc == ERR_OK && size == 0) {
        /* With the defaults instead this host might be another one, in another pool. */
        fault_set(fault, EXIT_CODE_USAGE,
                  "the configuration %s is empty; put it back from a copy, or remove it to use the "
                  "defaults",
                  path);
        rc = ERR_SYSTEM;
    }
    if (rc == ERR_OK) {
        rc = client_config_parse(out, path, text, size, fault);
        explicit_bzero(text, size); /* it may hold a private key */
    }
    free(text);
    return rc;
}

/* A store without the key to which it belongs: a new key would be a stranger to every ziglan in it.
 * The key is made before the store, so a store tells that there was one. */
static int key_lost_check(const struct place *place, struct fault *fault)
{
    char data[PLACE_PATH_SIZE + sizeof("/data.mdb")];

    (void)snprintf(data, sizeof(data), "%s/data.mdb", place->store);
    if (access(place->key, F_OK) == 0 || errno != ENOENT || access(data, F_OK) != 0) {
        return ERR_OK;
    }
    fault_set(
        fault, EXIT_CODE_USAGE,
        "the key %.150s is gone, and what was joined with it is there still: put the key back "
        "from a copy; or, to begin as a new host, remove %.150s and join again with an invite",
        place->key, place->store);
    return ERR_DROP;
}

int setup_identity_load(struct identity *out, const struct place *place,
                        const struct client_config *config, const struct env *env, bool create,
                        struct fault *fault)
{
    const char *path = config->key_path != NULL ? config->key_path : place->key;
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
    create = create && config->key_path == NULL;
    if (create) {
        rc = file_dir_create(place->state, 0700, fault);
    }
    if (rc == ERR_OK && config->key_path == NULL) {
        rc = key_lost_check(place, fault);
    }
    if (rc == ERR_OK) {
        rc = create ? key_file_load_or_create(seed, path, env, fault)
                    : key_file_load(seed, path, fault);
    }
    if (rc == ERR_OK) {
        identity_from_seed(out, seed);
    }
    explicit_bzero(seed, sizeof(seed));
    return rc;
}

void setup_wanted_name(char out[NAME_TEXT_SIZE], const char *asked,
                       const struct client_config *config)
{
    char machine[256] = "";
    const char *wanted = asked != NULL ? asked : config->name;

    if (wanted[0] == '\0') {
        (void)gethostname(machine, sizeof(machine) - 1);
        wanted = machine;
    }
    (void)name_sanitise(out, wanted, strlen(wanted));
}
