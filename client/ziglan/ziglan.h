/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A joined ziglan as a host sees it: its URL, the session to an entry point, admission, and the
 * roster of members. It speaks the ziglan group of control messages (docs/protocol.md, section 4)
 * and keeps in the store what must be there before any relay is.
 */
#pragma once

#include "client/stun2/relay_session.h"
#include "client/ziglan/ziglan_clock.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/crypto/identity.h"
#include "proto/link/link.h"
#include "proto/net/addrplan.h"
#include "proto/wire/control.h"
#include "proto/wire/name.h"
#include "proto/wire/record.h"
#include "proto/wire/url.h"
#include "rendezvous/roster/roster.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stdint.h>

enum ziglan_state {
    ZIGLAN_STATE_CONNECTING, /* no session to an entry point */
    ZIGLAN_STATE_JOINING,    /* asked for admission */
    ZIGLAN_STATE_JOINED,
    ZIGLAN_STATE_REFUSED, /* told no; tried again after a while, or by joining with a new URL */
    ZIGLAN_STATE_COUNT,
};

enum {
    ZIGLAN_ERROR_SIZE = CONTROL_TEXT_SIZE_MAX + 1,
    ZIGLAN_RENEW_MS = 24 * 3600 * 1000, /* admission lives 7 days */
    ZIGLAN_REFUSED_RETRY_MS = 60 * 1000,
    ZIGLAN_CLOCK_RETRY_MS = 60 * 1000, /* while the clocks of host and relay differ */
    ZIGLAN_JOIN_TIMEOUT_MS = 5000,
    ZIGLAN_LOOKUP_INTERVAL_MS = 1000, /* at most one lookup of a kind per this time */
    ZIGLAN_EXPIRE_INTERVAL_MS = 60 * 1000,
};

/** Request ids tell what an Error answers. */
enum ziglan_request {
    ZIGLAN_REQUEST_JOIN = 1,
    ZIGLAN_REQUEST_WATCH = 2,
    ZIGLAN_REQUEST_LOOKUP = 3,
    ZIGLAN_REQUEST_LEAVE = 4,
};

struct ziglan {
    struct url url;               /* with the invite until we are admitted */
    char name[NAME_TEXT_SIZE];    /* the ziglan's own name; empty until told */
    char granted[NAME_TEXT_SIZE]; /* our name in it; empty until told */
    char wanted[NAME_TEXT_SIZE];  /* the name we wish for in it; empty: the host's */
    bool admitted;                /* we were admitted once: come back without an invite */
    enum ziglan_state state;
    struct mono state_at;
    struct mono renew_at;
    struct mono lookup_key_at, lookup_address_at; /* not before */
    struct mono expire_at;
    uint32_t number;  /* tells it from others over its life, for tickets */
    size_t part_size; /* our member part as it was signed last, 0: never */
    uint8_t part[RECORD_SIGNED_SIZE_MAX];
    char error[ZIGLAN_ERROR_SIZE]; /* why it does not work, empty if it does */
    struct relay_session entry;
    struct roster *roster;
    struct ziglan_clock clock;
};

/** What a ziglan needs from its host; borrowed for each call. */
struct ziglan_host {
    const struct identity *identity;
    const char *wanted_name;            /* where a ziglan has no wish of its own */
    const uint8_t (*fixed)[EUI64_SIZE]; /* EUI-64s of our fixed addresses */
    size_t fixed_count;
    struct store *store;
    const struct env *env;
    struct link_hub *hub;
};

/** Start a ziglan from a URL (join) or from the store (load). ERR_NOMEM, ERR_SYSTEM. */
int ziglan_new(struct ziglan **out, const struct url *url, const struct ziglan_host *host,
               struct mono now) MUST_CHECK;
void ziglan_free(struct ziglan *ziglan);

/** A URL of the same ziglan: its hosts and its invite count from now on. One that says nothing new
 * (a configuration read again) leaves the session alone. */
int ziglan_rejoin(struct ziglan *ziglan, const struct url *url, const struct ziglan_host *host,
                  struct mono now) MUST_CHECK;

/** Wish for a name (any text, it is made legal) in this ziglan, for the next time it is asked for
 * admission; NULL: nothing changes. Who has a name there keeps it. */
void ziglan_want_name(struct ziglan *ziglan, const char *name);

/** Write it to the store. */
int ziglan_save(const struct ziglan *ziglan, struct store *store) MUST_CHECK;

/** Load all ziglans of the store into list (room for max); *count tells how many. */
int ziglan_load(struct ziglan **list, size_t max, size_t *count, const struct ziglan_host *host,
                struct mono now) MUST_CHECK;

/** Leave: tell the entry point, forget everything. */
void ziglan_leave(struct ziglan *ziglan, const struct ziglan_host *host, struct mono now);

/** The session opened / closed. */
void ziglan_on_open(struct ziglan *ziglan, const struct link_event *event,
                    const struct ziglan_host *host, struct mono now);
void ziglan_on_closed(struct ziglan *ziglan, const struct link_event *event,
                      const struct ziglan_host *host, struct mono now);

/** Joined and Error messages of the ziglan group. Changes and Found are the core's to apply
 * (ziglan_apply), because peers hang on them. */
void ziglan_on_joined(struct ziglan *ziglan, const Ziglan__Joined *joined,
                      const struct ziglan_host *host, struct mono now);
void ziglan_on_error(struct ziglan *ziglan, uint32_t request_id, const Ziglan__Error *error,
                     const struct ziglan_host *host, struct mono now);

/** The entry point ends the session and says why: dial again when it is worth it. */
void ziglan_on_go_away(struct ziglan *ziglan, const Ziglan__GoAway *go_away,
                       const struct ziglan_host *host, struct mono now);

/** Apply one member entry to the roster; key receives whom it concerns. */
enum roster_effect ziglan_apply(struct ziglan *ziglan, const Ziglan__Member *member,
                                uint8_t key[KEY_SIZE]);

/**
 * Ask for the member who has this key (somebody greets us under it), or this address (somebody on
 * this host has a packet for it). Of each kind one per ZIGLAN_LOOKUP_INTERVAL_MS: anybody can make
 * us ask for keys, and must not keep this host from asking for whom it wants. More are dropped,
 * since who wants it asks again.
 */
void ziglan_lookup_key(struct ziglan *ziglan, const uint8_t key[KEY_SIZE], struct link_hub *hub,
                       struct mono now);
void ziglan_lookup_address(struct ziglan *ziglan, const uint8_t ip6[16], struct link_hub *hub,
                           struct mono now);

/** Send one control message to the entry point; false if there is no session. */
bool ziglan_send(struct ziglan *ziglan, struct link_hub *hub, const Ziglan__Control *message);

/** Timers: dialling, renewal, repeated joins. */
void ziglan_expire(struct ziglan *ziglan, const struct ziglan_host *host, struct mono now);
struct mono ziglan_deadline(const struct ziglan *ziglan);

/** "connecting", "joining", "joined", "refused". */
const char *ziglan_state_name(enum ziglan_state state);
