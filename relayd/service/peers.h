/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The relays that the operator names (`peers:` of the configuration): a session with each is always
 * tried for, with a wait that grows from 1 s to 60 s. One that has no room, or is of a version
 * without neighbours, is asked ever less, up to once an hour; the former not at all while this
 * relay knows it and has other neighbours enough. Names are looked up by the shell, anew for each
 * attempt, because the addresses of a home relay change.
 */
#pragma once

#include "proto/base/log_gate.h"
#include "proto/base/mono.h"
#include "relayd/base/neighbour_table.h"
#include "relayd/base/relay_base.h"
#include "relayd/base/relay_peers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PEER_RETRY_MS_MIN = 1000,
    PEER_RETRY_MS_MAX = 60000,
    PEER_FULL_MS_MAX = 3600 * 1000, /* one that has no room, while there are other neighbours */
};

enum peer_slot_state {
    PEER_SLOT_STATE_WAITING,   /* until `due` */
    PEER_SLOT_STATE_RESOLVING, /* the shell is asked for the addresses of the name, or will be */
    PEER_SLOT_STATE_REACHING,  /* its neighbour is open, or being dialled */
};

struct peer_slot {
    struct url_relay peer;
    enum peer_slot_state state;
    uint64_t number; /* of this attempt to resolve: the ticket, never again the same */
    bool asked;      /* the shell has the ticket */
    struct mono due;
    uint32_t failures; /* since the last session */
    uint32_t refusals; /* since the last session that lasted */
    uint32_t outdated; /* how often it was found to be of an older version, since the last one */
};

struct peer_service {
    struct relay_base *base;
    struct peer_slot slots[RELAY_PEERS_MAX];
    size_t count;
    uint64_t number_last;
    bool stopping;
};

/** Take over the peers of a configuration: those that stay keep their sessions, and whether those
 * that are no longer named do is for the mesh to say. peers is borrowed for the call; NULL: none.
 */
void peer_service_configure(struct peer_service *service, const struct relay_peers *peers,
                            struct mono now);

/** True for a relay that the operator named. */
bool peer_service_has(const struct peer_service *service, const uint8_t key[KEY_SIZE]);

/** A neighbour came or went. */
void peer_service_on_neighbour(struct peer_service *service, const struct neighbour_event *event,
                               struct mono now);

/** Dial what is due; and when to call this again. */
void peer_service_expire(struct peer_service *service, struct mono now);
struct mono peer_service_deadline(const struct peer_service *service);

/** Poll a name that is to be resolved, with its ticket; false if there is none. */
bool peer_service_resolve_wanted(struct peer_service *service, uint64_t *ticket,
                                 char host[HOST_TEXT_SIZE]);

/** The resolver's answer; count 0: the name did not resolve. Ports of addrs are ignored. */
void peer_service_resolved(struct peer_service *service, uint64_t ticket,
                           const struct endpoint *addrs, size_t count, struct mono now);

/** The relay stops: dial nobody any more. */
void peer_service_shutdown(struct peer_service *service);
