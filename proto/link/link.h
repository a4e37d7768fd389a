/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Authenticated sessions over QUIC and HTTP/3 (docs/protocol.md, section 3). A hub owns all QUIC
 * connections of one UDP port, those that it accepted and those that it dialled. It is sans-IO: UDP
 * payloads go in, UDP payloads come out through an outbox, and what happened is polled as events.
 * Both ends prove themselves inside the session by an Ed25519 signature over a TLS exporter value,
 * the server first; nobody looks at the certificate.
 *
 * This header is the interface of proto/link: users include no other header of it, except
 * certificate_look.h. The functions are defined in quic/hub.c: whoever calls them links link_quic.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/base/slab.h"
#include "proto/crypto/identity.h"
#include "proto/link/certificate.h"
#include "proto/link/reason.h"
#include "proto/net/dgram.h"
#include "proto/wire/control.h"
#include "proto/wire/frame.h"
#include "proto/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link_hub;

enum {
    LINK_HTTP_BODY_SIZE_MAX = 65536,
    /* Bytes of datagrams that wait for the congestion window. */
    LINK_SESSION_QUEUE_BYTES = 2 << 20,    /* of one session at most */
    LINK_SESSION_QUEUE_EARLY = 128 * 1024, /* from here on single ones are dropped, to tell TCP */
    LINK_SESSION_QUEUE_MIN = 16 * 1024,    /* each session may have these, however full the hub */
    LINK_HUB_QUEUE_BYTES = 128 << 20,      /* of all sessions of a hub, by default */
    /* A connection is half-open from its first packet to a valid Hello. */
    LINK_HANDSHAKE_MS_MAX = 5000, /* then a half-open connection is closed */
    LINK_HALF_OPEN_MAX = 1024,
    LINK_HALF_OPEN_RETRY = 64,   /* with so many, a new address must prove itself by Retry */
    LINK_HALF_OPEN_PER_ADDR = 4, /* the same for one IPv4 address or IPv6 /64 */
    LINK_WASTE_US_PER_S = 80000, /* the same once so much work was wasted on Initials of nobody */
    LINK_IDLE_MS = 45000,
    LINK_KEEPALIVE_MS = 15000, /* the dialler sends something at least so often; see
                                  link_hub_keepalive */
    LINK_SILENCE_MS = 1000,
    LINK_RESET_CID_SIZE = 8,
    LINK_PACKET_SIZE_MAX = 8952, /* UDP payload of a 9000-byte path, IPv6 */
    LINK_SPKI_SIZE = 32,         /* SHA-256 of a certificate's SubjectPublicKeyInfo */
    LINK_TLS_SEED_SIZE = 32,
    LINK_REWARDS_MAX = 4,
};

/** The roles of a dialler, as its Hello tells them: bits. */
enum {
    LINK_ROLE_HOST = 1,
    LINK_ROLE_RELAY = 2,
};

/** Where an application may reward a relay. */
struct link_reward {
    const char *chain, *address, *identity; /* identity: "" if there is none */
};

/** Bits of capabilities. */
enum {
    LINK_CAPABILITY_RELAYS = 1, /* sessions of relays are neighbours, and no hosts */
    LINK_CAPABILITY_OPEN = 2,   /* strangers are served, too */
};

/** What a server tells in its Hello, beyond its key. The pointers are borrowed until the hub is
 * freed or link_hub_set_hello replaces them. */
struct link_hello {
    uint64_t capabilities;
    const uint8_t *node_record; /* node_record_size bytes, NULL if none */
    size_t node_record_size;
    const uint8_t *delegation; /* signed record "entry delegation", NULL if none */
    size_t delegation_size;
    const struct link_reward *rewards; /* rewards_count of them, LINK_REWARDS_MAX at most */
    size_t rewards_count;
    uint32_t session_max;
};

/** One row of the reset ledger: where the peer of an open session is reached. The rows lie in
 * memory that outlives a crash, one for each connection. Zeroed rows are an empty ledger. */
struct link_reset_row {
    struct endpoint local, remote;
    uint8_t cid[LINK_RESET_CID_SIZE];
    uint8_t used; /* 1: written in full */
};

/**
 * The port by which a host's Hello gets its attachment: who owns the hub signs one for the relay
 * that it has reached, if that is to be a home relay of this host. `dialled` is what link_hub_dial
 * gave. Returns the size of the signed record, 0 for none. It must not call the hub.
 */
