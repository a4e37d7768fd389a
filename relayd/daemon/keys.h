/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who the relay is: its key, and either the ziglan's key or a delegation signed with it elsewhere.
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
    uint8_t delegation[RECORD_SIGNED_SIZE_MAX]; /* in place of the ziglan's key, if size > 0 */
    size_t delegation_size;
};

/** Load what the settings name. ERR_SYSTEM, ERR_DROP with a sentence in fault; keys_wipe is legal
 * then, too. */
int keys_load(struct keys *keys, const struct relay_settings *settings, uint64_t wall_ms,
              struct fault *fault) MUST_CHECK;

/** Read the delegation again, where one was in use from the start. An error leaves the former one;
 * whether it is of the same ziglan is for the core. */
int keys_delegation_reload(struct keys *keys, const struct relay_settings *settings,
                           uint64_t wall_ms, struct fault *fault) MUST_CHECK;

/** Zero the secrets. */
void keys_wipe(struct keys *keys);
