/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One QUIC connection of a hub: its parts, its phase and its end. The files conn_*.c and accept.c
 * work on it; hub.c owns what connections share.
 *
 *   HANDSHAKE -> HELLO -> OPEN -> CLOSING -> DEAD
 *        |         |_________________^        ^
 *        |____________________________________|
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/heap.h"
#include "proto/base/mono.h"
#include "proto/link/carrier.h"
#include "proto/link/link.h"
#include "proto/link/quic/answer.h"
#include "proto/link/quic/h3.h"
#include "proto/link/quic/hub_tables.h"
#include "proto/link/quic/inbox.h"
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
    CONN_ANONYMOUS_MS_MAX = 30000, /* an HTTP client without session may stay that long */
    CONN_STALL_MS = 1000,
    CONN_CLOSE_TEXT_SIZE = 64,
    CONN_PREFIX_SIZE_MAX = 8,
};

enum conn_phase {
    CONN_PHASE_HANDSHAKE, /* QUIC and TLS; ends by time */
    CONN_PHASE_HELLO,     /* encrypted, the peer is not known; ends by time */
    CONN_PHASE_OPEN,      /* both Hellos verified; ends by idle timeout */
    CONN_PHASE_CLOSING,   /* its last packet goes out with the next transmit */
    CONN_PHASE_DEAD,      /* only the memory for its CLOSED event is left */
};

/** What all connections of one hub share. */
struct conn_shared {
    const struct env *env;
    struct mono now; /* of the call that is running */
    struct tls tls;
    struct hub_tables tables;
    struct answers answers;
    struct reset_ledger ledger;
    struct inbox inbox; /* of the connection that reads */
    struct session_shared sessions;
};

/** TLS until OPEN. */
struct conn_tls {
    struct WOLFSSL *session;
    ngtcp2_crypto_conn_ref ref;
    struct tls_scan scan;
};

/** Where its packets go, besides carrier.remote, and how large they may be. */
struct conn_path {
    struct endpoint local;
    uint16_t number; /* dialled: counts migrations; ngtcp2 sees it as the local address */
    bool moved;      /* accepted: the peer answers at a new address, the session was not told yet */
    uint32_t large_turn; /* counts packets that may stay small */
    struct path_size size;
};

/** When it must do something. */
struct conn_timer {
    struct heap_entry entry;
    struct mono created_at;
    struct mono hello_deadline; /* until OPEN */
};

/** Dialled: does the peer still answer? */
struct conn_watch {
    struct mono unanswered_since; /* sent what must be answered, nothing came since */
    uint64_t packets_received;    /* genuine ones */
    bool stalled;
    bool pinging; /* a quick PING asks whether the path answers */
};

/** What its last packet says. */
struct conn_farewell {
    uint64_t code; /* HTTP/3 application error */
    int liberr;    /* ngtcp2's error, 0: code counts */
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
    uint8_t prefix[CONN_PREFIX_SIZE_MAX]; /* quarter stream id, as each HTTP datagram begins */
    size_t prefix_size;                   /* 0: the session has no stream */
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

/** The connection of the handle, NULL if stale or already ending. */
struct link_conn *conn_find(const struct hub_tables *tables, struct handle handle);

/** It has something to write: let the next transmit visit it. */
void conn_ready(struct link_conn *c);

/** End it: the peer gets code and text, the layer above CLOSED(reason). Streams are written out
 * first if the reason is LOCAL. Nothing happens if it has ended. Callbacks use h3_end_later, so
 * that what came before is heard first. */
void conn_close(struct link_conn *c, enum link_reason reason, uint64_t code, const char *text);

/** ngtcp2 says that it cannot go on: end it with that error. */
void conn_failed(struct link_conn *c, int liberr);

/** Forget TLS. Never inside a call of wolfSSL or ngtcp2. */
void conn_end_tls(struct link_conn *c);

/** Free everything but the memory of *c itself: DEAD. */
void conn_fini(struct link_conn *c);

/** The end: free it all, or all but what its CLOSED event needs. Never inside callbacks. */
void conn_die(struct link_conn *c);

/** Release the memory of a DEAD connection whose end was polled, or which nobody knows. */
void conn_release(struct link_conn *c);
