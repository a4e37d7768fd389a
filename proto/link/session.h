/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session on its carrier (docs/protocol.md, section 3): the Hello exchange, control messages in
 * capsules, and datagrams with their fallback to capsules. Nothing but a Hello is taken from a peer
 * before its signature has verified.
 *
 *   NEW -> HELLO -> OPEN -> ENDED
 *    |_______|________________^
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/link/carrier.h"
#include "proto/link/dgram_queue.h"
#include "proto/link/event.h"
#include "proto/link/hello.h"
#include "proto/link/link.h"
#include "proto/wire/capsule.h"
#include "proto/wire/control.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SESSION_BACKLOG_MAX = 1024 * 1024, /* control waiting on the stream; more closes it */
    SESSION_CAPSULES_MAX = 256 * 1024, /* with that much waiting, datagrams get no capsule */
};

enum session_state {
    SESSION_STATE_NEW,   /* the carrier has no stream yet; its own time limit counts */
    SESSION_STATE_HELLO, /* the peer is not known; the same limit */
    SESSION_STATE_OPEN,  /* both Hellos verified; the carrier ends it when the peer is silent */
    SESSION_STATE_ENDED, /* `reason` says why; only CLOSED may be left to poll */
};

/** What all sessions of one hub share. */
struct session_shared {
    struct hello_self self;
    size_t queue_bytes_max; /* datagrams waiting in all sessions */
    struct dgram_space space;
    struct event_queue events;
    struct link_stats stats;
    uint8_t scratch[CONTROL_SIZE_MAX];
};

struct link_session {
    struct session_shared *shared;
    struct carrier *carrier;
    struct handle handle;
    enum session_state state;
    enum link_reason reason; /* why it ended */
    bool announced;          /* the layer above knows the handle and must be told the end */
    bool closed_polled;      /* it was told */
    struct event_end end;
    struct hello_want want; /* dialled */
    struct link_peer peer;  /* from OPEN on */
    struct capsule_parser capsules;
    struct dgram_queue datagrams;
};

/** Zeroed memory becomes what sessions share; env and identity are borrowed. */
void session_shared_init(struct session_shared *shared, const struct link_config *cfg,
                         const struct env *env);

/** Free what it holds; all sessions must be gone. */
void session_shared_fini(struct session_shared *shared);

/** Zeroed memory becomes a session in state NEW. */
void link_session_init(struct link_session *s, struct session_shared *shared,
                       struct carrier *carrier, struct handle handle);

/** Free what waits. Its CLOSED event can still be polled. */
void link_session_fini(struct link_session *s);

/* ---- for the layer above, by way of the hub ---- */

/** Queue one Control; as link_hub_control. */
int link_session_control(struct link_session *s, const uint8_t *data, size_t size) MUST_CHECK;

/** Queue one datagram of head || body; as link_hub_datagram. */
bool link_session_datagram(struct link_session *s, const uint8_t *head, size_t head_size,
                           const uint8_t *body, size_t body_size);

/* ---- for the carrier ---- */

/** The stream exists: the server says its Hello. */
void link_session_start(struct link_session *s);

/** Bytes of the stream. Ends the session if they break the rules. */
void link_session_on_bytes(struct link_session *s, const uint8_t *data, size_t size);

/** The payload of one datagram; dropped unless the session is open. */
void link_session_on_datagram(struct link_session *s, const uint8_t *data, size_t size);

/** The peer's address changed: MOVED. */
void link_session_on_moved(struct link_session *s);

/** What we sent stays without an answer: STALLED. */
void link_session_on_stalled(struct link_session *s);

/** A foreign client asks for a page: REQUEST. It is announced from now on. */
void link_session_on_request(struct link_session *s, const struct link_request *request);

/**
 * The next waiting datagram that travels as one, or none; larger ones that stand before it become
 * capsules, and *too_large (set to true, never to false) tells that there were some. It stays first
 * until link_session_datagram_sent.
 */
struct dgram_bytes link_session_next_datagram(struct link_session *s, bool *too_large);

/** The first waiting datagram went out, or cannot ever. */
void link_session_datagram_sent(struct link_session *s);

/** The carrier ends: enter ENDED; who knows the session is told CLOSED(reason). Once. */
void link_session_end(struct link_session *s, enum link_reason reason, const char *text);
