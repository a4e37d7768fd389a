/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The mesh on a relay (docs/protocol.md, section 17): rendezvous/mesh decides whom to tell what and
 * whom to dial, this does it by neighbours, and tells it what became of them.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/wire/control.h"
#include "relayd/base/neighbour_table.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/node_own.h"
#include "relayd/service/node_watch.h"
#include "relayd/service/peers.h"
#include "relayd/service/reach_dials.h"
#include "rendezvous/mesh/mesh.h"

#include <stdbool.h>

enum { MESH_RTT_MS = 30000 /* between two looks at the round trips to neighbours */ };

struct mesh_service {
    struct relay_base *base; /* these are borrowed */
    const struct peer_service *peers;
    struct node_shelf *shelf;
    struct mesh *mesh;            /* who else asks for relays: mesh_find, mesh_next */
    struct mesh_message *message; /* scratch of what is sent */
    struct reach_dials dials;
    struct node_own own;
    struct node_watches watches;
    struct mono rtt_at;
};

/** Make it in zeroed memory, read what was stored, and let the neighbour table find relays by their
 * keys. hello is what the link says. ERR_NOMEM, ERR_SYSTEM; mesh_service_fini then releases what
 * was made. */
int mesh_service_init(struct mesh_service *service, struct relay_base *base,
                      const struct peer_service *peers, struct link_hello *hello,
                      struct mono now) MUST_CHECK;
void mesh_service_fini(struct mesh_service *service);

/** A neighbour came or went. */
void mesh_service_on_neighbour(struct mesh_service *service, const struct neighbour_event *event,
                               struct mono now);

/** The operator names other relays than before. */
void mesh_service_on_peers(struct mesh_service *service, struct mono now);

/** A neighbour sent Nodes, NodeDigest, NodeSummary or NodeWant. */
void mesh_service_on_message(struct mesh_service *service, const struct relay_client *client,
                             const Ziglan__Control *message, struct mono now);

/** Anybody asks for the record of a relay, or for some relays; a host perhaps for newer ones, too.
 */
void mesh_service_on_lookup(struct mesh_service *service, struct relay_client *client,
                            const Ziglan__Control *message, struct mono now);

/** A dial that only measures has ended: the mesh's own, or one of which others hear. */
void mesh_service_on_reached(struct mesh_service *service, const struct reach_outcome *outcome,
                             struct mono now);

/** Do what the mesh wants done. To be called when anything above was. */
void mesh_service_drain(struct mesh_service *service, struct mono now);

/** Timers up to now; and when to call this again. */
void mesh_service_expire(struct mesh_service *service, struct mono now);
struct mono mesh_service_deadline(const struct mesh_service *service);

/** Write what is not stored yet, if it is time; or at the end (last), whenever that is. */
void mesh_service_save(struct mesh_service *service, bool last, struct mono now);