struct link_attachments {
    void *context;
    size_t (*make)(void *context, struct handle dialled, const uint8_t relay_key[KEY_SIZE],
                   uint8_t out[RECORD_OTHER_SIGNED_SIZE_MAX]);
};

struct link_config {
    const struct identity *identity;      /* borrowed, outlives the hub */
    bool server;                          /* accept connections */
    struct link_hello hello;              /* server only */
    uint8_t reset_secret[32];             /* for stateless resets: the same after a restart */
    uint8_t tls_seed[LINK_TLS_SEED_SIZE]; /* server: secret; the certificate's key is made of it,
                                             so that it is the same after a restart */
    struct link_attachments attachments;  /* make is NULL: no Hello bears one */
    uint32_t connection_max;              /* cap of all connections */
    size_t queue_bytes_max;               /* datagrams waiting in all; 0: LINK_HUB_QUEUE_BYTES */
    struct link_reset_row *ledger; /* server: ledger_capacity rows, borrowed; NULL: none. Each
                                     peer in it is told that its session is gone */
    uint32_t ledger_capacity;
};

/** Whom a dialler expects at the other end. */
enum link_want {
    LINK_WANT_RELAY,  /* the relay's own key is `key` */
    LINK_WANT_ZIGLAN, /* its Hello holds a delegation signed by the ziglan key `key` */
};

enum link_event_type {
    LINK_EVENT_OPEN,     /* both Hellos verified: peer, hello */
    LINK_EVENT_CONTROL,  /* data/size: one encoded Control that is not a Hello */
    LINK_EVENT_DATAGRAM, /* data/size: payload of one HTTP datagram, kind byte first */
    LINK_EVENT_REQUEST,  /* an HTTP request of a foreign client: request */
    LINK_EVENT_MOVED,    /* accepted: the peer's address changed; `remote` is the new one */
    LINK_EVENT_STALLED,  /* dialled, or a relay: the peer owes an answer for so long that it may be
                            dead. The  session goes on if one comes; it is wise to dial another */
    LINK_EVENT_REVIVED,  /* the same: the answer came after all, so STALLED holds no longer */
    LINK_EVENT_CLOSED,   /* gone: reason; the last event of this handle */
};

/** Who is at the other end, as its Hello says and proves. All zero before OPEN, and for a client
 * that only asks for pages. */
struct link_peer {
    uint8_t key[KEY_SIZE];
    uint8_t ziglan_key[KEY_SIZE]; /* dialled: who signed the server's valid delegation; zero if it
                                     has none */
    struct endpoint observed;     /* dialled: our address as the server sees it */
    uint64_t capabilities;        /* dialled: the server's */
    uint64_t server_time_ms;      /* dialled: its wall clock when it said its Hello */
    uint32_t roles;               /* accepted: the client's */
};

/** An HTTP request of a foreign client. */
struct link_request {
    int64_t stream_id; /* for link_hub_respond */
    char method[16];   /* NUL-terminated */
    char path[256];    /* NUL-terminated; the link itself answered 414 to longer ones */
};

/** One event. All pointers are borrowed, see link_hub_event. */
struct link_event {
    enum link_event_type type;
    struct handle handle;
    enum link_reason reason; /* CLOSED */
    bool dialled;            /* this hub dialled it */
    struct endpoint remote;
    const uint8_t *data; /* size bytes, NULL if none */
    size_t size;
    const struct link_peer *peer;       /* never NULL */
    const Ziglan__Hello *hello;         /* OPEN: all that the peer says of itself, else NULL. The
                                           delegation in it is valid only if peer->ziglan_key is not
                                           zero; other records and texts nobody has checked */
    const struct link_request *request; /* REQUEST, else NULL */
};

/** Counters for metrics and tests; all only grow, except the two gauges. */
/* tidy-ok: struct-fields one flat list of counters, as the metrics print them */
struct link_stats {
    uint64_t accepted, dialled, opened, closed, retry_sent, reset_sent, version_sent;
    uint64_t resets_told; /* peers in the ledger that were told that their session is gone */
    uint64_t refused_half_open, refused_per_addr, refused_connections, refused_noise;
    uint64_t dgram_sent, dgram_received, dgram_capsule_sent, dgram_dropped_queue;
    uint64_t control_sent, control_received, protocol_errors, auth_failures, http_requests;
    uint32_t connections, half_open; /* gauges */
};

