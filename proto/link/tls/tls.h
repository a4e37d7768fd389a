/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS 1.3 for QUIC by wolfSSL: one context for accepting and one for dialling, and a TLS session
 * for each connection until it is open. ALPN h3, no tickets, no early data. Certificates are not
 * checked by us: the ends prove themselves by their Hellos, which sign the exporter value of this
 * TLS session.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/link/tls/cert.h"
#include "proto/link/tls/named_cert.h"

#include <stdbool.h>
#include <stdint.h>

#include <ngtcp2/ngtcp2_crypto.h>

struct WOLFSSL;
struct WOLFSSL_CTX;

enum { TLS_EXPORTER_SIZE = 32 };

struct tls {
    struct WOLFSSL_CTX *server, *client; /* server: NULL in a hub that only dials */
    uint8_t spki[CERT_SPKI_SIZE];        /* of the server's certificate */
    struct named_cert named;             /* for who asks for a name in it; may be empty */
};

/** Make the contexts; library_init comes before. The server's gets a certificate whose key is made
 * of seed (cert.h); NULL: a hub that only dials. ERR_SYSTEM leaves it empty. */
int tls_init(struct tls *tls, const uint8_t seed[CERT_SEED_SIZE], const struct env *env) MUST_CHECK;

/** From now on dialers that ask for a name (SNI) of this certificate get it; NULL: nobody does, and
 * all get the one of tls_init. The struct must not move any more. Anything but
 * LINK_CERTIFICATE_FINE changes nothing. */
enum link_certificate_problem tls_name(struct tls *tls, const struct link_certificate *files);

/** Free the contexts; all TLS sessions must be gone. Zeroed is fine, too. */
void tls_fini(struct tls *tls);

/** The TLS session of one connection. ref is kept by it and leads ngtcp2's glue back to the
 * connection. server_name goes into SNI unless it is NULL or an address. NULL if memory is out. */
struct WOLFSSL *tls_session_new(const struct tls *tls, bool server, const char *server_name,
                                ngtcp2_crypto_conn_ref *ref);

/** SHA-256 of the SubjectPublicKeyInfo in the server's certificate, at the dialler when the
 * handshake is complete: the owner of that key has signed it. ERR_SESSION if there is none. */
int tls_peer_spki(struct WOLFSSL *session, uint8_t out[CERT_SPKI_SIZE]) MUST_CHECK;

/** Free a TLS session with its secrets; NULL is fine. Never within a call of wolfSSL. */
void tls_session_free(struct WOLFSSL *session);

/** The exporter value that a Hello signs (docs/protocol.md, section 3; RFC 8446, section 7.5).
 * ERR_SESSION before the handshake is complete. */
int tls_export(struct WOLFSSL *session, uint8_t out[TLS_EXPORTER_SIZE]) MUST_CHECK;
