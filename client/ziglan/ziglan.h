/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A ziglan that this host joined: admission by an entry point, renewed once a day, and the roster
 * of its members, which is loaded from the store before any relay answers. It may have sessions to
 * more relays of the same ziglan. These admit us and forward for us, too; members are told by the
 * entry point alone, which is the one that we watch.
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
    ZIGLAN_REPLACED_TOLD_MS = 600 * 1000, /* two hosts with one key take turns of 30 s */
};

/** Start a ziglan from a record: of a URL that is joined just now, or of the store. Its entry point
 * is dialled. context is borrowed for its life. ERR_LIMIT (too many relays), ERR_NOMEM, ERR_SYSTEM.
 */
int ziglan_new(struct ziglan **out, const struct ziglan_record *record,
               const struct ziglan_context *context, struct mono now) MUST_CHECK;

/** Free it; its sessions stay the relay set's. NULL is fine. */
void ziglan_free(struct ziglan *ziglan);

/** Close and forget its sessions, before ziglan_free. */
void ziglan_remove_relays(struct ziglan *ziglan, struct mono now);

/** A URL of the same ziglan. While joined, hosts that are new are remembered beside those known,
 * and nothing else changes. Else its invite counts from now on and its hosts go before those known,
 * and the entry point is dialled anew, first where it answered last. ERR_SYSTEM: it could not be
 * stored; it counts all the same. */
int ziglan_rejoin(struct ziglan *ziglan, const struct url *url, struct mono now) MUST_CHECK;

/** Want a name in this ziglan, which the next Join asks for. Any text: it is made legal. NULL:
 * nothing changes. A member that has a name keeps it all the same. */
void ziglan_want_name(struct ziglan *ziglan, const char *name);

/** The entry point renamed us, as our own admission says, which the roster believed. Stored. */
void ziglan_renamed(struct ziglan *ziglan, const char *name);

/** It was left: delete roster and record from the store; what could not be deleted is traced. The
 * caller removes the relays and frees it. */
void ziglan_erase(struct ziglan *ziglan);

/** Hold a session to one more relay of this ziglan, until ziglan_remove_relays; url may bring an
 * invite for it. NULL: too many, or without memory. Later: home relays and the relays that a
 * directory names. */
struct relay_session *ziglan_add_relay(struct ziglan *ziglan, const struct url *url,
                                       struct mono now);

/** Hold no session to that relay any more. The caller removes it from the set. */
void ziglan_forget_relay(struct ziglan *ziglan, const struct relay_session *relay);

/** True if the session is one of this ziglan's. */
bool ziglan_owns(const struct ziglan *ziglan, const struct relay_session *relay);

/** The delegation of an entry point, as its Hello brought it: size bytes of any content, or NULL.
 * One that is not believed is traced. */
void ziglan_on_delegation(struct ziglan *ziglan, const uint8_t *delegation, size_t size);

/** A connection to a relay of this ziglan opened; server_time_ms is that of its Hello. Or one
 * closed (was_active: it was the one in use). */
void ziglan_on_open(struct ziglan *ziglan, struct relay_session *relay, uint64_t server_time_ms,
                    struct mono now);
void ziglan_on_closed(struct ziglan *ziglan, const struct relay_session *relay, bool was_active,
                      enum link_reason reason, struct mono now);

/** Joined, and Error of any request, from a relay of this ziglan. Changes and Found go to
 * core/membership, because peers follow them (ziglan_apply). */
void ziglan_on_joined(struct ziglan *ziglan, struct relay_session *relay,
                      const Ziglan__Joined *joined, struct mono now);
void ziglan_on_error(struct ziglan *ziglan, struct relay_session *relay, uint32_t request_id,
                     const Ziglan__Error *error, struct mono now);

/** The entry point that is watched says by which hosts it can be reached ("HOST[:PORT],...", any
 * content). They go before those known so far, of which as many stay as there is room for, and are
 * dialled when the session ends. What is not a valid list is traced and changes nothing. */
void ziglan_on_hosts(struct ziglan *ziglan, const char *hosts, struct mono now);

/** The entry point sent Changes; more: it has more to tell at once. True if it has told from now on
 * who is online. */
bool ziglan_on_told(struct ziglan *ziglan, bool more);

/** True if there is a session with the entry point, and it answers. */
bool ziglan_is_heard(const struct ziglan *ziglan);

/** True if the entry point tells who is online: whom it does not name is not at it. */
bool ziglan_tells(const struct ziglan *ziglan);

/** The relay ends the session and says why, which decides when it is dialled again. */
void ziglan_on_go_away(struct ziglan *ziglan, struct relay_session *relay,
                       const Ziglan__GoAway *go_away, struct mono now);

/** The host name of an entry point does not resolve. */
void ziglan_on_unresolved(struct ziglan *ziglan, const char *name);

/** Apply what an entry point says about one member, of any content, to the roster. key receives
 * whom it concerns, unless nothing changed. */
enum roster_effect ziglan_apply(struct ziglan *ziglan, const Ziglan__Member *member,
                                uint8_t key[KEY_SIZE]);

/**
 * Ask the entry point for the member with this key, from which an initiation came; with this
 * address, to which this host has a packet; or with this key, to which it has a packet, but which
 * is away as far as we were told. One of each kind per ZIGLAN_LOOKUP_INTERVAL_MS; more are dropped,
 * and the next initiation or packet asks again. The kinds are counted apart: anybody can make us
 * ask for keys, and a program that tries a host that is away does so without end. Neither must use
 * up the look-ups of packets to somebody new.
 */
void ziglan_lookup_key(struct ziglan *ziglan, const uint8_t key[KEY_SIZE], struct mono now);
void ziglan_lookup_address(struct ziglan *ziglan, const uint8_t ip6[16], struct mono now);
void ziglan_lookup_away(struct ziglan *ziglan, const uint8_t key[KEY_SIZE], struct mono now);

/** Timers: renewals, and Joins that are sent again. (Dialling is the relay set's.) */
void ziglan_expire(struct ziglan *ziglan, struct mono now);
struct mono ziglan_deadline(const struct ziglan *ziglan);

/** How long ago another host with our key took our place, if that is worth telling: less than
 * ZIGLAN_REPLACED_TOLD_MS. *ago_ms is written only then. */
bool ziglan_was_replaced(const struct ziglan *ziglan, uint64_t *ago_ms, struct mono now);

/** "connecting", "joining", "joined", "refused". */
const char *ziglan_state_name(enum ziglan_state state);
