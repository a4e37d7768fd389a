/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens the files of a relay, and says what to do where one is missing. */
#include "relayd/daemon/load.h"

#include "proto/host/file.h"
#include "rendezvous/store/lmdb/store_lmdb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int load_settings(struct relay_settings *out, const char *path, struct fault *fault)
{
    char error[SETTINGS_ERROR_SIZE];
    uint8_t *text = NULL;
    size_t size = 0;
    int rc = file_read(path, SETTINGS_TEXT_SIZE_MAX, &text, &size, fault);

    if (rc != ERR_OK) {
        if (fault->exit_code == EXIT_CODE_USAGE) {
            fault_add(fault, "name the configuration with -c FILE, or make a relay with: "
                             "relayd init DIR");
        }
        return rc;
    }
    if (size == 0) {
        /* All keys have defaults, but a relay that was set up has a name of its own. */
        fault_set(fault, EXIT_CODE_USAGE,
                  "%s is empty; put it back from a copy, or make another with: relayd init DIR",
                  path);
        free(text);
        return ERR_SYSTEM;
    }
    rc = relay_settings_parse(out, (const char *)text, size, path, error);
    free(text);
    if (rc == ERR_NOMEM) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
    } else if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_USAGE, "%s", error);
    }
    return rc;
}

int load_key(struct identity *out, const char *path, struct fault *fault)
{
    uint8_t seed[KEY_FILE_SEED_SIZE];
    int rc = key_file_load(seed, path, fault);

    if (rc == ERR_OK) {
        identity_from_seed(out, seed);
    }
    explicit_bzero(seed, sizeof(seed));
    if (rc != ERR_OK && access(path, F_OK) != 0 && errno == ENOENT) {
        fault_add(fault, "put it back from your copy");
    }
    return rc;
}

int load_store(struct store **out, const char *path, const struct env *env, struct fault *fault)
{
    int rc = store_lmdb_open(out, path, env, fault->text, sizeof(fault->text));

    if (rc != ERR_OK) {
        fault->exit_code = fault_path_code(errno);
    }
    return rc;
}
