/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A ziglan that this host joined: admission by an entry point, renewed once a day, and the roster
 * of its members, which is there before any relay is. It may have sessions to more relays of the
 * same ziglan; these admit us too and forward for us, while the entry point alone is watched.
 *
 *   CONNECTING --open--> JOINING --Joined--> JOINED        any --closed, GoAway--> CONNECTING
 *                           |                                  (REFUSED stays REFUSED)
 *                           +----Error, revoked---> REFUSED --a minute, new URL--> JOINING
 */
#pragma once

#include "client/ziglan/ziglan_state.h"

enum {
    ZIGLAN_RENEW_MS = 24 * 3600 * 1000, /* admission lives 7 days */
    ZIGLAN_REFUSED_RETRY_MS = 60 * 1000,
    ZIGLAN_CLOCK_RETRY_MS = 60 * 1000, /* while the clocks of host and relay differ */
    ZIGLAN_JOIN_TIMEOUT_MS = 5000,
    ZIGLAN_LOOKUP_INTERVAL_MS = 1000, /* at most one lookup of a kind per this time */
    ZIGLAN_EXPIRE_INTERVAL_MS = 60 * 1000,
};

/** Start a ziglan from a record: of a URL that is joined just now, or of the store. Its entry point
 * is dialled. context is borrowed for its life. ERR_NOMEM (also: too many relays), ERR_SYSTEM. */
int ziglan_new(struct ziglan **out, const struct ziglan_record *record,
               const struct ziglan_context *context, struct mono now) MUST_CHECK;

/** Free it; its sessions stay the relay set's. NULL is fine. */
void ziglan_free(struct ziglan *ziglan);

/** Close and forget its sessions, before ziglan_free. */
void ziglan_remove_relays(struct ziglan *ziglan, struct mono now);

/** A URL of the same ziglan: its hosts and its invite count from now on. One that says nothing new
 * (a configuration read again) leaves the session alone. ERR_SYSTEM if it cannot be stored. */
int ziglan_rejoin(struct ziglan *ziglan, const struct url *url, struct mono now) MUST_CHECK;

/** Want a name (any text, it is made legal) in this ziglan, for the next time it is asked for
 * admission; NULL: nothing changes. Who has a name there keeps it. */
void ziglan_want_name(struct ziglan *ziglan, const char *name);

/** Leave: tell the entry point, forget roster and record. The caller frees it. */
void ziglan_leave(struct ziglan *ziglan);

/** Hold a session to one more relay of this ziglan; url may bring an invite for it.
 * Later: home relays and the relays that a directory names. NULL: too many, or without memory. */
struct relay_session *ziglan_add_relay(struct ziglan *ziglan, const struct url *url,
                                       struct mono now);

/** True if the session is one of this ziglan's. */
bool ziglan_owns(const struct ziglan *ziglan, const struct relay_session *relay);

/** The delegation of an entry point, as its Hello brought it (size bytes; NULL: none): of any
 * content. One that is not believed is traced. */
void ziglan_on_delegation(struct ziglan *ziglan, const uint8_t *delegation, size_t size);

/** The connection to a relay of this ziglan opened; server_time_ms is that of its Hello. Or it
 * closed (was_active: it was the one in use). */
void ziglan_on_open(struct ziglan *ziglan, struct relay_session *relay, uint64_t server_time_ms,
                    struct mono now);
void ziglan_on_closed(struct ziglan *ziglan, const struct relay_session *relay, bool was_active,
                      enum link_reason reason, struct mono now);

/** Joined and Error messages of the ziglan group. Changes and Found are the core's to apply
 * (ziglan_apply), because peers hang on them. */
void ziglan_on_joined(struct ziglan *ziglan, struct relay_session *relay,
                      const Ziglan__Joined *joined, struct mono now);
void ziglan_on_error(struct ziglan *ziglan, struct relay_session *relay, uint32_t request_id,
                     const Ziglan__Error *error, struct mono now);

/** The relay ends the session and says why: dial again when it is worth it. */
void ziglan_on_go_away(struct ziglan *ziglan, struct relay_session *relay,
                       const Ziglan__GoAway *go_away, struct mono now);

/** The host name of an entry point does not resolve. */
void ziglan_on_unresolved(struct ziglan *ziglan, const char *name);

/** Apply what an entry point says about one member to the roster; key receives whom it concerns. */
enum roster_effect ziglan_apply(struct ziglan *ziglan, const Ziglan__Member *member,
                                uint8_t key[KEY_SIZE]);

/**
 * Ask for the member who has this key (somebody greets us under it), or this address (somebody on
 * this host has a packet for it). Of each kind one per ZIGLAN_LOOKUP_INTERVAL_MS: anybody can make
 * us ask for keys, and must not keep this host from asking for whom it wants. More are dropped,
 * since who wants it asks again.
 */
void ziglan_lookup_key(struct ziglan *ziglan, const uint8_t key[KEY_SIZE], struct mono now);
void ziglan_lookup_address(struct ziglan *ziglan, const uint8_t ip6[16], struct mono now);

/** Timers: renewal, repeated joins. The relay set dials. */
void ziglan_expire(struct ziglan *ziglan, struct mono now);
struct mono ziglan_deadline(const struct ziglan *ziglan);

/** "connecting", "joining", "joined", "refused". */
const char *ziglan_state_name(enum ziglan_state state);
