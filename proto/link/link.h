/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Authenticated sessions over QUIC and HTTP/3 (docs/protocol.md, section 3): one hub owns all
 * QUIC connections of one UDP port, those it accepted and those it dialled. It is sans-IO: QUIC
 * datagrams go in, datagrams go out through an outbox, everything that happened is polled as
 * events. Both ends prove themselves inside the session by an Ed25519 signature over a TLS
 * exporter value, the server first; the certificate itself is ignored.
 *
 * This header is all that users see and all that they are promised; no other header of proto/link
 * is for them. The functions are defined in quic/hub.c, so whoever calls them links link_quic. The
 * files below it share the types only.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/base/slab.h"
#include "proto/crypto/identity.h"
#include "proto/net/dgram.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link_hub;

enum {
    LINK_HTTP_BODY_SIZE_MAX = 65536,
    LINK_SESSION_QUEUE_BYTES = 512 * 1024, /* datagrams waiting for the congestion window */
    LINK_SESSION_QUEUE_MIN = 16 * 1024, /* of these a session has, however much all others have */
    LINK_HUB_QUEUE_BYTES = 128 << 20,   /* of these all sessions have together, by default */
    LINK_HANDSHAKE_MS_MAX = 5000,       /* to a valid Hello, or the connection is closed */
    LINK_HALF_OPEN_MAX = 1024,
    LINK_HALF_OPEN_RETRY = 64, /* above this many half-open, Retry is required */
    LINK_HALF_OPEN_PER_ADDR = 4,
    LINK_IDLE_MS = 45000,
    LINK_KEEPALIVE_MS = 15000,
    LINK_RESET_CID_SIZE = 8,
    LINK_PACKET_SIZE_MAX = 8952, /* UDP payload of a 9000-byte path, IPv6 */
};

/** What a server tells in its Hello, beyond its key. Pointers are borrowed for link_hub's life
 * or until link_hub_set_hello. */
struct link_hello {
    uint64_t capabilities;
    const uint8_t *node_record; /* node_record_size bytes, NULL if none */
    size_t node_record_size;
    const uint8_t *delegation; /* signed record "entry delegation", NULL if none */
    size_t delegation_size;
    const char *reward_address; /* NULL if none */
    uint32_t session_max;
};

/** Who has a session, one row per connection, in memory that outlives a crash. Zeroed memory is an
 * empty ledger. */
struct link_reset_row {
    struct endpoint local, remote;
    uint8_t cid[LINK_RESET_CID_SIZE];
    uint8_t used; /* 1: written in full */
};

struct link_config {
    const struct identity *identity; /* borrowed, outlives the hub */
    bool server;                     /* accept connections */
    struct link_hello hello;         /* server only */
    uint8_t reset_secret[32];        /* for stateless resets: the same after a restart */
    uint32_t connection_max;         /* cap of all connections */
    size_t queue_bytes_max;          /* datagrams waiting in all; 0: LINK_HUB_QUEUE_BYTES */
    struct link_reset_row *ledger;   /* server: ledger_capacity rows, borrowed; NULL: none. Those
                                       who stand in it are told that their session is gone */
    uint32_t ledger_capacity;
};

/** Whom a dialler expects at the other end. */
enum link_want {
    LINK_WANT_RELAY,  /* the relay's own key is `key` */
    LINK_WANT_ZIGLAN, /* it carries a valid delegation signed by the ziglan key `key` */
};

enum link_event_type {
    LINK_EVENT_OPEN,     /* both Hellos verified: peer; data/size: the delegation */
    LINK_EVENT_CONTROL,  /* data/size: one encoded Control that is not a Hello */
    LINK_EVENT_DATAGRAM, /* data/size: payload of one HTTP datagram, kind byte first */
    LINK_EVENT_REQUEST,  /* an HTTP request of a foreign client: request */
    LINK_EVENT_MOVED,    /* server: the peer's address changed, new one in `remote` */
    LINK_EVENT_STALLED,  /* something unanswered for too long: dial anew, this may be dead */
    LINK_EVENT_CLOSED,   /* gone: reason; the handle is stale after this event */
};

