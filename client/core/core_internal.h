/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the host core share: the core itself, its peers, and the calls between the
 * files. Nobody outside the host core includes this.
 *
 *   core.c         entry points, dispatch of datagrams and session events
 *   ziglan.c       joined ziglans (entry.c: the sessions below them)
 *   peer.c         who is known, their addresses in our view
 *   conversation.c  what exists while two hosts talk: sessions, queue, timers
 *   handshake_io.c initiations and responses of conversations, cookies
 *   pathfinder.c   probes, candidates, punching, choice of the path
 *   dataplane.c    IP packet to frame and back
 *   admin.c        answers for the command line
 */
#pragma once

#include "client/core/core.h"
#include "client/peer/address_book.h"
#include "client/tunnel/tunnel.h"
#include "client/ziglan/ziglan.h"
#include "proto/base/bucket_table.h"
#include "proto/base/budget.h"
#include "proto/base/heap.h"
#include "proto/base/map.h"
#include "proto/base/wall_watch.h"
#include "proto/crypto/cookie.h"
#include "proto/crypto/handshake.h"
#include "proto/link/link.h"

enum {
    CORE_ZIGLANS_MAX = 16,
    CORE_PEERS_MAX = CORE_ZIGLANS_MAX * ROSTER_MEMBER_COUNT_MAX, /* so no ziglan takes another's */
    CORE_CONVERSATIONS_MAX = 4096,
    CORE_QUEUE_BYTES_MAX = 16 << 20,    /* packets waiting for sessions, of all peers */
    CORE_FRAGMENT_BYTES_MAX = 16 << 20, /* pieces waiting for others, of all peers */
    CORE_WINDOW_BYTES_MAX = 32 << 20,   /* widened replay windows of all sessions */
    CORE_PINGS_MAX = 16,
    CORE_PING_TIMEOUT_MS = 3000,
    CORE_INITIATIONS_PER_SOURCE_PER_S = 10,
    CORE_SOURCES_MAX = 4096,
    CORE_UNDER_LOAD_PER_S = 100, /* initiations in all, above which cookies are demanded */
    CORE_ICMP_PER_S = 50,        /* ICMP errors that we put into our own TUN */
    CORE_SILENT_PER_S = 256,     /* packets to addresses that never answered ... */
    CORE_SILENT_BURST = 4096,    /* ... a network change with a hundred peers fits */
};

struct conversation;

/** Somebody with a key whom we know as a member. */
struct peer {
    uint32_t id; /* its place in core->peers, and its number in the view */
    uint8_t key[KEY_SIZE];
    struct ziglan *ziglan;             /* through which it is known */
    struct tunnel_pair pair;           /* its addresses in our view, and our own */
    struct conversation *conversation; /* NULL while nothing happens between us */
    uint64_t timestamp_ms;             /* largest timestamp of an initiation from it */
    uint64_t rx_bytes, tx_bytes;       /* inner packets */
    uint64_t rx_direct_packets, rx_relayed_packets;
    struct mono last_seen_at; /* MONO_NEVER: never */
};

/** Which route the shell was told for a place in core->peers. */
struct told_prefix {
    bool told;
    uint8_t v6[16];
};

/** A ping asked for through the admin interface. */
struct core_ping {
    uint32_t ticket; /* 0: free */
    uint64_t transaction;
    struct peer *peer;               /* NULL: it was removed meanwhile */
    struct mono started_at, sent_at; /* sent_at NEVER: waits for a session */
    bool done, relayed;
    uint64_t rtt_ns;
};

/** Counters for status and tests. */
struct core_stats {
    uint64_t frames_in, frames_out, frames_dropped;
    uint64_t packets_in, packets_out, packets_dropped; /* TUN side */
    uint64_t initiations_refused, cookies_sent, not_member, stale_timestamp, queue_dropped;
    uint64_t unknown_index, plaintext_dropped, foreign_dropped, fragments_in, fragments_out;
    uint64_t handshakes, conversations_displaced, direct_established, direct_lost;
};

