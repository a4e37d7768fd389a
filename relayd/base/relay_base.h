/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the services of a relay share: its configuration, the link, the sessions, the limits, the
 * counters, the way to answer, and the directory of the ziglan that it hosts. The core owns it, and
 * each service keeps a pointer to it. It knows no service.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/link/link.h"
#include "proto/wire/control.h"
#include "proto/wire/name.h"
#include "proto/wire/url.h"
#include "relayd/base/allotment.h"
#include "relayd/base/counters.h"
#include "relayd/base/limits.h"
#include "relayd/base/neighbour_table.h"
#include "relayd/base/relay_config.h"
#include "relayd/base/reply.h"
#include "relayd/base/session_table.h"
#include "relayd/base/store_health.h"
#include "rendezvous/directory/directory.h"
#include "rendezvous/relaying/block_table.h"

#include <stdint.h>

/* tidy-ok: struct-fields it is all that the services share */
struct relay_base {
    struct env env;
    struct relay_config cfg; /* in force: no number is 0, and its texts are the copies below */
    char name[NAME_TEXT_SIZE];
    char public_hosts[URL_HOSTS_TEXT_SIZE];
    struct relay_peers url_relays; /* that know this one, for URLs without public hosts */
    uint32_t session_capacity;     /* session_max at the start, for which the link was made */
    struct mono started_at;
    uint32_t missed_count; /* sessions that the reset ledger named when we started */
    struct link_hub *hub;
    struct link_reward rewards[LINK_REWARDS_MAX]; /* those of cfg, for the Hello */
    uint8_t spki[LINK_SPKI_SIZE]; /* of the certificate, for this relay's node record */
    struct session_table sessions;
    struct neighbour_table neighbours;
    struct limits limits;
    struct allotment allotment;
    struct relay_counters counters;
    struct traffic_hour traffic;
    struct reply reply;
    struct control_arena arena;   /* holds the message that is being served */
    struct directory *directory;  /* NULL: the relay hosts no ziglan */
    uint8_t ziglan_key[KEY_SIZE]; /* all zero: the relay hosts no ziglan */
    struct store_health health;
    struct block_table *blocks; /* whom hosts here do not want to hear */
};

/** Make everything but the link and the directory, in zeroed memory. What cfg points to is as in
 * relayd/base/relay_config.h; env is copied; store is borrowed and outlives the base. ERR_NOMEM;
 * relay_base_fini then releases what was made. */
int relay_base_init(struct relay_base *base, const struct relay_config *cfg, struct store *store,
                    const struct env *env, struct mono now) MUST_CHECK;

/** Release everything; legal at any time, and for zeroed memory. */
void relay_base_fini(struct relay_base *base);

/** Open the directory of the ziglan whose key is base->ziglan_key. ERR_NOMEM, ERR_SYSTEM; there is
 * no directory then. */
int relay_base_directory_open(struct relay_base *base) MUST_CHECK;

/** Make the link. It borrows what hello points to until link_hub_set_hello gives it another one.
 * ERR_NOMEM, ERR_SYSTEM; there is no link then. */
int relay_base_link_open(struct relay_base *base, const struct link_hello *hello,
                         struct mono now) MUST_CHECK;

/** Take over the settings that may change while the relay runs: name, public hosts, limits,
 * open_relay, pools, rewards. session_max is cut at session_capacity. */
void relay_base_configure(struct relay_base *base, const struct relay_config *cfg, struct mono now);
