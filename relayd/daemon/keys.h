/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The secrets of a relay: its own key, and either the ziglan's key or a delegation that was signed
 * with it elsewhere.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/crypto/identity.h"
#include "proto/wire/record.h"
#include "relayd/config/config.h"

#include <stddef.h>
#include <stdint.h>

struct keys {
    struct identity relay, ziglan;
    uint8_t delegation[RECORD_SIGNED_SIZE_MAX]; /* instead of the ziglan's key, if size > 0 */
    size_t delegation_size;
};

/** Load the files that the settings of the configuration at config_path name into zeroed memory.
 * wall_ms is the wall clock. On an error fault says what is wrong; keys_wipe is needed then, too.
 */
int keys_load(struct keys *keys, const struct relay_settings *settings, const char *config_path,
              uint64_t wall_ms, struct fault *fault) MUST_CHECK;

/** If a delegation was loaded at the start, read its file again. On an error fault says what is
 * wrong and the former one stays. Whether the new one is of the same ziglan, the core decides. */
int keys_delegation_reload(struct keys *keys, const struct relay_settings *settings,
                           const char *config_path, uint64_t wall_ms,
                           struct fault *fault) MUST_CHECK;

/** Zero the secrets. */
void keys_wipe(struct keys *keys);
