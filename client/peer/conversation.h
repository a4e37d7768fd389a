/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What exists between this host and one peer while they talk: the Noise sessions (previous,
 * current, next), a handshake on its way, packets waiting for it, the paths, and one timer. It is
 * made when the first packet goes or comes, and freed when everything in it has run out.
 *
 * Life of a session: an initiator uses it at once (current); a responder keeps it as `next`, and
 * silent, until its first valid frame. It is renewed after CONVERSATION_REKEY_MS and refused after
 * CONVERSATION_REJECT_MS (docs/protocol.md, section 7).
 */
#pragma once

#include "client/core/core_internal.h"
#include "client/path/path.h"
#include "client/stun2/punch_round.h"
#include "client/tunnel/fragment.h"
#include "proto/crypto/replay.h"
#include "proto/crypto/transport.h"
#include "proto/wire/intunnel.h"

enum {
    CONVERSATION_PATHS_MAX = 16,
    CONVERSATION_QUEUE_MAX = 64, /* plaintexts waiting for a session */
    CONVERSATION_QUEUE_BYTES_MAX = 128 * 1024,
    CONVERSATION_QUEUE_BYTES_OWN = 4096, /* always granted; more comes out of core->queues */
    SESSION_WINDOW_BYTES = 8 * REPLAY_WORD_COUNT_WIDE, /* of a data channel's widened window */
    CONVERSATION_REKEY_MS = 120 * 1000,
    CONVERSATION_REKEY_RESPONDER_MS = 150 * 1000,
    CONVERSATION_REJECT_MS = 180 * 1000,
    CONVERSATION_ACTIVE_MS = 120 * 1000,   /* keepalives go on so long after the last packet */
    CONVERSATION_HANDSHAKE_MS_FIRST = 300, /* repeated after this, doubled each time */
    CONVERSATION_HANDSHAKE_MS_MAX = 5000,
    CONVERSATION_HANDSHAKE_TRIES_MAX = 20, /* then queued packets are given up */
    CONVERSATION_SILENCE_MS = 5000,        /* no answer through the relay for this: a new session */
    CONVERSATION_PUNCH_WAIT_MS = 5000,     /* for PunchGo */
    CONVERSATION_RESPONDER_PUNCH_MS = 1500, /* the initiator asks first */
    PATHFINDER_REQUEST_FLAG = 0x40000000,   /* request id of a punch: this and the peer's id */
};

/** One Noise session. */
struct noise_session {
    struct conversation *conversation;
    uint32_t local_index, remote_index;
    bool initiator;
    enum aead aead;
    struct mono made_at;
    bool heard, relayed; /* a frame of the data channel came; the last one through a relay */
    bool widened;        /* its window is, paid for out of core->windows */
    struct transport_sender *control, *data;
    struct transport_receiver *receiver;
};

/** Plaintexts waiting for a session: bytes back to back. */
struct plain_queue {
    uint8_t *bytes;
    size_t bytes_used, bytes_capacity, count;
    uint16_t sizes[CONVERSATION_QUEUE_MAX];
};

struct conversation {
    struct heap_entry timer;
    struct host_core *core;
    struct peer *peer;

    struct noise_session *previous, *current, *next;
    bool initiating;
    struct handshake handshake;
    unsigned handshake_tries;
    bool handshake_hurried;   /* repeated at once because of a cookie; not twice in a row */
    struct mono handshake_at; /* when the initiation is sent (again) */
    struct cookie_jar jar;
    struct plain_queue queue;

    struct path paths[CONVERSATION_PATHS_MAX];
    size_t paths_count;
    int best;              /* index into paths; -1: the relay */
    uint64_t relay_rtt_ns; /* 0: not measured */
    uint64_t relay_ping;   /* transaction of the last ping through the relay, 0: none out */
    struct mono relay_ping_at;
    struct mono asked_at; /* first ping through the relay since we heard anything; NEVER: none */

    struct punch_round round;
    bool round_running;
    struct punch_retry retry;
    struct mono punch_wait_at; /* a PunchGo is awaited until then; NEVER: not awaited */
    uint64_t punch_id;
    struct endpoint observed; /* the peer's address as its relay sees it; none: unknown */
    struct intunnel_candidates candidates; /* what the peer told */
    uint32_t candidates_tried;             /* sequence of them that the last round knew */
    uint32_t candidates_told;              /* sequence of ours that it was told, 0: none */
    struct bucket silent;                  /* packets to addresses that never answered a ping */
    struct bucket learned;                 /* paths to addresses that nobody told us */

    struct fragment_box *fragments; /* NULL until the first piece */
    uint32_t fragment_id;
    struct mono active_until;
    struct mono used_at; /* something on this host had a packet for the peer last; NEVER: never */
    char why[CONTROL_TEXT_SIZE_MAX + 1]; /* why it is not direct, for status */
};

/** The conversation of a peer, made if there is none. Where there are too many, one goes that
 * nobody on this host has used for long, out of the ziglan that has most of them. NULL if all are
 * in use, or without memory. */
