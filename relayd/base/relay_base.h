/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What all services of a relay stand on: its configuration, the link, the sessions, the limits, the
 * counters, the way to answer, and the directory of the ziglan that it hosts. A service borrows it
 * for its life; it knows no service.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/link/link.h"
#include "proto/wire/control.h"
#include "proto/wire/name.h"
#include "proto/wire/url.h"
#include "relayd/base/counters.h"
#include "relayd/base/limits.h"
#include "relayd/base/relay_config.h"
#include "relayd/base/reply.h"
#include "relayd/base/session_table.h"
#include "relayd/base/store_health.h"
#include "rendezvous/directory/directory.h"

#include <stdint.h>

struct relay_base {
    struct env env;
    struct relay_config cfg; /* in force: no number is 0, its texts point to the copies below */
    char name[NAME_TEXT_SIZE];
    char public_hosts[URL_HOSTS_TEXT_SIZE];
    uint32_t session_capacity; /* session_max at the start: the link was sized then */
    struct mono started_at;
    struct link_hub *hub;
    struct session_table sessions;
    struct limits limits;
    struct relay_counters counters;
    struct reply reply;
    struct control_arena arena;  /* of the message that is being served */
    struct directory *directory; /* NULL: hosts no ziglan */
    uint8_t ziglan_key[KEY_SIZE];
    struct store_health health;
};

/** Everything but the link and the directory. cfg as in relayd/core/core.h; store and env are
 * borrowed. ERR_NOMEM; then relay_base_fini releases what there is. */
int relay_base_init(struct relay_base *base, const struct relay_config *cfg, struct store *store,
                    const struct env *env, struct mono now) MUST_CHECK;
void relay_base_fini(struct relay_base *base);

/** Open the directory of the ziglan whose key is base->ziglan_key. ERR_NOMEM, ERR_SYSTEM. */
int relay_base_directory_open(struct relay_base *base) MUST_CHECK;

/** Make the link, which says `hello` to sessions. ERR_NOMEM, ERR_SYSTEM. */
int relay_base_link_open(struct relay_base *base, const struct link_hello *hello,
                         struct mono now) MUST_CHECK;

/** Take over what may change while running: name, public hosts, limits, open_relay. session_max is
 * cut at session_capacity. */
void relay_base_configure(struct relay_base *base, const struct relay_config *cfg, struct mono now);
