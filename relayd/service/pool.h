/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pools of applications (docs/protocol.md, section 17): who may join one, what it is told, and who
 * is picked for a punch. The pools themselves are rendezvous/search/app_pool.h. An application is
 * in a pool as long as its session lasts.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"
#include "rendezvous/search/app_pool.h"

#include <stdbool.h>

struct pool_service {
    struct relay_base *base; /* borrowed */
    struct app_pools *pools; /* owned */
};

/** The pools of base->cfg. base is borrowed and outlives the service. ERR_NOMEM; pool_service_fini
 * is legal then, and for zeroed memory. */
int pool_service_init(struct pool_service *service, struct relay_base *base) MUST_CHECK;
void pool_service_fini(struct pool_service *service);

/** base->cfg is another one: have its pools, and tell those who are in none any more. */
void pool_service_configure(struct pool_service *service);

/** True if this session may use pools and searches: a member's, or, on an open relay, any. */
bool pool_service_may(const struct pool_service *service, const struct relay_client *client);

/** Serve a PoolJoin or a PoolLeave; a refusal is answered by Error. */
void pool_service_on_join(struct pool_service *service, const struct relay_client *client,
                          const Ziglan__Control *message, struct mono now);
void pool_service_on_leave(struct pool_service *service, const struct relay_client *client,
                           const Ziglan__Control *message);

/** A random other application of this type, for a punch. Otherwise the client was refused. */
bool pool_service_pick(struct pool_service *service, const struct relay_client *client,
                       uint32_t request_id, const char *app, uint8_t out[KEY_SIZE]);

/** The session of this key ended, began anew, or may use pools no longer. */
void pool_service_gone(struct pool_service *service, const uint8_t key[KEY_SIZE]);