enum link_reason {
    LINK_REASON_NONE,
    LINK_REASON_LOCAL,       /* link_hub_close */
    LINK_REASON_PEER,        /* the peer closed in order */
    LINK_REASON_TIMEOUT,     /* idle or handshake timeout */
    LINK_REASON_RESET,       /* stateless reset: the peer restarted */
    LINK_REASON_TLS,         /* TLS failed */
    LINK_REASON_INTERCEPTED, /* the server's signature did not verify: TLS is intercepted */
    LINK_REASON_WRONG_KEY,   /* authentic, but not the wanted relay or ziglan */
    LINK_REASON_PROTOCOL,    /* it broke the rules of section 3 */
    LINK_REASON_LIMIT,       /* a bound was hit */
    LINK_REASON_CLOCK,       /* the wanted ziglan's delegation is not in force by our wall clock */
};

/** Who is at the other end, as its Hello says and proves. All zero before OPEN, and for somebody
 * who only asks for pages. */
struct link_peer {
    uint8_t key[KEY_SIZE];
    uint8_t ziglan_key[KEY_SIZE]; /* dialled entry point with a valid delegation: the ziglan's key,
                                     else zero */
    struct endpoint observed;     /* dialled: our address as the server sees it */
    uint64_t capabilities;        /* dialled: the server's */
    uint64_t server_time_ms;      /* dialled: its wall clock when it said its Hello */
    uint32_t roles;               /* accepted: the client's */
};

/** An HTTP request of a foreign client. */
struct link_request {
    int64_t stream_id; /* for link_hub_respond */
    char method[16];   /* NUL-terminated */
    char path[256];    /* NUL-terminated; longer ones were answered 414 */
};

/** One event. All pointers are borrowed, see link_hub_event. */
struct link_event {
    enum link_event_type type;
    struct handle handle;
    enum link_reason reason; /* CLOSED */
    bool dialled;            /* this hub dialled it */
    struct endpoint remote;
    const uint8_t *data; /* size bytes. OPEN: the delegation record, may be NULL */
    size_t size;
    const struct link_peer *peer;       /* never NULL */
    const struct link_request *request; /* REQUEST, else NULL */
};

/** Counters for metrics and tests; all only grow, except the two gauges. */
/* tidy-ok: struct-fields one flat list of counters, as the metrics print them */
struct link_stats {
    uint64_t accepted, dialled, opened, closed, retry_sent, reset_sent, version_sent;
    uint64_t resets_told; /* peers of the life before that were told of its end */
    uint64_t refused_half_open, refused_per_addr, refused_connections;
    uint64_t dgram_sent, dgram_received, dgram_capsule_sent, dgram_dropped_queue;
    uint64_t control_sent, control_received, protocol_errors, auth_failures, http_requests;
    uint32_t connections, half_open; /* gauges */
};

/** Library-wide start-up: wolfSSL, its seed source taken from env (kept for the process), and the
 * self-test that decides which AEADs may be offered. Call once, before any hub; again only after
 * link_library_fini, as a simulator does for each run, so that wolfSSL starts from the new seed. */
int link_library_init(const struct env *env) MUST_CHECK;
void link_library_fini(void);

/** The TLS 1.3 cipher suites that passed the self-test and are offered, separated by colons; empty
 * before link_library_init. */
const char *link_aead_list(void);

/** A hub; cfg is copied (identity and hello pointers are borrowed). ERR_NOMEM or ERR_SYSTEM. */
int link_hub_new(struct link_hub **out, const struct link_config *cfg, const struct env *env,
                 struct mono now) MUST_CHECK;
void link_hub_free(struct link_hub *hub);

/** Replace what the server says in its Hello to sessions that open from now on. */
void link_hub_set_hello(struct link_hub *hub, const struct link_hello *hello);

