/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The port between a session and what carries it: one stream of bytes in order, datagrams that may
 * be lost, and a value that only the two ends of the encryption know. QUIC with HTTP/3 is one
 * carrier (quic/conn_carrier.c); TLS over TCP with HTTP/2 is to be another, whose datagrams all
 * travel as capsules, because its datagram_room is 0.
 *
 * Downwards a session calls the operations below. Upwards a carrier calls functions of session.h:
 * link_session_start when the stream exists, link_session_on_bytes and link_session_on_datagram
 * with what came, link_session_next_datagram when it writes, link_session_on_moved,
 * link_session_on_stalled, link_session_on_request, and link_session_end when it is over. It calls
 * them when the foreign library has returned, never from within its callbacks; only
 * link_session_on_datagram may be called there, which appends an event and does no more.
 */
#pragma once

#include "proto/link/link.h"
#include "proto/net/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CARRIER_EXPORTER_SIZE = 32 };

struct carrier;

/** Whose fault the end is; the carrier has an error code of its protocol for each. */
enum carrier_fault {
    CARRIER_FAULT_INTERNAL, /* ours */
    CARRIER_FAULT_PROTOCOL, /* the peer broke a rule */
    CARRIER_FAULT_LOAD,     /* the peer lets too much pile up */
    CARRIER_FAULT_REJECTED, /* the peer is not whom we want */
};

struct carrier_ops {
    /** Append head || body to the stream, copied. ERR_SESSION if there is none, ERR_NOMEM. */
    int (*put)(struct carrier *carrier, const void *head, size_t head_size, const void *body,
               size_t body_size);

    /** Bytes of the stream that the peer has not taken yet. */
    size_t (*waiting)(const struct carrier *carrier);

    /** Something stands in the session's queue of datagrams: ask for it at the next transmit. */
    void (*wake)(struct carrier *carrier);

    /** Largest payload of a datagram that would travel now, 0: none does. */
    size_t (*datagram_room)(const struct carrier *carrier);

    /** The value that both ends of this very encryption share and nobody else knows (RFC 8446,
     * section 7.5; label EXPORTER-stun2). ERR_SESSION before the handshake is complete and after
     * `opened`. */
    int (*exporter)(struct carrier *carrier, uint8_t out[CARRIER_EXPORTER_SIZE]);

    /** Both Hellos are verified: more may be given to this peer, and nobody asks for the exporter
     * again. */
    void (*opened)(struct carrier *carrier);

    /** Smoothed round trip time in ns, 0 if unknown. */
    uint64_t (*rtt_ns)(const struct carrier *carrier);

    /** End it: link_session_end follows within the call, the peer hears fault and text. Nothing
     * happens if it has ended. */
    void (*close)(struct carrier *carrier, enum link_reason reason, enum carrier_fault fault,
                  const char *text);
};

/** What every carrier begins with. */
struct carrier {
    const struct carrier_ops *ops;
    bool dialled;           /* this end began it */
    struct endpoint remote; /* the peer's address as proven now */
};
