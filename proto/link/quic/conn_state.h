/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One QUIC connection of a hub: its parts, its phase and its end. The other files conn*.c, and
 * accept.c, work on it. What connections share is a member of struct link_hub.
 *
 * Its session has a state of its own (session.h). The phase follows it: OPEN to OPEN, ENDED to
 * CLOSING.
 *
 *   HANDSHAKE -> HELLO -> OPEN -> CLOSING -> DEAD
 *        |         |_________________^        ^
 *        |____________________________________|
 */
#pragma once

#include "proto/base/bucket.h"
#include "proto/base/env.h"
#include "proto/base/heap.h"
#include "proto/base/mono.h"
#include "proto/link/carrier.h"
#include "proto/link/link.h"
#include "proto/link/quic/answer.h"
#include "proto/link/quic/h3_stream.h"
#include "proto/link/quic/hub_tables.h"
#include "proto/link/quic/inbox.h"
#include "proto/link/quic/older_quic.h"
#include "proto/link/quic/path_size.h"
#include "proto/link/quic/tls_scan.h"
#include "proto/link/reset_ledger.h"
#include "proto/link/session.h"
#include "proto/link/tls/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

struct WOLFSSL;

enum {
    CONN_ANONYMOUS_MS_MAX = 30000, /* how long an HTTP client may stay without a session */
    CONN_STALL_MS = 1000,          /* without an answer; three round trips if that is longer */
    CONN_PING_STALL_MS = 500,      /* the same where there is a reason to doubt, and PINGs go, */
    CONN_PING_EVERY_MS = 50,       /* one in so long */
    CONN_CLOSE_TEXT_SIZE = 64,     /* NUL included; a longer text is cut */
    CONN_PREFIX_SIZE_MAX = 8,      /* of a variable-length integer */
};

enum conn_phase {
    CONN_PHASE_HANDSHAKE, /* QUIC and TLS; ends at hello_deadline */
    CONN_PHASE_HELLO,   /* encrypted, but the peer has not proved itself; ends at hello_deadline */
    CONN_PHASE_OPEN,    /* both Hellos are verified; ends by idle timeout */
    CONN_PHASE_CLOSING, /* its session has ended; the next transmit writes its last packet */
    CONN_PHASE_DEAD,    /* all is freed but this memory, which its CLOSED event needs */
};

/** What all connections of one hub share. */
struct conn_shared {
    const struct env *env;
    struct mono now; /* as the call that is running was told, for callbacks */
    struct tls tls;
    struct hub_tables tables;
    struct answers answers;
    struct bucket waste; /* what Initials that come to nothing may still cost, in microseconds */
    struct reset_ledger ledger;
    struct inbox inbox; /* of the connection that is reading; empty between two packets */
    struct session_shared sessions;
};

/** TLS, which a connection has until OPEN. */
struct conn_tls {
    struct WOLFSSL *session; /* NULL before and after */
    ngtcp2_crypto_conn_ref ref;
    struct tls_scan scan;
};

enum { CONN_LEFT_MAX = 4 };

/** An address where the peer proved to be, before it was elsewhere; none: unused. */
struct conn_left {
    struct endpoint remote;
    struct mono at;
};

/** Where its packets leave from (carrier.remote is where they go), and how large they may be. */
struct conn_path {
    struct endpoint local;
    uint16_t number; /* dialled: counts migrations, and is the port of the virtual local address */
    bool moved;      /* accepted: the peer has a new address, and the session was not told yet */
    struct conn_left left[CONN_LEFT_MAX];
    size_t left_next;
    uint32_t large_turn; /* counts packets that could be small (packet_capacity in conn_write.c) */
    struct path_size size;
};

/** When it must do something. */
struct conn_timer {
    struct heap_entry entry; /* in the hub's heap, at the earliest of its deadlines */
    struct mono created_at;
    struct mono hello_deadline; /* until OPEN */
};

/** Dialled: does the peer still answer? */
struct conn_watch {
    struct mono heard_at;         /* a packet of the peer came */
    uint64_t silence_ms;          /* nothing had come for so long, when one came again */
    struct mono unanswered_since; /* when the first packet that the peer must answer was sent since
                                     its last one came; MONO_NEVER: none */
    uint64_t packets_received;    /* genuine ones, when they were last looked at */
#if OLDER_QUIC
    uint64_t packets_opened; /* conn_received.c */
#endif
    bool stalled;          /* STALLED was told, and no packet came since */
    bool pinging;          /* PINGs are sent until a packet comes: the network changed */
    uint32_t keepalive_ms; /* else one goes after so long without a packet */
};

/** What its last packet says. */
struct conn_farewell {
    uint64_t code; /* HTTP/3 application error */
    int liberr;    /* ngtcp2's error, which goes before code; 0: none */
    char text[CONN_CLOSE_TEXT_SIZE];
};

struct link_conn {
    struct conn_shared *shared;
    struct carrier carrier; /* what the session sees of it */
    struct link_session session;
    enum conn_phase phase;
    ngtcp2_conn *quic;
    struct conn_tls tls;
    struct h3 h3;
    uint8_t prefix[CONN_PREFIX_SIZE_MAX]; /* quarter stream id, with which HTTP datagrams begin */
    size_t prefix_size;                   /* 0: the session has no stream yet */
    struct conn_ids ids;
    struct conn_door door;
    struct conn_turn turn;
    struct conn_path path;
    struct conn_timer timer;
    struct conn_watch watch;
    struct conn_farewell farewell;
};

/** The connection that embeds this part of one. */
#define CONN_OF(part, member) HEAP_OWNER(part, struct link_conn, member)

/** The connection of the handle; NULL if the handle is stale or the connection is CLOSING or DEAD.
 */
struct link_conn *conn_find(const struct hub_tables *tables, struct handle handle);

/** It may have something to send: let the next transmit visit it. */
void conn_ready(struct link_conn *c);

/** End it: the session ends with reason, and the next transmit tells the peer code and text
 * (copied). If the reason is LOCAL, one burst of what was queued goes out before. Nothing happens
 * if it has ended. Callbacks use h3_end_later instead, so that what came before is heard first. */
void conn_close(struct link_conn *c, enum link_reason reason, uint64_t code, const char *text);

/** End it because ngtcp2 cannot go on, with ngtcp2's (negative) error. */
void conn_failed(struct link_conn *c, int liberr);

/** Free its TLS session. Never within a call of wolfSSL or ngtcp2. */
void conn_end_tls(struct link_conn *c);

/** Free all that it holds: it is DEAD. Its own memory stays. */
void conn_fini(struct link_conn *c);

/** conn_fini, and conn_release unless its CLOSED event has yet to be polled. Without a word to the
 * peer. Never within a callback. */
void conn_die(struct link_conn *c);

/** Give back the memory of a DEAD connection, and clear its row in the ledger. */
void conn_release(struct link_conn *c);
