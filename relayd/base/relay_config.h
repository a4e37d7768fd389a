/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The settings of a relay core, as the daemon, a simulator or a test gives them. They belong to the
 * interface of relayd/core/core.h, and stand here because the rooms below the core read them.
 */
#pragma once

#include "proto/crypto/identity.h"
#include "proto/link/link.h"
#include "relayd/base/admission_config.h"
#include "relayd/base/allotment.h"
#include "relayd/base/relay_peers.h"
#include "relayd/base/reward.h"
#include "rendezvous/search/app_pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The settings of a relay core. Texts and the delegation are copied; the other pointers are
 * borrowed and outlive the core. */
/* tidy-ok: struct-fields one for each setting */
struct relay_config {
    const struct identity *identity;        /* the relay's key */
    const struct identity *ziglan_identity; /* the ziglan's key; NULL: the key is
                                               elsewhere, or the relay hosts no ziglan */
    const uint8_t *delegation; /* that this relay is an entry point, signed elsewhere; NULL with
                                  ziglan_identity: the core signs one itself and renews it */
    size_t delegation_size;
    const char *ziglan_name;  /* NULL: "ziglan" */
    const char *public_hosts; /* "HOST[:PORT][,...]" for URLs; NULL: none */
    uint32_t session_max;     /* 0: the default of relay_defaults.h, here and below */
    uint32_t watch_max;       /* a ziglan with more members cannot be watched */
    uint32_t stun_per_addr_per_s, stun_per_s;
    bool stun_one_address; /* stock clients are answered from this relay's address only, and those
                              of neighbours never (RFC 5780) */
    struct allotment_limits allotment; /* 0: no limit */
    uint64_t lane_bytes_per_s;         /* of one lane, each way; 0: no limit */
    struct link_reset_row *ledger;     /* of ledger_capacity rows, as in struct link_config;
                                          NULL: none */
    uint32_t ledger_capacity;
    const struct relay_peers *peers;          /* copied; NULL: none */
    const struct admission_config *admission; /* copied; NULL: who has an invite */
    struct app_pool_config pools;             /* limit 0: the default */
    struct rewards rewards;
    uint32_t workers; /* threads that forward on lanes and answer STUN; 0: none */
    bool open_relay;  /* strangers may exchange frames, too, each at most 20 Mbit/s */
};
