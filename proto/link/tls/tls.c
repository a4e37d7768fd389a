/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Setting up wolfSSL as QUIC and section 3 of docs/protocol.md need it. */
#include "proto/link/tls/tls.h"

#include "proto/link/certificate_look.h"
#include "proto/link/tls/cert_facts.h"
#include "proto/link/tls/library.h"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include <wolfssl/quic.h> /* an older one needs ssl.h before it */

#include <ngtcp2/ngtcp2_crypto_wolfssl.h>

#include <string.h>

#define TLS_ALPN "h3"
#define TLS_GROUPS "X25519:P-256:P-384"
#define TLS_EXPORTER_LABEL "EXPORTER-stun2"

/* What the contexts for accepting and for dialling have in common. */
static int context_setup(WOLFSSL_CTX *ctx)
{
    char groups[] = TLS_GROUPS;

    if (wolfSSL_CTX_set_cipher_list(ctx, library_ciphers()) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_set1_groups_list(ctx, groups) != WOLFSSL_SUCCESS) {
        return ERR_SYSTEM;
    }
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_NONE, NULL);
    (void)wolfSSL_CTX_set_session_cache_mode(ctx, WOLFSSL_SESS_CACHE_OFF);
    return ERR_OK;
}

/* A context for accepting, without a certificate; NULL if wolfSSL makes none. */
static WOLFSSL_CTX *server_context(void)
{
    WOLFSSL_CTX *ctx = wolfSSL_CTX_new(wolfTLSv1_3_server_method());

    if (ctx != NULL && (ngtcp2_crypto_wolfssl_configure_server_context(ctx) != 0 ||
                        context_setup(ctx) != ERR_OK || wolfSSL_CTX_no_ticket_TLSv13(ctx) != 0)) {
        wolfSSL_CTX_free(ctx);
        ctx = NULL;
    }
    return ctx;
}

