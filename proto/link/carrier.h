/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The port between a session and what carries it: one stream of bytes in order, datagrams that may
 * be lost, and a value that only the two ends of the encryption know. QUIC with HTTP/3 is one
 * carrier (quic/conn_carrier.c); TLS over TCP with HTTP/2 is to be another, whose datagrams all
 * travel as capsules, because its datagram_room is 0.
 *
 * Downwards a session calls the operations below. Upwards a carrier calls the functions of
 * session.h that are marked "for the carrier". It calls them when the foreign library has returned,
 * and never from within a callback of it, because they may send, close and forget TLS. The
 * exception is link_session_on_datagram: it appends an event, or ends the session if there is no
 * room for one. So `close` must be safe within a callback.
 */
#pragma once

#include "proto/link/link.h"
#include "proto/net/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CARRIER_EXPORTER_SIZE = 32 };

struct carrier;

/** Why a session ends its carrier; each carrier has an error code of its protocol for each. */
enum carrier_fault {
    CARRIER_FAULT_INTERNAL, /* ours */
    CARRIER_FAULT_PROTOCOL, /* the peer broke a rule */
    CARRIER_FAULT_LOAD,     /* the peer lets too much pile up */
    CARRIER_FAULT_REJECTED, /* the peer is not whom we want */
};

struct carrier_ops {
    /** Append a copy of head || body to the stream. ERR_SESSION if there is no stream, ERR_NOMEM.
     */
    int (*put)(struct carrier *carrier, const void *head, size_t head_size, const void *body,
               size_t body_size);

    /** Bytes of the stream that the peer has not acknowledged yet. */
    size_t (*waiting)(const struct carrier *carrier);

    /** The session has a datagram to send: ask for it (link_session_next_datagram) at the next
     * transmit. */
    void (*wake)(struct carrier *carrier);

    /** Largest payload that travels as a datagram now; 0: none does. */
    size_t (*datagram_room)(const struct carrier *carrier);

    /** The value that only the two ends of this encryption know (RFC 8446, section 7.5; label
     * EXPORTER-stun2). ERR_SESSION before the handshake is complete and after `opened`. */
    int (*exporter)(struct carrier *carrier, uint8_t out[CARRIER_EXPORTER_SIZE]);

    /** SHA-256 of the SubjectPublicKeyInfo in the server's certificate, whose key has signed this
     * handshake. Dialled only, and when the exporter value is there. ERR_SESSION if it has none. */
    int (*peer_spki)(struct carrier *carrier, uint8_t out[LINK_SPKI_SIZE]);

    /** Both Hellos are verified: the carrier may spend more on this peer, and no longer needs the
     * exporter value. */
    void (*opened)(struct carrier *carrier);

    /** Smoothed round trip time in ns, 0 if unknown. */
    uint64_t (*rtt_ns)(const struct carrier *carrier);

    /** End it: the carrier calls link_session_end(reason) before it returns, and tells the peer
     * fault and text (copied). Nothing happens if the session has ended. */
    void (*close)(struct carrier *carrier, enum link_reason reason, enum carrier_fault fault,
                  const char *text);
};

/** The part of a carrier that sessions see; every carrier embeds one. */
struct carrier {
    const struct carrier_ops *ops;
    bool dialled;           /* this end began it */
    struct endpoint remote; /* the peer's address as proven now */
};