/** Give one UDP payload whose first byte says QUIC. Any content, including hostile. Datagrams that
 * answer it statelessly (Retry, Version Negotiation, stateless reset) wait for the next transmit.
 */
void link_hub_receive(struct link_hub *hub, const struct dgram *in, struct mono now);

/** Timers up to now. */
void link_hub_expire(struct link_hub *hub, struct mono now);

/** Append what wants to be sent to the outbox, as much as there is room and window for. A packet is
 * only begun while LINK_PACKET_SIZE_MAX bytes are free: an outbox must not be smaller. */
void link_hub_transmit(struct link_hub *hub, struct outbox *out, struct mono now);

/** When to call expire/transmit again; `now` or earlier while output waits. */
struct mono link_hub_deadline(const struct link_hub *hub);

/**
 * Poll one event; false if none, and out is not written. out->data lives until the next call of
 * any function of this hub other than the send functions (link_hub_control, link_hub_datagram,
 * link_hub_respond) and the questions; out->peer and out->request also outlive link_hub_close.
 */
bool link_hub_event(struct link_hub *hub, struct link_event *out);

/** Dial a server. server_name goes into SNI (NULL: none) and :authority. Ends in OPEN or CLOSED.
 * local may have an ip of all zero. ERR_LIMIT, ERR_NOMEM. */
int link_hub_dial(struct link_hub *hub, struct handle *out, const struct endpoint *local,
                  const struct endpoint *remote, const char *server_name, enum link_want want,
                  const uint8_t key[KEY_SIZE], struct mono now) MUST_CHECK;

/** Queue one encoded Control (at most CONTROL_SIZE_MAX). ERR_DROP for a stale or unopened handle,
 * ERR_LIMIT if the peer lets too much pile up (the connection will be closed). */
int link_hub_control(struct link_hub *hub, struct handle handle, const uint8_t *data,
                     size_t size) MUST_CHECK;

/**
 * Queue one HTTP datagram: the concatenation of head and body (so that a relay need not copy).
 * Larger than the connection's present datagram size: it goes as a DATAGRAM capsule, counted.
 * Returns false if it was dropped (stale handle, queue full), counted.
 */
bool link_hub_datagram(struct link_hub *hub, struct handle handle, const uint8_t *head,
                       size_t head_size, const uint8_t *body, size_t body_size);

/** Answer a REQUEST. body is copied, at most LINK_HTTP_BODY_SIZE_MAX. */
void link_hub_respond(struct link_hub *hub, struct handle handle, int64_t stream_id, int status,
                      const char *content_type, const void *body, size_t size);

/** Close with an application error code and a short text; CLOSED(LOCAL) follows. */
void link_hub_close(struct link_hub *hub, struct handle handle, uint64_t code, const char *text,
                    struct mono now);

/** The local path of this connection is no longer good (network change): try it again from `local`
 * by QUIC migration. Only for dialled ones. Later: the client calls it when its network changes. */
void link_hub_migrate(struct link_hub *hub, struct handle handle, const struct endpoint *local,
                      struct mono now);

/** Largest HTTP datagram payload (kind byte included) that now goes without the capsule. Later: the
 * MTU of a path by way of a relay follows it. */
size_t link_hub_datagram_size(const struct link_hub *hub, struct handle handle);

/** Bytes of datagrams that wait in this connection for its congestion window, of at most
 * LINK_SESSION_QUEUE_BYTES; 0 for a stale handle. */
size_t link_hub_datagrams_waiting(const struct link_hub *hub, struct handle handle);

/** Bytes of control that wait in this connection for its peer to take them; 0 for a stale handle.
 * Whoever streams much looks here first: too much waiting closes the connection. */
size_t link_hub_control_waiting(const struct link_hub *hub, struct handle handle);

/** Smoothed round trip time in ns, 0 if unknown or stale. */
uint64_t link_hub_rtt_ns(const struct link_hub *hub, struct handle handle);

/** The hub's counters, borrowed for its life. */
const struct link_stats *link_hub_stats(const struct link_hub *hub);
