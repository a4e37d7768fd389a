/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a host keeps of a ziglan that it joined: name and URL, admission, roster, and the sessions
 * to its relays. Files of this room write it, other rooms read it (core/clock sets when the roster
 * expires).
 */
#pragma once

#include "client/stun2/relay_set.h"
#include "client/ziglan/ziglan_clock.h"
#include "client/ziglan/ziglan_name.h"
#include "client/ziglan/ziglan_trouble.h"
#include "proto/base/env.h"
#include "proto/crypto/identity.h"
#include "proto/net/addrplan.h"
#include "proto/wire/name.h"
#include "proto/wire/record.h"
#include "proto/wire/url.h"
#include "rendezvous/roster/roster.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

enum ziglan_state {
    ZIGLAN_STATE_CONNECTING, /* no session to an entry point */
    ZIGLAN_STATE_JOINING,    /* asked for admission */
    ZIGLAN_STATE_JOINED,
    ZIGLAN_STATE_REFUSED, /* told no; tried again after a while, or by joining with a new URL */
    ZIGLAN_STATE_COUNT,
};

enum {
    ZIGLAN_RELAYS_MAX = 3, /* besides the entry point */
};

/** What all ziglans of a host need from it; outlives them. */
struct ziglan_context {
    const struct identity *identity;
    const char *wanted_name;            /* where a ziglan has none of its own */
    const uint8_t (*fixed)[EUI64_SIZE]; /* EUI-64s of our fixed addresses */
    size_t fixed_count;
    struct store *store;
    const struct env *env;
    struct relay_set *relays;
};

/** What stands in the store about one ziglan. */
struct ziglan_record {
    struct url url;               /* with the invite until we are admitted */
    char name[NAME_TEXT_SIZE];    /* the ziglan's own name; empty until told */
    char granted[NAME_TEXT_SIZE]; /* our name in it; empty until told */
    char wanted[NAME_TEXT_SIZE];  /* the name we want in it; empty: the host's */
    bool left;                    /* only the entry point is to be told (farewell.h) */
    bool admitted;                /* we were admitted once: come back without an invite */
    size_t part_size;             /* our member part as it was signed last, 0: never */
    uint8_t part[RECORD_SIGNED_SIZE_MAX];
};

/** One more relay of the same ziglan, besides the entry point that is watched. */
struct ziglan_relay {
    struct relay_session *session;
    bool has_invite; /* for the directory of this relay, until it admitted us */
    uint8_t invite[INVITE_SIZE];
    struct mono join_at; /* when it is asked for admission (again), NEVER: not now */
};

/** When what is due. */
struct ziglan_times {
    struct mono state_at; /* the present state began, or a Join was tried */
    struct mono renew_at; /* the next Join while joined; NEVER: not joined yet */
    struct mono lookup_key_at, lookup_address_at, lookup_away_at; /* not before */
    struct mono expire_at;                                        /* the roster */
    struct mono replaced_at; /* another host with our key took our place; NEVER: not known of */
};

struct ziglan {
    TAILQ_ENTRY(ziglan) in_list;
    const struct ziglan_context *context;
    struct ziglan_record record;
    enum ziglan_state state;
    bool told; /* since it is connected, the entry point has told who is online */
    struct ziglan_times at;
    struct ziglan_trouble trouble;
    struct ziglan_name_why name_why;
    struct relay_session *entry_point; /* the entry point that admits us and that is watched */
    struct ziglan_relay relays[ZIGLAN_RELAYS_MAX];
    size_t relays_count;
    struct roster *roster;
    struct ziglan_clock clock;
};