struct conversation *conversation_of(struct peer *peer, struct host_core *core, struct mono now);
void conversation_free(struct conversation *a);

/** Traffic in either direction keeps it alive. */
void conversation_touch(struct conversation *a, struct mono now);

/** Let the timer fire no later than `at`. */
void conversation_wake(struct conversation *a, struct mono at);

/** Everything of it that is due; frees it when it has run out. */
void conversation_expire(struct conversation *a, struct host_io *io, struct mono now);

/** True if data can be sealed now; begins a handshake where one is needed. */
bool conversation_ready(struct conversation *a, struct host_io *io, struct mono now);

/** Keep a plaintext until there is a session. Where there is no room, the oldest of this peer are
 * lost, and the new one if that does not help. */
void conversation_queue(struct conversation *a, const uint8_t *plain, size_t size);

/** A session was made; the initiator's is current at once, the responder's is next. */
int conversation_adopt(struct conversation *a, struct session_keys *keys, bool initiator,
                       struct host_io *io, struct mono now) MUST_CHECK;

/** The session that a receiver index names, NULL if none. */
struct noise_session *conversation_session(struct conversation *a, uint32_t local_index);

/** A valid frame came on this session: a `next` one becomes current, and what waits is sent. */
void conversation_confirm(struct conversation *a, struct noise_session *session, struct host_io *io,
                          struct mono now);

/** A fresh receiver index that leads to this conversation. 0 on failure. */
uint32_t conversation_index_new(struct conversation *a);
void conversation_index_drop(struct conversation *a, uint32_t index);

/* ---- handshake_io.c ---- */

/** Begin or repeat an initiation, as far as one may be sent now. */
void handshake_io_initiate(struct conversation *a, struct host_io *io, struct mono now);

/** Frames 0x80, 0x81, 0x82 of any content. */
void handshake_io_receive(struct host_core *core, const struct origin *origin, const uint8_t *frame,
                          size_t size, struct host_io *io, struct mono now);

/* ---- pathfinder.c ---- */

/** Send a whole frame to the peer over a route, or over the conversation's present path. */
void pathfinder_send_to(struct host_core *core, const struct origin *origin, const uint8_t *frame,
                        size_t size, struct host_io *io);
void pathfinder_send_best(struct conversation *a, const uint8_t *frame, size_t size,
                          struct host_io *io, struct mono now);

/** The entry point through which the peer is reached now; NULL: none is open. */
struct ziglan *pathfinder_relay(const struct conversation *a);

/** A session is ready: tell candidates, ask for a punch. */
void pathfinder_on_session(struct conversation *a, bool initiator, struct host_io *io,
                           struct mono now);

/** An authenticated frame came by this route. */
void pathfinder_on_frame(struct conversation *a, const struct origin *origin, struct mono now);

/** A probe frame's plaintext. frame_size is the whole frame's. */
void pathfinder_on_probe(struct conversation *a, const struct origin *origin, const uint8_t *plain,
                         size_t size, struct host_io *io, struct mono now);

/** The path in use is stale (path_stale) and a packet wants to go: it takes the relay, if there is
 * one, while the direct paths are asked. */
void pathfinder_on_stale(struct conversation *a, struct mono now);

/** In-tunnel control plaintext, behind its plaintext header. */
void pathfinder_on_intunnel(struct conversation *a, const uint8_t *body, size_t size,
                            struct mono now);

/** Punch messages of a ziglan's entry point; dropped if they are about nobody of this ziglan. */
void pathfinder_on_punch_request(struct host_core *core, struct ziglan *ziglan,
                                 const Ziglan__PunchRequest *request, struct mono now);
void pathfinder_on_punch_go(struct host_core *core, const struct ziglan *ziglan,
                            const Ziglan__PunchGo *go, struct mono now);
void pathfinder_on_punch_update(struct host_core *core, const struct ziglan *ziglan,
                                const Ziglan__PunchUpdate *update, struct mono now);
void pathfinder_on_punch_refused(struct conversation *a, const char *why, struct mono now);

/** Timers of paths and punching; returns when to come back. */
struct mono pathfinder_expire(struct conversation *a, struct host_io *io, struct mono now);

/** A new allowance of packets to addresses that never answered. */
void pathfinder_allow(struct conversation *a, struct mono now);

/** The underlay changed: probe everything again. */
void pathfinder_on_network(struct conversation *a, struct mono now);

/** Send a ping of frame_size bytes (0: the smallest) on a path, or through the relay (-1).
 * Returns its transaction, 0 if it could not be sent. */
uint64_t pathfinder_ping(struct conversation *a, int path, uint16_t frame_size, struct host_io *io,
                         struct mono now);

/** Path in use, for people: "direct 192.0.2.1:4433" or "relayed"; writes and returns text. */
const char *pathfinder_describe(const struct conversation *a, char *text, size_t size);
