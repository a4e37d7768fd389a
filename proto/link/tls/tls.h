/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS 1.3 for QUIC by wolfSSL: one context for accepting, one for dialling. ALPN h3, no tickets,
 * no early data, no check of certificates (the Hello does that). The other end's proof is bound
 * to the connection by the exporter.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ngtcp2/ngtcp2_crypto.h>

struct WOLFSSL;
struct WOLFSSL_CTX;

enum { TLS_EXPORTER_SIZE = 32 };

struct tls {
    struct WOLFSSL_CTX *server, *client; /* server NULL unless asked for */
};

/** Make the contexts; a certificate is made for the server's. ERR_SYSTEM leaves it empty. */
int tls_init(struct tls *tls, bool server, const struct env *env) MUST_CHECK;
void tls_fini(struct tls *tls);

/** A session of one connection. ref (kept) leads ngtcp2's helper back to the connection.
 * server_name goes into SNI unless NULL or numeric. NULL if memory is out. */
struct WOLFSSL *tls_session_new(const struct tls *tls, bool server, const char *server_name,
                                ngtcp2_crypto_conn_ref *ref);

/** Free it and forget its secrets; NULL is legal. Never inside a call of wolfSSL. */
void tls_session_free(struct WOLFSSL *session);

/** The value that a Hello signs (label EXPORTER-stun2). ERR_SESSION before the handshake is
 * complete. */
int tls_export(struct WOLFSSL *session, uint8_t out[TLS_EXPORTER_SIZE]) MUST_CHECK;
