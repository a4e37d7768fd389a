/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Searches (rendezvous/search/find.h) of several relays that know only themselves, joined by links.
 * What they send is packed and unpacked as on the wire, and takes FIND_NET_HOP_MS. A failure
 * aborts.
 */
#pragma once

#include "rendezvous/search/find.h"
#include "tests/support/env.h"

enum { FIND_NET_MAX = 300, FIND_NET_HOP_MS = 50, FIND_NET_LETTERS_MAX = 65536 };

struct find_net;

struct find_peer {
    struct find_net *net;
    struct find *find;
    uint8_t key[KEY_SIZE];
    uint8_t record[RECORD_OTHER_SIGNED_SIZE_MAX];
    size_t record_size;
    size_t neighbours[FIND_NEIGHBOURS_MAX];
    size_t neighbours_count;
    bool helps, silent, forged;
    bool knows; /* its neighbours, too */
    /* what its clients were told last */
    size_t answers, found;
    uint64_t client;
    size_t found_peers[FIND_COUNT_MAX];
};

struct find_letter {
    struct mono at;
    size_t from, to;
    size_t size;
    uint8_t *bytes;
};

struct find_net {
    struct test_env ports;
    struct rng rng;
    struct mono now;
    struct find_peer peers[FIND_NET_MAX];
    size_t count;
    struct find_letter *letters; /* in order of their instants */
    size_t first, last;
    uint64_t finds, results;
    struct control_arena arena;
};

/** So many relays without links. */
struct find_net *find_net_new(size_t count, uint64_t seed);
void find_net_free(struct find_net *net);

/** The same in a row, and each linked to each. */
struct find_net *find_net_chain(size_t count);
struct find_net *find_net_clique(size_t count);

/** Link two relays, if they are two and are not linked yet. */
void find_net_link(struct find_net *net, size_t a, size_t b);

/** Let everything happen for `ms` milliseconds. */
void find_net_run(struct find_net *net, uint64_t ms);

/** From now on this relay helps "chess" and "other", or nobody, and has this kind of NAT. */
void find_net_help(struct find_peer *peer, bool helps, uint8_t nat_kind);

/** The relay as others are told of it; without a type of application. */
struct find_relay find_net_relay(const struct find_peer *peer);

/** Send a message from one relay to another, as if it had made it. */
void find_net_post(struct find_net *net, size_t from, size_t to, const Ziglan__Control *message);

/** A client of this relay looks for `count` relays that help "chess" or "poker". */
enum verdict find_net_look(struct find_net *net, size_t at, uint64_t client, uint32_t count,
                           bool may_search);

/** The same as a member, which may search. */
enum verdict find_net_look_member(struct find_net *net, size_t at, uint64_t client, uint32_t count);
