/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The session of a host to an entry point of a ziglan: which addresses are dialled when, which
 * session is the active one, and when to give one up. The hub (proto/link) does the talking; this
 * is the part that never stops trying.
 *
 *   resolve names -> dial the addresses one after the other, a few at a time -> first OPEN wins
 *   stalled: dial beside the old session, which stays until the new one is open
 *   closed: dial again at once, then ever more slowly
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/link/link.h"
#include "proto/wire/url.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    RELAY_SESSION_TARGETS_MAX = 32,
    RELAY_SESSION_DIALS_MAX = 3, /* at once */
    RELAY_SESSION_ADDRS_PER_HOST_MAX = 4,
    RELAY_SESSION_STAGGER_MS = 300, /* between two targets of one round */
    RELAY_SESSION_DIAL_MS = 3000,   /* a dial older than this makes room for the next */
    RELAY_SESSION_RETRY_MS_MIN = 200,
    RELAY_SESSION_RETRY_MS_NEAR = 1500, /* between rounds, as long as a restart is likely */
    RELAY_SESSION_RETRY_NEAR_ROUNDS = 40,
    RELAY_SESSION_RETRY_MS_MAX = 15000,
    RELAY_SESSION_RESOLVE_RETRY_MS = 5000,
    RELAY_SESSION_PORT_FIRST = 4433,
    RELAY_SESSION_PORT_SECOND = 443,
};

struct relay_session_dial {
    struct handle handle;
    struct endpoint remote;
    struct mono started_at;
    bool used;
};

struct relay_session {
    struct endpoint targets[RELAY_SESSION_TARGETS_MAX];
    uint8_t target_hosts[RELAY_SESSION_TARGETS_MAX]; /* which host of the URL each belongs to */
    size_t targets_count, target_next;
    struct mono resolve_at[URL_HOSTS_MAX]; /* when a name is to be resolved; NEVER: not now */
    struct relay_session_dial dials[RELAY_SESSION_DIALS_MAX];
    bool open, stalled;
    struct handle active;
    struct endpoint remote;   /* of the active session */
    struct endpoint observed; /* our address as that relay sees it */
    uint8_t relay_key[KEY_SIZE];
    uint32_t rounds; /* fruitless rounds since the last success */
    struct mono dial_at;
    struct mono
        closed_until; /* relay_session_close: a name that resolves meanwhile dials nothing */
    enum link_reason last_reason;
};

/** Begin: numeric hosts of the URL become targets, names are wanted from the resolver. */
void relay_session_init(struct relay_session *relay, const struct url *url, struct mono now);

/** The index of a host whose name is to be resolved now, or -1. It is not asked for again until
 * relay_session_resolved or RELAY_SESSION_RESOLVE_RETRY_MS. */
int relay_session_resolve_wanted(struct relay_session *relay, const struct url *url,
                                 struct mono now);

/** Addresses of a host, in place of those known before (count 0: the name did not resolve; the
 * former ones stay, and it is tried again later). */
void relay_session_resolved(struct relay_session *relay, const struct url *url, size_t host_index,
                            const struct endpoint *addrs, size_t count, struct mono now);

/** Dial what is due. */
void relay_session_expire(struct relay_session *relay, const struct url *url, struct link_hub *hub,
                          const struct env *env, struct mono now);

/** When relay_session_expire or relay_session_resolve_wanted has something to do. */
struct mono relay_session_deadline(const struct relay_session *relay);

/** True if the handle is one of this entry's (active or being dialled). */
bool relay_session_owns(const struct relay_session *relay, struct handle handle);

/** A dialled connection opened: it becomes the active one, all others are closed. */
void relay_session_on_open(struct relay_session *relay, const struct link_event *event,
                           struct link_hub *hub, struct mono now);

/** The active connection does not answer: dial beside it. */
void relay_session_on_stalled(struct relay_session *relay, struct handle handle, struct mono now);

/** A connection closed. Returns true if it was the active one. */
bool relay_session_on_closed(struct relay_session *relay, const struct link_event *event,
                             const struct env *env, struct mono now);

/** Close everything; wait_ms later dial again (UINT64_MAX: never). */
void relay_session_close(struct relay_session *relay, struct link_hub *hub, uint64_t wait_ms,
                         struct mono now);
