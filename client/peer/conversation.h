/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All that exists between this host and one peer while they talk: the Noise sessions, a handshake
 * on its way, packets waiting for it, the paths, and one timer. It is made when the first packet
 * goes or comes, and freed when it has neither a session nor a handshake any more (life.h).
 */
#pragma once

#include "client/path/allowance.h"
#include "client/path/candidates.h"
#include "client/path/lane_demand.h"
#include "client/path/path_table.h"
#include "client/path/punching.h"
#include "client/peer/dataplane_state.h"
#include "client/peer/guesswork_state.h"
#include "client/peer/lan_places.h"
#include "client/peer/noise_session.h"
#include "client/peer/peer.h"
#include "client/peer/ping_request.h"
#include "client/peer/queue.h"
#include "client/peer/why.h"
#include "client/tunnel/fragment.h"
#include "proto/base/bucket.h"
#include "proto/base/heap.h"
#include "proto/crypto/cookie.h"
#include "proto/crypto/handshake.h"
#include "proto/wire/control.h"
#include "rendezvous/store/growing.h"

enum {
    CONVERSATIONS_MAX = 4096,
    CONVERSATIONS_QUEUE_BYTES_MAX = 16 << 20,    /* packets waiting for sessions, of all peers */
    CONVERSATIONS_FRAGMENT_BYTES_MAX = 16 << 20, /* fragments waiting for others, of all peers */
    CONVERSATIONS_WINDOW_BYTES_MAX = 32 << 20,   /* widened replay windows of all sessions */
    CONVERSATION_ACTIVE_MS = 120 * 1000, /* keepalives go on so long after the last packet */
    /* Ranks of paths through relays. Those of the peer's ziglans begin at 0. Then the relay where a
     * peer is that the user named, those that found it, and all others of ours. */
    CONVERSATION_RANK_SAME = RELAY_SET_MAX,
    CONVERSATION_RANK_FOUND = 2 * RELAY_SET_MAX,
    CONVERSATION_RANK_OWN = 3 * RELAY_SET_MAX,
    CONVERSATION_RANK_OWN_END = 4 * RELAY_SET_MAX,
    CONVERSATION_RANK_LAST = UINT8_MAX, /* of relays that a peer's frames came by: after all */
};

/** This host ends: which peer is told next, by its place in the table. */
struct leaving {
    bool wanted;
    size_t next_peer;
};

/** What all conversations of a host share. */
/* tidy-ok: struct-fields what the parts of a conversation need of the host, each of its own room */
struct conversations {
    const struct env *env;
    struct store *store;
    const struct handshake_local *local;
    const struct own_addresses *underlay;
    const struct ziglan_list *ziglans;
    const struct relay_set *relays;
    struct dataplane *dataplane;
    bool lanes;               /* asked for, and taken where a peer asked */
    uint16_t frame_size_full; /* the largest frame that a direct path should carry */
    struct heap timers;
    size_t count;
    struct noise_shared noise;
    struct budget queues, fragments;
    struct allowance_total silent;
    struct growing timestamps; /* of our initiations */
    struct ping_requests pings;
    struct bucket lookups; /* of keys (locating.h) */
    struct leaving leaving;
    struct lan_places lan; /* where peers are on our LANs; of zeros: nobody listens there */
    uint8_t nat_kind;      /* of this host (docs/protocol.md, section 13); 0: not measured */
    struct guesswork guesswork;
};

/** The name of the mark of timestamps in the store. */
#define INITIATION_MARK "timestamp"

/** A handshake that this host began. */
struct initiating {
    bool active;
    struct handshake handshake;
    unsigned tries;      /* initiations sent */
    unsigned waits;      /* since the last one, when there was no way to the peer */
    bool hurried;        /* repeated at once because of a cookie; not twice in a row */
    struct mono sent_at; /* the last one */
    struct mono at;      /* when the initiation is sent (again); NEVER: not at all */
    struct cookie_jar jar;
};

/** Whether the peer answers by way of relays, whichever of them. */
struct relay_liveness {
    struct mono pinged_at; /* the last ping through a relay was due */
    struct mono spare_at;  /* when the relay is asked that comes next if the one in use dies */
    struct mono asked_at;  /* first one since any frame of the peer came; NEVER: none since */
    unsigned leaving; /* pings that tell the peer that this host left a relay are left to send */
    bool doubted; /* since then it may have been restarted: it is asked at once, and has less time
                     to answer */
};

/** What is larger than a frame: its fragments, and what its sender is told (packet_fit.h). */
struct packet_fit {
    uint32_t fragment_id; /* of the plaintext that was cut last */
    uint16_t size;        /* that fitted when it was looked at last; 0: it never was */
    struct mono since;    /* then it came to be so */
    struct mono tell_at;  /* nobody is told before */
};

struct conversation {
    struct heap_entry timer;
    struct conversations *shared;
    struct peer *peer;
    struct noise_sessions sessions;
    struct initiating initiating;
    struct plain_queue queue;
    struct path_table paths;
    struct lane_demand lane_demand;
    struct relay_liveness relayed;
    struct punching punching;
    struct guess_plan guess;
    struct candidates candidates;
    struct allowance allowance;
    struct fragment_box *fragments; /* NULL until the first fragment */
    struct packet_fit fit;
    struct mono active_until;
    struct mono used_at; /* something on this host had a packet for the peer last; NEVER: never */
    struct mono silence_lost_at; /* the first packet after a silence got lost; NEVER: it did not */
    struct why why;
    uint8_t peer_nat_kind; /* as the peer measured it and the relay told; 0: not known */
};

/** No conversation. The caller has filled in env, store, local, underlay, ziglans, relays,
 * dataplane and frame_size_full, which are borrowed. ERR_NOMEM, ERR_SYSTEM (the stored timestamp
 * cannot be read); conversations_fini is legal then, too. */
int conversations_init(struct conversations *shared, struct mono now) MUST_CHECK;
void conversations_fini(struct conversations *shared);

/** A packet went or came: keepalives go on for CONVERSATION_ACTIVE_MS from now. */
void conversation_touch(struct conversation *a, struct mono now);

/** Let the timer fire no later than `at`. */
void conversation_wake(struct conversation *a, struct mono at);

/** Keep a plaintext until there is a session (queue.h); what is lost is counted. */
void conversation_queue(struct conversation *a, const uint8_t *plain, size_t size);

/** Say why it is not direct; detail may be NULL. */
void conversation_why(struct conversation *a, enum why_code code, const char *detail);

/** A frame of the peer came over a relay: what relays said of that is over. */
void conversation_why_over(struct conversation *a);

/** Make a path of every relay that knows the peer: those of the ziglan through which it is known
 * first, then those of other ziglans that it is a member of, then this host's relays of no ziglan,
 * because relays pass frames on to each other. To a peer that the user named all relays of this
 * host are paths; to others, other ziglans' relays are no paths any more. For a new conversation,
 * when members or relays changed, and while no relay is open, since there may have been no memory
 * for a path. */
void conversation_find_relays(struct conversation *a, struct mono now);

/** The relays of this ziglan are no way to the peer any more. */
void conversation_forget_relays(struct conversation *a, const struct ziglan *ziglan);

/** The user does not name the peer any more: only relays that know it otherwise are ways to it. */
void conversation_on_unnamed(struct conversation *a, struct mono now);
