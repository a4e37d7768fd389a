/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host core is composed of parts, each of which its own room knows; this struct is the only
 * place where all of them meet. Files of core/ and admin/ include it, nobody else.
 */
#pragma once

#include "client/core/core.h"
#include "client/core/lifetimes_known.h"
#include "client/core/networks_known.h"
#include "client/peer/conversation.h"
#include "client/peer/handshake.h"
#include "client/peer/lan_turns.h"
#include "client/peer/revival.h"
#include "client/stun2/guides.h"
#include "client/stun2/home_relays.h"
#include "client/stun2/mapping_check.h"
#include "client/stun2/pins.h"
#include "client/tunnel/fair_queue.h"
#include "proto/base/wall_watch.h"

/** What a host does about its home relays (homing.h). */
struct homing {
    bool on;
    struct home_relays homes;
    uint64_t numbers[HOME_RELAYS]; /* of sessions that were made for this; 0: none */
    uint64_t asked;                /* the relay that was asked for others; 0: none */
};

/* tidy-ok: struct-fields these are the parts of a host, each a struct of its own room */
struct host_core {
    const struct env *env;
    struct store *store;
    struct host_config cfg;
    struct handshake_local local;
    struct tunnel_host own; /* this host's addresses */
    uint8_t resolver_v4[4];
    struct relay_set relays;
    struct pins pins;
    struct guides guides;
    struct homing homing;
    struct networks networks;
    struct lifetimes lifetimes;
    struct ziglan_context ziglan_context;
    struct ziglan_list ziglans;
    struct address_book *book;
    struct contacts contacts;
    struct blocks blocks;
    struct peer_table peers;
    struct told_prefixes prefixes;
    struct names names;
    struct own_addresses underlay;
    struct mapping_check mapping;
    struct lan_turns lan;
    struct conversations conversations;
    struct handshake_desk handshakes;
    struct revivals revivals;
    struct dataplane dataplane;
    struct fair_queue waiting; /* packets that a slow way out has no room for yet */
    struct wall_watch wall;
    struct control_arena *arena;
    bool nat_wanted; /* a relay wants to know what our NAT is (core/nat.h) */
};