static int server_setup(struct tls *tls, const uint8_t seed[CERT_SEED_SIZE], const struct env *env)
{
    struct cert cert;
    int rc = ERR_SYSTEM;

    tls->server = server_context();
    if (tls->server == NULL) {
        return ERR_SYSTEM;
    }
    if (cert_make(&cert, seed, env) != ERR_OK ||
        cert_spki(tls->spki, cert.der, cert.der_size) != ERR_OK ||
        wolfSSL_CTX_use_certificate_buffer(tls->server, cert.der, (long)cert.der_size,
                                           WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_use_PrivateKey_buffer(tls->server, cert.key, (long)cert.key_size,
                                          WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS) {
        goto out;
    }
    rc = ERR_OK;
out:
    cert_wipe(&cert);
    return rc;
}

static int client_setup(struct tls *tls)
{
    tls->client = wolfSSL_CTX_new(wolfTLSv1_3_client_method());
    if (tls->client == NULL || ngtcp2_crypto_wolfssl_configure_client_context(tls->client) != 0) {
        return ERR_SYSTEM;
    }
    return context_setup(tls->client);
}

int tls_init(struct tls *tls, const uint8_t seed[CERT_SEED_SIZE], const struct env *env)
{
    int rc;

    memset(tls, 0, sizeof(*tls));
    rc = client_setup(tls);
    if (rc == ERR_OK && seed != NULL) {
        rc = server_setup(tls, seed, env);
    }
    if (rc != ERR_OK) {
        tls_fini(tls);
    }
    return rc;
}

/* The dialler's SNI was read, and no certificate was sent yet. */
static int on_name(WOLFSSL *session, int *alert, void *context)
{
    const struct tls *tls = context;
    void *name = NULL;
    unsigned short size = wolfSSL_SNI_GetRequest(session, WOLFSSL_SNI_HOST_NAME, &name);

    (void)alert;
    if (name != NULL && named_cert_has(&tls->named, name, size)) {
        (void)wolfSSL_set_SSL_CTX(session, tls->named.context); /* without it: our own one */
    }
    return 0;
}

enum link_certificate_problem tls_name(struct tls *tls, const struct link_certificate *files)
{
    struct named_cert named = {0};
    enum link_certificate_problem problem = LINK_CERTIFICATE_FINE;

    if (files != NULL) {
        problem = named_cert_make(&named, server_context(), files);
    }
    if (problem == LINK_CERTIFICATE_FINE) {
        named_cert_free(&tls->named);
        tls->named = named;
        wolfSSL_CTX_set_servername_callback(tls->server, on_name);
        (void)wolfSSL_CTX_set_servername_arg(tls->server, tls);
    }
    return problem;
}

enum link_certificate_problem link_certificate_look(struct link_certificate_facts *out,
                                                    const struct link_certificate *files)
{
    struct named_cert named = {0};
    enum link_certificate_problem problem = named_cert_make(&named, server_context(), files);

    if (problem == LINK_CERTIFICATE_FINE) {
        *out = (struct link_certificate_facts){
            .begins_s = cert_time(wolfSSL_X509_get_notBefore(named.first)),
            .expires_s = named.expires_s,
            .named = cert_has_dns_name(named.first),
        };
    }
    named_cert_free(&named);
    return problem;
}

void tls_fini(struct tls *tls)
{
    named_cert_free(&tls->named);
    wolfSSL_CTX_free(tls->server);
    wolfSSL_CTX_free(tls->client);
    tls->server = NULL;
    tls->client = NULL;
}

/* True for what SNI may hold: names, and no addresses (RFC 6066, section 3). */
static bool is_name(const char *text)
{
    size_t size = strlen(text);

    return size > 0 && size < 256 && strchr(text, ':') == NULL &&
           strspn(text, "0123456789.") != size;
}

struct WOLFSSL *tls_session_new(const struct tls *tls, bool server, const char *server_name,
                                ngtcp2_crypto_conn_ref *ref)
{
    char alpn[] = TLS_ALPN;
    WOLFSSL *session = wolfSSL_new(server ? tls->server : tls->client);

    if (session == NULL) {
        return NULL;
    }
    wolfSSL_KeepArrays(session); /* the exporter needs a secret of the handshake */
    wolfSSL_set_app_data(session, ref);
    if (wolfSSL_UseALPN(session, alpn, (unsigned)strlen(alpn), WOLFSSL_ALPN_FAILED_ON_MISMATCH) !=
        WOLFSSL_SUCCESS) {
        goto out;
    }
    if (server) {
        wolfSSL_set_accept_state(session);
        return session;
    }
    wolfSSL_set_connect_state(session);
    if (server_name != NULL && is_name(server_name) &&
        wolfSSL_UseSNI(session, WOLFSSL_SNI_HOST_NAME, server_name,
                       (unsigned short)strlen(server_name)) != WOLFSSL_SUCCESS) {
        goto out;
    }
    return session;
out:
    wolfSSL_free(session);
    return NULL;
}

int tls_peer_spki(struct WOLFSSL *session, uint8_t out[CERT_SPKI_SIZE])
{
    WOLFSSL_X509 *cert = wolfSSL_get_peer_certificate(session);
    const unsigned char *der;
    int size = 0, rc = ERR_SESSION;

    if (cert == NULL) {
        return ERR_SESSION;
    }
    der = wolfSSL_X509_get_der(cert, &size);
    if (der != NULL && size > 0) {
        rc = cert_spki(out, der, (size_t)size);
    }
    wolfSSL_X509_free(cert);
    return rc;
}

void tls_session_free(struct WOLFSSL *session)
{
    wolfSSL_free(session);
}

int tls_export(struct WOLFSSL *session, uint8_t out[TLS_EXPORTER_SIZE])
{
    int rc = wolfSSL_export_keying_material(session, out, TLS_EXPORTER_SIZE, TLS_EXPORTER_LABEL,
                                            strlen(TLS_EXPORTER_LABEL), NULL, 0, 0);

    return rc == WOLFSSL_SUCCESS ? ERR_OK : ERR_SESSION;
}
