/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session on its carrier (docs/protocol.md, section 3): the exchange of Hellos, control messages
 * in capsules, and datagrams, which fall back to capsules where they are too large. Until the
 * peer's Hello is verified, a session takes nothing else from it, and gives nothing but its own.
 * The server speaks first, unless the dialler knows its certificate.
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
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Bytes that wait on the stream for the peer. */
    SESSION_BACKLOG_MAX = 1024 * 1024, /* a control message that would exceed it ends the session */
    SESSION_CAPSULES_MAX = 256 * 1024, /* above it, datagrams that need a capsule are dropped */
};

enum session_state {
    SESSION_STATE_NEW,   /* there is no stream yet; the carrier limits the time */
    SESSION_STATE_HELLO, /* the peer has not proved itself; the carrier limits the time */
    SESSION_STATE_OPEN,  /* both Hellos are verified; the carrier ends it when the peer is silent */
    SESSION_STATE_ENDED, /* `reason` says why; its events may still be polled */
};

/** What all sessions of one hub share. */
struct session_shared {
    struct hello_self self;
    struct link_attachments attachments;
    size_t queue_bytes_max; /* of datagrams that wait, in all sessions together */
    struct dgram_space space;
    struct event_queue events;
    struct link_stats stats;
    uint8_t scratch[CONTROL_SIZE_MAX]; /* for the Hello being written */
};

struct link_session {
    struct session_shared *shared;
    struct carrier *carrier;
    struct handle handle;
    enum session_state state;
    enum link_reason reason; /* why it ended */
    bool announced;          /* the layer above knows the handle, so it must hear of the end */
    bool closed_polled;      /* it has heard */
    struct event_end end;    /* the CLOSED event */
    struct hello_want want;  /* dialled */
    uint32_t roles;          /* dialled: ours */
    bool hello_said;
    struct link_peer peer; /* from OPEN on */
    struct capsule_parser capsules;
    struct dgram_queue datagrams;
    size_t early_left; /* bytes that may still come before the next one is dropped early */
};

/** Zeroed memory becomes what sessions share. env, and what cfg points to, are borrowed. */
void session_shared_init(struct session_shared *shared, const struct link_config *cfg,
                         const struct env *env);

/** Free what it holds; all sessions must be gone. */
void session_shared_fini(struct session_shared *shared);

/** Zeroed memory becomes a session in state NEW. shared and carrier are borrowed and outlive it.
 * The dialler also sets `want`, `roles` and `announced`. */
void link_session_init(struct link_session *s, struct session_shared *shared,
                       struct carrier *carrier, struct handle handle);

/** Free the memory that it holds. The struct itself must stay until its CLOSED was polled. */
void link_session_fini(struct link_session *s);

/* ---- for the layer above, by way of the hub ---- */

/** Queue one Control; as link_hub_control. */
int link_session_control(struct link_session *s, const uint8_t *data, size_t size) MUST_CHECK;

/** Queue one datagram of head || body; as link_hub_datagram. */
bool link_session_datagram(struct link_session *s, const uint8_t *head, size_t head_size,
                           const uint8_t *body, size_t body_size);

/* ---- for the carrier ---- */

/** The stream exists: the server says its Hello, and so does a dialler that knows the server's
 * certificate. In state NEW only. */
void link_session_start(struct link_session *s);

/** Read bytes of the stream, any content, any number. They end the session if they break the rules;
 * bytes that come before the start or behind the end are ignored. */
void link_session_on_bytes(struct link_session *s, const uint8_t *data, size_t size);

/** Read the payload of one datagram, any content; dropped unless the session is open. */
void link_session_on_datagram(struct link_session *s, const uint8_t *data, size_t size);

/** The peer's address changed: MOVED. */
void link_session_on_moved(struct link_session *s);

/** The peer owes an answer for too long: STALLED. */
void link_session_on_stalled(struct link_session *s);

/** It has answered after STALLED: REVIVED. */
void link_session_on_revived(struct link_session *s);

/** The peer asks for a page: REQUEST. The layer above knows the handle from now on. */
void link_session_on_request(struct link_session *s, const struct link_request *request);

/**
 * The next waiting datagram that is small enough to travel as one, or none. It stays the first
 * until link_session_datagram_sent. Those before it that are too large go to the stream as
 * capsules, or are dropped if too much waits there; then *too_large becomes true (it is never set
 * to false).
 */
struct dgram_bytes link_session_next_datagram(struct link_session *s, bool *too_large);

/** The first waiting datagram was sent, or the carrier found that it can never be. */
void link_session_datagram_sent(struct link_session *s);

/** The carrier has ended: enter ENDED. The layer above is told CLOSED(reason) if it knows the
 * session. Only once in the life of a session. */
void link_session_end(struct link_session *s, enum link_reason reason, const char *text);