/**
 * Start what the whole process shares: wolfSSL with env (kept) as its source of randomness, and the
 * self-test that decides which AEADs may be offered. Before any hub. A second call needs a
 * link_library_fini before it; a simulator does that for each run, so that wolfSSL starts from the
 * new seed. ERR_SYSTEM if wolfSSL does not start or no AEAD passes.
 */
int link_library_init(const struct env *env) MUST_CHECK;

/** End it. All hubs must be gone. */
void link_library_fini(void);

/** The TLS 1.3 cipher suites that passed the self-test and are offered, separated by colons; empty
 * before link_library_init. */
const char *link_aead_list(void);

/** Make a hub. cfg is copied; what it points to, and env, are borrowed for the hub's life.
 * ERR_NOMEM or ERR_SYSTEM leaves *out NULL. */
int link_hub_new(struct link_hub **out, const struct link_config *cfg, const struct env *env,
                 struct mono now) MUST_CHECK;

/** Free it with all its sessions: their peers hear nothing, and no event follows. NULL is fine. */
void link_hub_free(struct link_hub *hub);

/** Replace what the server says in its Hello to sessions that open from now on. */
void link_hub_set_hello(struct link_hub *hub, const struct link_hello *hello);

/** Read one UDP payload, any content, including hostile; what is not QUIC is dropped. Packets that
 * answer it without a connection (Retry, Version Negotiation, stateless reset) wait for the next
 * transmit. */
void link_hub_receive(struct link_hub *hub, const struct dgram *in, struct mono now);

/** Do what is due: idle and handshake timeouts, loss recovery, stalls. */
void link_hub_expire(struct link_hub *hub, struct mono now);

/** Append to the outbox what is to be sent, as much as its room and the congestion windows allow. A
 * packet is begun only while LINK_PACKET_SIZE_MAX bytes are free, so an outbox must hold as many.
 */
void link_hub_transmit(struct link_hub *hub, struct outbox *out, struct mono now);

/** When to call expire and transmit again: at once (not later than the `now` of the last call)
 * while output waits, MONO_NEVER if nothing is to come. */
struct mono link_hub_deadline(const struct link_hub *hub);

/**
 * Poll one event; false if there is none, and out is not written.
 *
 * What out points to is borrowed. It stays valid during link_hub_control, link_hub_datagram,
 * link_hub_respond and link_hub_close, and the functions that only ask (with a const hub). Any
 * other function of this hub ends it.
 */
bool link_hub_event(struct link_hub *hub, struct link_event *out);

/** Whom to dial, and as whom. Everything is borrowed for the call. */
struct link_dial {
    struct endpoint local;   /* source of its packets; an ip of zeros: the kernel chooses */
    struct endpoint remote;  /* the server's address */
    const char *server_name; /* for SNI and :authority; NULL: no SNI, and `remote` as :authority */
    enum link_want want;
    const uint8_t *key;  /* KEY_SIZE bytes: what `want` says */
    uint32_t roles;      /* LINK_ROLE_HOST, LINK_ROLE_RELAY, or both */
    const uint8_t *spki; /* LINK_SPKI_SIZE bytes from a valid node record of the wanted relay, or
                            NULL. If the certificate has it, our Hello does not wait for the
                            server's; another one is no error. Only with LINK_WANT_RELAY */
};

/**
 * Dial a server. Either OPEN follows or CLOSED; after OPEN, CLOSED follows one day, too.
 *
 * out  the handle, written only on ERR_OK
 *
 * ERR_LIMIT if the hub has connection_max of them (counted), memory for one more is out, or the
 * name is no DNS name by its length; ERR_NOMEM. No event follows an error.
 */
int link_hub_dial(struct link_hub *hub, struct handle *out, const struct link_dial *dial,
                  struct mono now) MUST_CHECK;

/** What a node record says of a server hub's certificate: SHA-256 of its SubjectPublicKeyInfo. */
void link_hub_spki(const struct link_hub *hub, uint8_t out[LINK_SPKI_SIZE]);

/** From now on a server hub shows this certificate to who asks for a name in it (SNI), such as a
 * browser; NULL: to nobody. All others see the hub's own one, which link_hub_spki tells of.
 * Borrowed for the call. Anything but LINK_CERTIFICATE_FINE changes nothing. */
enum link_certificate_problem link_hub_certificate(struct link_hub *hub,
                                                   const struct link_certificate *certificate);

