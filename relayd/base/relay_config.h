/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a relay core is made of, as the shell, a simulator or a test says it. Part of the interface
 * of relayd/core/core.h; it stands here because the rooms below read it.
 */
#pragma once

#include "proto/crypto/identity.h"
#include "proto/link/link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What a relay core is made of. Texts are copied; the other pointers are borrowed and outlive the
 * core. */
struct relay_config {
    const struct identity *identity;        /* the relay's key */
    const struct identity *ziglan_identity; /* the ziglan's key, NULL: hosts none, or key offline */
    const uint8_t *delegation; /* the ziglan's word about this relay; NULL with the key at hand:
                                  the core makes one and renews it */
    size_t delegation_size;
    const char *ziglan_name;
    const char *public_hosts;                 /* "HOST[:PORT][,...]" for URLs */
    uint32_t session_max;                     /* 0: default */
    uint32_t watch_max;                       /* members told in full to a watcher, default 10000 */
    uint32_t stun_per_addr_per_s, stun_per_s; /* 0: defaults 10 and 20000 */
    struct link_reset_row
        *ledger; /* memory that outlives a crash (proto/link/link.h), NULL: none */
    uint32_t ledger_capacity;
    bool open_relay; /* forward for strangers too, each at most 20 Mbit/s */
};
