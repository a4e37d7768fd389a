/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is known on this host: each member of a joined ziglan is a peer, and each key that the user
 * named. This host chooses the
 * addresses of its peers (address_book.h); they stay as long as the peer is known, and some time
 * after that.
 */
#pragma once

#include "client/peer/address_book.h"
#include "client/peer/blocks.h"
#include "client/peer/contacts.h"
#include "client/tunnel/tunnel.h"
#include "client/ziglan/ziglan_list.h"
#include "proto/base/map.h"
#include "rendezvous/roster/roster.h"

/* No ziglan takes another's, nor those that the user named. */
enum { PEERS_MAX = ZIGLAN_COUNT_MAX * ROSTER_MEMBER_COUNT_MAX + CONTACTS_MAX };

struct conversation;

/** What is counted of one peer. */
struct peer_traffic {
    uint64_t rx_bytes, tx_bytes; /* inner packets */
    uint64_t rx_direct_packets, rx_relayed_packets;
    struct mono last_seen_at; /* MONO_NEVER: never */
};

struct peer {
    uint32_t id; /* its place in the table, and its number in the address book */
    uint8_t key[KEY_SIZE];
    struct ziglan *ziglan;             /* through which it is known first; NULL: of none */
    struct contact *contact;           /* the user named it; NULL: no */
    struct tunnel_pair pair;           /* its addresses here, and our own */
    struct conversation *conversation; /* NULL while nothing happens between us */
    uint64_t timestamp_ms;             /* largest timestamp of an initiation from it */
    struct mono revival_at; /* a frame of an unknown session is answered again (revival.h) */
    bool blocked;           /* by the user: it is not let in, and nothing is sent to it */
    bool away;              /* somebody said that it is; whether that holds: presence.h */
    struct mono away_at;    /* since when somebody says so */
    struct mono gone_at;    /* it said goodbye; NEVER: not since it was here last */
    struct peer_traffic traffic;
};

struct peer_table {
    const struct env *env;
    struct store *store;
    const uint8_t *own_key;        /* KEY_SIZE bytes */
    const struct tunnel_host *own; /* this host's addresses */
    struct address_book *book;
    const struct blocks *blocks;
    struct peer **list; /* by id; NULL: the place is free, and the next newcomer's */
    uint32_t *places_free;
    size_t count, capacity, places_free_count; /* count: places, free ones too */
    size_t changed_from; /* no place before this one changed since peer_prefix.h looked */
    struct map *by_key;
};

/** An empty table. All pointers are borrowed for its life. ERR_NOMEM. */
int peer_table_init(struct peer_table *table, const struct env *env, struct store *store,
                    const uint8_t own_key[KEY_SIZE], const struct tunnel_host *own,
                    struct address_book *book, const struct blocks *blocks) MUST_CHECK;

/** Free all peers; their conversations were ended before. A table of zeros is fine. */
void peer_table_fini(struct peer_table *table);

/** The peer with this key, or NULL. */
struct peer *peer_find(const struct peer_table *table, const uint8_t key[KEY_SIZE]);

/** The peer with this key, which may have any size, if the ziglan has it as a member, else NULL: an
 * entry point has no say about members of other ziglans. */
struct peer *peer_find_in(const struct peer_table *table, const struct ziglan *ziglan,
                          const uint8_t *key, size_t size);

/** The peer by its number, or NULL. */
struct peer *peer_at(const struct peer_table *table, uint32_t id);

/** The peer that an address of 4 or 16 bytes belongs to, NULL if none. */
struct peer *peer_of_address(const struct peer_table *table, const uint8_t *ip, size_t size);

/** Its row of the roster in the ziglan through which it is known first, or NULL. */
const struct roster_member *peer_member(const struct peer *peer);

/** Its name: the one that the user gave it, else that of this row; empty: it has none. */
const char *peer_name(const struct peer *peer);

/** The name of that ziglan; empty: of none. */
const char *peer_ziglan_name(const struct peer *peer);

/** A member was added or changed: make or update the peer. NULL if it is this host itself; or
 * without room or memory, which is traced, and then it is tried again when the entry point next
 * tells of it. */
struct peer *peer_learn(struct peer_table *table, struct ziglan *ziglan,
                        const struct roster_member *member);

/** The user named this key (the contact is kept until it is taken out of the peer): make or update
 * the peer. NULL as peer_learn, and then the next start tries again. */
struct peer *peer_learn_contact(struct peer_table *table, struct contact *contact);

/** Bring peers in line with the roster of a ziglan just loaded. */
void peer_learn_all(struct peer_table *table, struct ziglan *ziglan);

/** It is no member of `ziglan` any more. If that is the ziglan through which it is known, another
 * one that has it takes its place. If there is none, and the user did not name it, the peer is
 * returned: the caller ends everything with it and calls peer_drop. Else NULL. */
struct peer *peer_leave(struct peer_table *table, const struct ziglan_list *ziglans,
                        const struct ziglan *ziglan, const uint8_t key[KEY_SIZE]);

/** Forget and free it. Its IPv4 address stays assigned for a while (peer_trim). */
void peer_drop(struct peer_table *table, struct peer *peer);

/** Forget the addresses of those who left long ago, here and in the store. Not before all peers
 * known so far were learnt. */
void peer_trim(struct peer_table *table);
