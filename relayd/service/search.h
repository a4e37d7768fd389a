/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The search for relays that help an application (docs/protocol.md, section 17): messages of hosts
 * and of neighbours as inputs of rendezvous/search/find.h, which finds here the relays that the
 * mesh believes and the pools of this one.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/pool.h"
#include "rendezvous/mesh/mesh.h"
#include "rendezvous/search/find.h"

enum {
    SEARCH_LOOK_MAX = 2048, /* records that are read for one query, of relays that have pools */
};

struct search_service {
    struct relay_base *base; /* these are borrowed */
    const struct pool_service *pools;
    struct mesh *mesh;
    struct find *find;         /* owned, as the next one */
    struct node_found *sample; /* scratch: SEARCH_LOOK_MAX relays */
    struct mono now;           /* of the message that is served */
};

/** Make it in zeroed memory. What is given is borrowed and outlives the service. ERR_NOMEM;
 * search_service_fini is legal then. */
int search_service_init(struct search_service *service, struct relay_base *base,
                        const struct pool_service *pools, struct mesh *mesh,
                        struct mono now) MUST_CHECK;
void search_service_fini(struct search_service *service);

/** Serve a Find of a host, which is answered by FindResult or Error, or of a neighbour. */
void search_service_on_find(struct search_service *service, const struct relay_client *client,
                            const Ziglan__Control *message, struct mono now);

/** A neighbour sent a FindResult. */
void search_service_on_result(struct search_service *service, const struct relay_client *client,
                              const Ziglan__Control *message, struct mono now);

/** Timers up to now; and when to call this again. */
void search_service_expire(struct search_service *service, struct mono now);
struct mono search_service_deadline(const struct search_service *service);
