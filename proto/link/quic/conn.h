/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One QUIC connection of a hub: its ngtcp2 object, addresses, timers and phase. Private to
 * proto/link.
 *
 *   HANDSHAKE -> HELLO -> OPEN -> CLOSING -> DEAD
 *        |         |_________________^        ^
 *        |____________________________________|
 */
#pragma once

#include "proto/base/heap.h"
#include "proto/base/mono.h"
#include "proto/link/link.h"
#include "proto/link/quic/h3.h"
#include "proto/link/quic/path_size.h"
#include "proto/link/quic/tls_scan.h"
#include "proto/link/session.h"
#include "proto/net/dgram.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

struct link_hub;
struct WOLFSSL;

enum {
    CONN_CID_SIZE = 8,             /* of the connection ids that we give out */
    CONN_CIDS_MAX = 24,            /* that one connection may have at once */
    CONN_RESETS_MAX = 8,           /* reset tokens of the peer's connection ids in use */
    CONN_PACKET_SIZE_MAX = 8952,   /* UDP payload of a 9000-byte path, IPv6 */
    CONN_ANONYMOUS_MS_MAX = 30000, /* an HTTP client without session may stay that long */
    CONN_ANONYMOUS_MAX = 256,      /* so many of them */
    CONN_STREAMS_MAX = 16,         /* requests at once */
    CONN_STALL_MS = 1000,
    CONN_CLOSE_TEXT_SIZE = 64,
};

enum conn_phase {
    CONN_PHASE_HANDSHAKE, /* QUIC and TLS; ends by time */
    CONN_PHASE_HELLO,     /* encrypted, the peer is not known; ends by time */
    CONN_PHASE_OPEN,      /* both Hellos verified; ends by idle timeout */
    CONN_PHASE_CLOSING,   /* its last packet goes out with the next transmit */
    CONN_PHASE_DEAD,      /* only the memory for its CLOSED event is left */
};

/** A connection id as a key of the hub's map: length and bytes, zero-padded. */
struct cid_key {
    uint8_t bytes[1 + NGTCP2_MAX_CIDLEN];
};

struct link_conn {
    struct link_hub *hub;
    struct handle handle;
    enum conn_phase phase;
    bool dialled;
    bool announced;     /* the layer above knows the handle and must be told the end */
    bool closed_polled; /* it was told */
    bool half_open;     /* counted as such by the hub, under half_open_ip */
    uint8_t half_open_ip[16];
    bool anonymous; /* counted as such by the hub */

    ngtcp2_conn *quic;
    struct WOLFSSL *tls; /* until OPEN */
    ngtcp2_crypto_conn_ref tls_ref;
    struct tls_scan tls_scan;
    struct h3 h3;
    struct link_session session;

    struct cid_key cids[CONN_CIDS_MAX];
    size_t cids_count;

    ngtcp2_stateless_reset_token resets[CONN_RESETS_MAX]; /* dialled: that would end it */
    size_t resets_count;

    struct endpoint local, remote;
    struct path_size path_size;
    uint32_t large_turn;  /* counts packets that may stay small */
    uint16_t path_number; /* dialled: counts migrations; ngtcp2 sees it as the local address */

    struct link_conn *ready_next, *ready_previous;
    bool ready; /* waits for the next transmit */
    struct heap_entry timer;
    struct mono created_at;
    struct mono hello_deadline;   /* until OPEN */
    struct mono unanswered_since; /* dialled: sent what must be answered, nothing came since */
    bool stalled;
    uint64_t packets_received; /* dialled: genuine ones */
    bool probing;              /* a quick PING asks whether the path answers */

    enum link_reason reason; /* why it ends, NONE while it lives */
    uint64_t close_code;     /* HTTP/3 application error */
    char close_text[CONN_CLOSE_TEXT_SIZE];
    int close_liberr; /* ngtcp2's error, 0: close_code counts */
};

/** Begin a connection as a client. ERR_NOMEM. The caller has placed *c in its slab. */
int conn_dial(struct link_conn *c, const char *server_name, struct mono now) MUST_CHECK;

/** Begin one as a server for the Initial packet hd, from c->remote to c->local. odcid: the
 * connection id that the client used before our Retry, NULL without one. ERR_NOMEM. */
int conn_accept(struct link_conn *c, const ngtcp2_pkt_hd *hd, const ngtcp2_cid *odcid,
                struct mono now) MUST_CHECK;

/** Read one UDP payload that the connection ids say is for this connection. */
void conn_read(struct link_conn *c, const struct dgram *in, struct mono now);

/** Write packets as the window allows, at most one burst; the connection is ready again if there
 * may be more, else its timer is set. It may be gone afterwards. */
void conn_write(struct link_conn *c, struct outbox *out, struct mono now);

/** The timer fired. */
void conn_expire(struct link_conn *c, struct mono now);

/** End it: the peer gets code and text, the layer above CLOSED(reason). Streams are written out
 * first if the reason is LOCAL. Safe inside callbacks: only fields are set. */
void conn_close(struct link_conn *c, enum link_reason reason, uint64_t code, const char *text);

/** ngtcp2 says that it cannot go on: end it with that error. */
void conn_failed(struct link_conn *c, int liberr);

/** The end: free it all, or all but what its CLOSED event needs. Never inside callbacks. */
void conn_die(struct link_conn *c);

/** Free everything but the memory of *c itself. */
void conn_fini(struct link_conn *c);

/** Enter OPEN (session.c, when the peer is proven). */
void conn_opened(struct link_conn *c);

/** It has something to write: let the next transmit visit it. */
void conn_ready(struct link_conn *c);

/** Take it out of that line. */
void conn_unready(struct link_conn *c);

/** Set the timer to what it must do next, but after now (what is due was done). */
void conn_rearm(struct link_conn *c, struct mono now);

/** Move a dialled connection to a new local address. */
void conn_migrate(struct link_conn *c, const struct endpoint *local, struct mono now);

/** Largest payload of a QUIC DATAGRAM frame that fits a packet now; 0 if the peer takes none. */
size_t conn_datagram_size(const struct link_conn *c);

/** Smoothed round trip time, ns. */
uint64_t conn_rtt_ns(const struct link_conn *c);
