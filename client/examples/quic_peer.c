/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Callbacks, TLS and transport parameters. */
#include "quic_peer.h" /* tidy-ok: layers the two are compiled side by side, anywhere */

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <netinet/in.h>
#include <ngtcp2/ngtcp2_crypto_wolfssl.h>
#include <string.h>

enum { WINDOW = 1 << 20, CID_SIZE = 8 };

static struct sockaddr_in6 place = {.sin6_family = AF_INET6, .sin6_port = 1};
ngtcp2_path quic_peer_path = {
    {(ngtcp2_sockaddr *)&place, sizeof(place)}, {(ngtcp2_sockaddr *)&place, sizeof(place)}, NULL};

static void on_random(uint8_t *bytes, size_t size, const ngtcp2_rand_ctx *context)
{
    (void)context;
    wolfSSL_RAND_bytes(bytes, (int)size);
}

static int on_id(ngtcp2_conn *conn, ngtcp2_cid *cid, uint8_t *token, size_t size, void *user)
{
    (void)conn, (void)user;
    cid->datalen = size;
    on_random(cid->data, size, NULL);
    on_random(token, NGTCP2_STATELESS_RESET_TOKENLEN, NULL);
    return 0;
}

/* The certificate must be of the key that was met. */
static int on_handshake(ngtcp2_conn *conn, void *user)
{
    struct quic_peer *quic = user;
    WOLFSSL_X509 *x509 = wolfSSL_get_peer_certificate(ngtcp2_conn_get_tls_native_handle(conn));
    uint8_t key[STUN2_KEY_SIZE];
    int size = 0;
    const uint8_t *der = x509 == NULL ? NULL : wolfSSL_X509_get_der(x509, &size);

    quic->proved = der != NULL && stun2_certificate_key(key, der, (size_t)size) == STUN2_OK &&
                   memcmp(key, quic->key, sizeof(key)) == 0;
    wolfSSL_X509_free(x509);
    return quic->proved ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

static ngtcp2_conn *conn_of(ngtcp2_crypto_conn_ref *ref)
{
    return ((struct quic_peer *)ref->user_data)->conn;
}

static int accept_any(int ok, WOLFSSL_X509_STORE_CTX *store)
{
    (void)ok, (void)store;
    return 1; /* on_handshake looks at it */
}

/* A TLS session with the agent's certificate; it wants one of the other side, too. */
static WOLFSSL *session_new(struct quic_peer *quic, const struct stun2 *agent, int server)
{
    WOLFSSL_CTX *tls =
        wolfSSL_CTX_new(server ? wolfTLSv1_3_server_method() : wolfTLSv1_3_client_method());
    uint8_t certificate[STUN2_CERTIFICATE_SIZE], key[STUN2_PRIVATE_KEY_SIZE];
    char alpn[] = "echo";
    WOLFSSL *session;

    stun2_certificate(agent, certificate, key);
    wolfSSL_CTX_use_certificate_buffer(tls, certificate, sizeof(certificate), SSL_FILETYPE_ASN1);
    wolfSSL_CTX_use_PrivateKey_buffer(tls, key, sizeof(key), SSL_FILETYPE_ASN1);
    explicit_bzero(key, sizeof(key));
    wolfSSL_CTX_set_verify(tls, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           accept_any);
    if (server ? ngtcp2_crypto_wolfssl_configure_server_context(tls) != 0
               : ngtcp2_crypto_wolfssl_configure_client_context(tls) != 0) {
        return NULL;
    }
    session = wolfSSL_new(tls);
    wolfSSL_CTX_free(tls); /* the session keeps it */
    quic->ref = (ngtcp2_crypto_conn_ref){.get_conn = conn_of, .user_data = quic};
    wolfSSL_set_app_data(session, &quic->ref);
    wolfSSL_UseALPN(session, alpn, sizeof(alpn) - 1, WOLFSSL_ALPN_FAILED_ON_MISMATCH);
    server ? wolfSSL_set_accept_state(session) : wolfSSL_set_connect_state(session);
    return session;
}

int quic_peer_begin(struct quic_peer *quic, const struct stun2 *agent,
                    const uint8_t key[STUN2_KEY_SIZE], const ngtcp2_pkt_hd *first,
                    ngtcp2_recv_stream_data on_stream, uint64_t now)
{
    const ngtcp2_callbacks callbacks = {
        .client_initial = ngtcp2_crypto_client_initial_cb,
        .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
        .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
        .recv_retry = ngtcp2_crypto_recv_retry_cb,
        .encrypt = ngtcp2_crypto_encrypt_cb,
        .decrypt = ngtcp2_crypto_decrypt_cb,
        .hp_mask = ngtcp2_crypto_hp_mask_cb,
        .update_key = ngtcp2_crypto_update_key_cb,
        .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
        .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
        .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
        .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
        .get_new_connection_id = on_id,
        .rand = on_random,
        .handshake_completed = on_handshake,
        .recv_stream_data = on_stream,
    };
    ngtcp2_cid own = {.datalen = CID_SIZE}, other = {.datalen = CID_SIZE};
    ngtcp2_transport_params params;
    ngtcp2_settings settings;
    WOLFSSL *session = session_new(quic, agent, first != NULL);
    int rc;

    memcpy(quic->key, key, sizeof(quic->key));
    ngtcp2_settings_default(&settings);
    settings.initial_ts = now;
    ngtcp2_transport_params_default(&params);
    params.initial_max_streams_bidi = 1;
    params.initial_max_data = WINDOW;
    params.initial_max_stream_data_bidi_local = WINDOW;
    params.initial_max_stream_data_bidi_remote = WINDOW;
    on_random(own.data, own.datalen, NULL);
    on_random(other.data, other.datalen, NULL);
    if (session == NULL) {
        return -1;
    }
    if (first != NULL) {
        params.original_dcid = first->dcid;
        params.original_dcid_present = 1;
        rc = ngtcp2_conn_server_new(&quic->conn, &first->scid, &own, &quic_peer_path,
                                    first->version, &callbacks, &settings, &params, NULL, quic);
    } else {
        rc = ngtcp2_conn_client_new(&quic->conn, &other, &own, &quic_peer_path, NGTCP2_PROTO_VER_V1,
                                    &callbacks, &settings, &params, NULL, quic);
    }
    if (rc != 0) {
        return -1;
    }
    ngtcp2_conn_set_tls_native_handle(quic->conn, session);
    return 0;
}
