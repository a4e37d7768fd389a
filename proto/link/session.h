/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The session on a connection's stun2 stream (docs/protocol.md, section 3): the Hello exchange,
 * control messages in capsules, and HTTP datagrams with their fallback to capsules. Nothing but
 * a Hello is taken from a peer before its signature has verified.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/link/link.h"
#include "proto/wire/capsule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link_conn;

enum {
    SESSION_BACKLOG_MAX = 1024 * 1024, /* control waiting on the stream; more closes it */
    SESSION_CAPSULES_MAX = 256 * 1024, /* with that much waiting, datagrams get no capsule */
};

/* One datagram that waits for the congestion window. */
struct session_dgram {
    struct session_dgram *next;
    size_t size;
    uint8_t bytes[];
};

struct link_session {
    enum link_want want; /* dialled */
    uint8_t want_key[KEY_SIZE];
    struct capsule_parser capsules;
    bool hello_received;
    struct link_peer peer; /* from OPEN on */
    uint8_t prefix[8];     /* quarter stream id, as each HTTP datagram begins */
    size_t prefix_size;
    struct session_dgram *dgram_first, *dgram_last;
    size_t dgram_bytes; /* waiting */
};

/** The stream exists: the server says its Hello. */
void link_session_start(struct link_conn *c);

/** Bytes of the stream. Ends the connection if they break the rules. */
void link_session_read(struct link_conn *c, const uint8_t *data, size_t size);

/** One QUIC DATAGRAM frame. */
void link_session_dgram_read(struct link_conn *c, const uint8_t *data, size_t size);

/** Queue one Control; as link_hub_control. */
int link_session_control(struct link_conn *c, const uint8_t *data, size_t size) MUST_CHECK;

/** Queue one datagram of head || body; as link_hub_datagram. */
bool link_session_dgram(struct link_conn *c, const uint8_t *head, size_t head_size,
                        const uint8_t *body, size_t body_size);

/** The next waiting datagram that goes as a frame, prefix included, or NULL; larger ones that
 * stand before it become capsules. It stays first until link_session_dgram_sent. */
const struct session_dgram *link_session_dgram_next(struct link_conn *c, size_t size_max);
void link_session_dgram_sent(struct link_conn *c);

/** Free what waits; the session is not usable afterwards. */
void link_session_fini(struct link_conn *c);
