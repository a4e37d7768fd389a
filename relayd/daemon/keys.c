/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading keys and the delegation. */
#include "relayd/daemon/keys.h"

#include "proto/crypto/delegation.h"
#include "proto/host/file.h"
#include "relayd/config/advice.h"
#include "relayd/daemon/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int delegation_load(struct keys *keys, const char *path, const char *config_path,
                           uint64_t wall_ms, struct fault *fault)
{
    char option[ADVICE_SIZE];
    char remedy[ADVICE_SIZE + 80];
    struct record_delegation record;
    uint8_t *bytes = NULL;
    size_t size = 0;
    int rc = file_read(path, sizeof(keys->delegation), &bytes, &size, fault);

    /* The core decides of which ziglan it must be, and what it means that it is not in force. */
    if (rc == ERR_OK && delegation_verify(&record, bytes, size, NULL, keys->relay.public_key,
                                          wall_ms) == DELEGATION_NOT_BELIEVED) {
        rc = ERR_DROP;
        fault_set(fault, EXIT_CODE_USAGE, "%.300s holds no delegation for this relay's key", path);
    }
    if (rc == ERR_OK) {
        memcpy(keys->delegation, bytes, size);
        keys->delegation_size = size;
    } else {
        (void)snprintf(remedy, sizeof(remedy), "make it with: relayd delegate%s --key ZIGLAN.KEY",
                       advice_option(config_path, option));
        fault_add(fault, remedy);
    }
    free(bytes);
    return rc;
}

int keys_load(struct keys *keys, const struct relay_settings *settings, const char *config_path,
              uint64_t wall_ms, struct fault *fault)
{
    int rc = load_key(&keys->relay, settings->key_path, fault);

    if (rc == ERR_OK) {
        rc = settings->delegation_path[0] != '\0'
                 ? delegation_load(keys, settings->delegation_path, config_path, wall_ms, fault)
                 : load_key(&keys->ziglan, settings->ziglan_key_path, fault);
    }
    return rc;
}

int keys_delegation_reload(struct keys *keys, const struct relay_settings *settings,
                           const char *config_path, uint64_t wall_ms, struct fault *fault)
{
    return keys->delegation_size > 0 && settings->delegation_path[0] != '\0'
               ? delegation_load(keys, settings->delegation_path, config_path, wall_ms, fault)
               : ERR_OK;
}

void keys_wipe(struct keys *keys)
{
    identity_wipe(&keys->relay);
    identity_wipe(&keys->ziglan);
}