/** When it ends, in ms since 1970 UTC; 0: there is none. */
uint64_t link_hub_certificate_end(const struct link_hub *hub);

/** Queue a copy of one encoded Control. ERR_DROP if the session is not open, or if size is 0 or
 * above CONTROL_SIZE_MAX. ERR_LIMIT if the peer lets too much pile up or memory is out: the session
 * has then ended, and CLOSED(LIMIT) follows. */
int link_hub_control(struct link_hub *hub, struct handle handle, const uint8_t *data,
                     size_t size) MUST_CHECK;

/**
 * Queue a copy of one HTTP datagram, head || body, so that a relay can put a head before what it
 * forwards. One that is larger than link_hub_datagram_size when its turn comes travels as a
 * DATAGRAM capsule (counted). False if it was dropped (counted): the session is not open, a queue
 * is full, the datagram is larger than any capsule, or memory is out.
 */
bool link_hub_datagram(struct link_hub *hub, struct handle handle, const uint8_t *head,
                       size_t head_size, const uint8_t *body, size_t body_size);

/** Answer a REQUEST. body is copied, and cut behind LINK_HTTP_BODY_SIZE_MAX bytes; content_type may
 * be NULL. Nothing happens if the client went or the request was answered. */
void link_hub_respond(struct link_hub *hub, struct handle handle, int64_t stream_id, int status,
                      const char *content_type, const void *body, size_t size);

/** Before the end of a server: close all connections that are left, also those that are no session
 * yet, with this code and text as link_hub_close, and take no more. */
void link_hub_shut(struct link_hub *hub, uint64_t code, const char *text, struct mono now);

/** Forget all connections with their keys, without a word to their peers, in a copy of this
 * machine's memory. CLOSED(RESET) follows for each that was announced. */
void link_hub_forget(struct link_hub *hub, struct mono now);

/** Close with an HTTP/3 error code and a short text (copied), behind what was queued before as far
 * as one burst takes it. CLOSED(LOCAL) follows. Nothing happens if the handle is stale. */
void link_hub_close(struct link_hub *hub, struct handle handle, uint64_t code, const char *text,
                    struct mono now);

/** Go on from another local address by QUIC migration (RFC 9000, section 9), because the network
 * changed. Only a dialled connection does. The peer is asked for an answer at once, as by
 * link_hub_ping. */
void link_hub_migrate(struct link_hub *hub, struct handle handle, const struct endpoint *local,
                      struct mono now);

/** Ask the peer of a dialled connection for an answer at once. If none comes within half a second,
 * or three round trips where that is longer, STALLED follows. */
void link_hub_ping(struct link_hub *hub, struct handle handle, struct mono now);

/** Let a dialled connection send something at least each `ms` from now on, instead of each
 * LINK_KEEPALIVE_MS. */
void link_hub_keepalive(struct link_hub *hub, struct handle handle, uint32_t ms, struct mono now);

/** Largest HTTP datagram payload (kind byte included) that now travels without a capsule; 0 for a
 * stale handle. */
size_t link_hub_datagram_size(const struct link_hub *hub, struct handle handle);

/** Bytes of datagrams that wait in this session for its congestion window, at most
 * LINK_SESSION_QUEUE_BYTES; 0 for a stale handle. */
size_t link_hub_datagrams_waiting(const struct link_hub *hub, struct handle handle);

/** Bytes on the session's stream that its peer has not acknowledged; 0 for a stale handle. Whoever
 * has many messages to send looks here first, because link_hub_control ends a session in which too
 * much waits. */
size_t link_hub_control_waiting(const struct link_hub *hub, struct handle handle);

/** Smoothed round trip time in ns, 0 if unknown or stale. */
uint64_t link_hub_rtt_ns(const struct link_hub *hub, struct handle handle);

/** When this session's peer was last heard of; zero if the handle is stale. */
struct mono link_hub_heard_at(const struct link_hub *hub, struct handle handle);

/** For how long nothing had come before its peer was heard again last; silences below
 * LINK_SILENCE_MS do not count. 0: there was none, or the handle is stale. */
uint64_t link_hub_silence_ms(const struct link_hub *hub, struct handle handle);

/** Since when the peer of a session that tells STALLED owes an answer; MONO_NEVER if it owes none,
 * or the handle is stale. */
struct mono link_hub_unanswered_since(const struct link_hub *hub, struct handle handle);

/** The hub's counters, borrowed for its life. */
const struct link_stats *link_hub_stats(const struct link_hub *hub);