struct host_core {
    const struct env *env;
    struct store *store;
    struct host_config cfg;
    bool tun_offload;
    struct handshake_local local;
    struct link_hub *hub;
    struct ziglan *ziglans[CORE_ZIGLANS_MAX];
    size_t ziglans_count;
    uint32_t ziglan_number; /* of the next one */
    struct address_book *book;
    struct peer **peers;      /* by id; NULL: the place is free, and the next newcomer's */
    struct told_prefix *told; /* for each place */
    uint32_t *places_free;
    size_t peers_count, peers_capacity, places_free_count;
    size_t told_at; /* no place before it has news for the shell */
    struct map *peers_by_key;
    struct map *sessions_by_index; /* receiver index -> struct conversation */
    uint32_t index_last;           /* of the last frame, 0: none; spares a hash per frame */
    struct conversation *index_last_owner;
    struct heap timers; /* of conversations */
    size_t conversations_count;
    struct budget queues, fragments, windows;
    struct cookie_baker baker;
    struct wall_watch wall;
    struct bucket_table *sources;
    struct bucket load; /* empty: under load */
    struct bucket icmp;
    struct bucket silent;           /* packets to addresses that never answered, of all peers */
    uint64_t timestamp_ms;          /* last one used in an initiation of ours */
    uint64_t timestamp_reserved_ms; /* stored: none above it was ever used */
    struct host_local_addr local_addrs[HOST_LOCAL_ADDRS_MAX];
    size_t local_addrs_count;
    uint16_t local_port;
    uint32_t candidates_sequence;
    uint8_t own_v4[4], own_v6[16], resolver_v4[4];
    struct core_ping pings[CORE_PINGS_MAX];
    uint32_t ping_ticket;
    uint16_t ip_id; /* IPv4 identification of rebuilt packets */
    struct control_arena *arena;
    struct core_stats stats;
    uint8_t scratch[FRAME_SIZE_MAX + 64]; /* one frame being made */
    uint8_t plain[FRAME_SIZE_MAX + 64];   /* one plaintext being made */
};

/** Of host_core's load, icmp and silent. */
extern const struct bucket_rate core_load_rate, core_icmp_rate, core_silent_rate;

/** Where a frame came from, and where its answer goes. */
struct origin {
    struct ziglan *relayed;        /* through this ziglan's entry point; NULL: directly */
    const uint8_t *source_key;     /* relayed: who sent it, as the relay vouches */
    struct endpoint local, remote; /* direct */
};

/* ---- core.c ---- */
struct ziglan_host core_ziglan_host(struct host_core *core);

/** Admin pings: a pong arrived that no path knows. Returns true if it was one of ours. */
bool core_on_ping_answer(struct host_core *core, struct peer *peer, uint64_t transaction,
                         bool relayed, struct mono now);

/* ---- peer.c ---- */

/** The peer with this key, or NULL. */
struct peer *peer_find(const struct host_core *core, const uint8_t key[KEY_SIZE]);

/** The peer with this key (of any size) if the ziglan has it as a member, else NULL: an entry point
 * has no say about members of other ziglans. */
struct peer *peer_find_in(const struct host_core *core, const struct ziglan *ziglan,
                          const uint8_t *key, size_t size);

/** The peer by its number, or NULL. */
struct peer *peer_at(const struct host_core *core, uint32_t id);

/** A member was added or changed: make or update the peer. NULL if it is this host itself, or
 * without memory. */
struct peer *peer_learn(struct host_core *core, struct ziglan *ziglan,
                        const struct roster_member *member);

/** It is no member of `ziglan` any more: perhaps of another, else everything with it ends and the
 * peer is freed. What stays is its address, for a while (address_book_trim). */
void peer_forget(struct host_core *core, struct ziglan *ziglan, const uint8_t key[KEY_SIZE]);

/** Forget the addresses of those who left long ago, here and in the store. */
void peer_trim(struct host_core *core);

/** Free all peers and their table. */
void peers_free(struct host_core *core);

/** Its roster entry, or NULL if it is no member. */
const struct roster_member *peer_member(const struct peer *peer);

/** Bring peers in line with the roster of a ziglan just loaded. */
void peer_learn_all(struct host_core *core, struct ziglan *ziglan);

/** The peer that a destination address belongs to, NULL if none. */
struct peer *peer_by_v4(const struct host_core *core, const uint8_t ip[4]);
struct peer *peer_by_v6(const struct host_core *core, const uint8_t ip[16]);

/* ---- dataplane.c ---- */

/** Seal a plaintext (in core->plain) of `size` bytes and send it over the conversation's present
 * path, in pieces where it does not fit. */
void dataplane_send_plain(struct conversation *a, const uint8_t *plain, size_t size,
                          struct host_io *io, struct mono now);

/** Frames 0x83 and 0x84 of any content. */
void dataplane_receive(struct host_core *core, const struct origin *origin, const uint8_t *frame,
                       size_t size, struct host_io *io, struct mono now);
