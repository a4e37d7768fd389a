/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All relays that a host has sessions with, and the hub below them: entry points of its ziglans,
 * and relays that belong to no ziglan. Who uses a relay (ziglans, paths of peers) refers to its
 * session by pointer and lets go of it before relay_set_remove.
 */
#pragma once

#include "client/stun2/relay_session.h"
#include "proto/crypto/identity.h"

enum {
    RELAY_SET_MAX = 32,
    /* An open one each, a newer one beside it, and one that is being closed; and in all as many on
     * their way as would be those to one relay. */
    RELAY_SET_CONNECTIONS_MAX = 3 * RELAY_SET_MAX + 2 * RELAY_DIALS_MAX,
};

struct relay_set {
    struct link_hub *hub;
    const struct env *env;
    struct attachments attachments;
    struct keepalive keepalive;     /* of all sessions */
    struct relay_session_list list; /* in the order they were added */
    size_t count;
    uint64_t number_last;
};

/** A name to be resolved by the shell. */
struct relay_resolve {
    uint64_t ticket;  /* never comes again */
    const char *host; /* borrowed from the session */
};

/** An empty set with a hub of its own. identity, store and env are borrowed for the set's life, and
 * the set stays where it is. ERR_NOMEM, ERR_SYSTEM. */
int relay_set_init(struct relay_set *set, const struct identity *identity, struct store *store,
                   const struct env *env, struct mono now) MUST_CHECK;

/** Free everything, without telling the relays. A set of zeros is fine. */
void relay_set_fini(struct relay_set *set);

/** Begin a session to the relay of a URL; the host is attached to that relay, unless its user says
 * otherwise before the session opens (relay_session_detach). NULL at RELAY_SET_MAX, or without
 * memory. */
struct relay_session *relay_set_add(struct relay_set *set, const struct url *url, struct mono now);

/** Lead a session to another URL, under a new number: what the resolver was asked for the former
 * one is nobody's then. How many sessions it may open still counts. */
void relay_set_redirect(struct relay_set *set, struct relay_session *relay, const struct url *url,
                        struct mono now);

/** Other hosts lead to the same relay from now on, again under a new number. Its connection stays.
 */
void relay_set_rehost(struct relay_set *set, struct relay_session *relay, const struct url *url,
                      struct mono now);

/** Close a session and free it. NULL is fine. */
void relay_set_remove(struct relay_set *set, struct relay_session *relay, struct mono now);

/** The session that a connection belongs to (active or being dialled), or NULL. */
struct relay_session *relay_set_of(const struct relay_set *set, struct handle handle);

/** The session with this number, or NULL. */
struct relay_session *relay_set_find(const struct relay_set *set, uint64_t number);

/** Dial what is due in all of them; and when there is something to do, names included. The hub's
 * own timers are the caller's. */
void relay_set_expire(struct relay_set *set, struct mono now);
struct mono relay_set_deadline(const struct relay_set *set);

/** A relay through which frames went, and which does not answer any more; each comes once, when
 * that is found (relay_upkeep.h). NULL: no more. */
struct relay_session *relay_set_take_late(struct relay_set *set);

/** The underlay changed, perhaps (relay_session_on_network, also for ways). True if the way to any
 * of the relays did. */
bool relay_set_on_network(struct relay_set *set, const struct way_finder *ways, struct mono now);

/** Remember the ways to all relays, where nobody did. */
void relay_set_learn_ways(struct relay_set *set, const struct way_finder *ways);

/** Close all for good. The hub tells the relays with its next transmit. */
void relay_set_shutdown(struct relay_set *set, struct mono now);

/** Poll a name that is to be resolved; false if there is none. */
bool relay_set_resolve_wanted(struct relay_set *set, struct relay_resolve *out, struct mono now);

/** The resolver's answer to a ticket; count 0: the name did not resolve. Returns the session that
 * the ticket is for, NULL if there is none any more. *failed is the name that did not resolve,
 * borrowed from the session, or NULL; also NULL while the session is open, which needs no name. */
struct relay_session *relay_set_resolved(struct relay_set *set, uint64_t ticket,
                                         const struct endpoint *addrs, size_t count,
                                         const char **failed, struct mono now);
