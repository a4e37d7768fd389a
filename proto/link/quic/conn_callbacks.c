/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each callback notes what happened; conn_settle.c does what follows from it. HTTP/3 is fed at
 * once, because it belongs to this connection alone and calls nobody but its own callbacks. */
#include "proto/link/quic/conn_callbacks.h"

#include "proto/link/quic/address.h"
#include "proto/link/quic/conn_moves.h"
#include "proto/link/quic/conn_received.h"
#include "proto/link/quic/conn_state.h"
#include "proto/link/quic/h3.h"
#include "proto/link/tls/packet_aead.h"

#include <string.h>

enum { ALERT_UNEXPECTED_MESSAGE = 10 }; /* RFC 8446, section 6.2 */

ngtcp2_conn *conn_of_ref(ngtcp2_crypto_conn_ref *ref)
{
    struct link_conn *c = ref->user_data;

    return c->quic;
}

/* What a callback returns to ngtcp2: an error once the connection is to end, so that it stops
 * reading. */
static int verdict(const struct link_conn *c, int rc)
{
    return rc == ERR_OK && c->h3.end.reason == LINK_REASON_NONE &&
                   c->session.state != SESSION_STATE_ENDED
               ? 0
               : NGTCP2_ERR_CALLBACK_FAILURE;
}

static void on_rand(uint8_t *out, size_t size, const ngtcp2_rand_ctx *context)
{
    const struct conn_shared *shared = context->native_handle;

    env_random(shared->env, out, size);
}

static int on_new_cid(ngtcp2_conn *quic, ngtcp2_cid *cid, ngtcp2_stateless_reset_token *token,
                      size_t size, void *user)
{
    struct link_conn *c = user;

    (void)quic;
    cid->datalen = size;
    env_random(c->shared->env, cid->data, size);
    answer_reset_token(&c->shared->answers, cid->data, size, token);
    return hub_cid_add(&c->shared->tables, c, &c->ids, cid->data, size) == ERR_OK
               ? 0
               : NGTCP2_ERR_CALLBACK_FAILURE;
}

static int on_remove_cid(ngtcp2_conn *quic, const ngtcp2_cid *cid, void *user)
{
    struct link_conn *c = user;

    (void)quic;
    hub_cid_remove(&c->shared->tables, &c->ids, cid->data, cid->datalen);
    return 0;
}

/* A connection id of the peer comes into use or goes out of use, and with it the reset token by
 * which the peer can end the connection. */
static int on_dcid_status(ngtcp2_conn *quic, ngtcp2_connection_id_status_type type, uint64_t seq,
                          const ngtcp2_cid *cid, const ngtcp2_stateless_reset_token *token,
                          void *user)
{
    struct link_conn *c = user;

    (void)quic;
    (void)seq;
    (void)cid;
    if (token == NULL) {
        return 0;
    }
    if (type == NGTCP2_CONNECTION_ID_STATUS_TYPE_ACTIVATE) {
        hub_reset_add(&c->shared->tables, c, &c->ids, token);
    } else if (type == NGTCP2_CONNECTION_ID_STATUS_TYPE_DEACTIVATE) {
        hub_reset_remove(&c->shared->tables, &c->ids, token);
    }
    return 0;
}

static int on_challenge(ngtcp2_conn *quic, ngtcp2_path_challenge_data *data, void *user)
{
    struct link_conn *c = user;

    (void)quic;
    env_random(c->shared->env, data->data, sizeof(data->data));
    return 0;
}

/*
 * Bytes of TLS. A handshake ends within the levels INITIAL and HANDSHAKE. At the level 1RTT a
 * server could only send tickets, which a client may ignore (RFC 8446, section 4.6.1); a client has
 * nothing to send there. So an open session needs no TLS. Repetitions of what was read do not come
 * here.
 */
static int on_crypto(ngtcp2_conn *quic, ngtcp2_encryption_level level, uint64_t offset,
                     const uint8_t *data, size_t size, void *user)
{
    struct link_conn *c = user;

    if (level == NGTCP2_ENCRYPTION_LEVEL_1RTT && c->carrier.dialled) {
        return 0;
    }
    if (level == NGTCP2_ENCRYPTION_LEVEL_1RTT || c->tls.session == NULL ||
        !tls_scan_allows(&c->tls.scan, level, data, size)) {
        ngtcp2_conn_set_tls_alert(quic, ALERT_UNEXPECTED_MESSAGE);
        return NGTCP2_ERR_CRYPTO;
    }
    return ngtcp2_crypto_recv_crypto_data_cb(quic, level, offset, data, size, user);
}

/* Keys are there. With those for application data HTTP can begin. */
static int on_app_key(ngtcp2_conn *quic, ngtcp2_encryption_level level, void *user)
{
    struct link_conn *c = user;

    (void)quic;
    return level == NGTCP2_ENCRYPTION_LEVEL_1RTT ? verdict(c, h3_start(&c->h3, c->quic)) : 0;
}

static int on_handshake_completed(ngtcp2_conn *quic, void *user)
{
    struct link_conn *c = user;

    (void)quic;
    if (c->phase == CONN_PHASE_HANDSHAKE) {
        c->phase = CONN_PHASE_HELLO;
    }
    return 0;
}

static int on_stream_data(ngtcp2_conn *quic, uint32_t flags, int64_t id, uint64_t offset,
                          const uint8_t *data, size_t size, void *user, void *stream)
{
    struct link_conn *c = user;

    (void)quic;
    (void)offset;
    (void)stream;
    return verdict(c, h3_read(&c->h3, id, data, size, (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0,
                              c->shared->now));
}

static int on_stream_acked(ngtcp2_conn *quic, int64_t id, uint64_t offset, uint64_t size,
                           void *user, void *stream)
{
    struct link_conn *c = user;

    (void)quic;
    (void)offset;
    (void)stream;
    return verdict(c, h3_on_ack(&c->h3, id, size));
}

static int on_stream_close(ngtcp2_conn *quic, uint32_t flags, int64_t id, uint64_t code, void *user,
                           void *stream)
{
    struct link_conn *c = user;
    int rc;

    (void)stream;
    if ((flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET) == 0) {
        code = H3_NO_ERROR;
    }
    rc = h3_on_close(&c->h3, id, code);
    if (!c->carrier.dialled && ngtcp2_is_bidi_stream(id)) {
        ngtcp2_conn_extend_max_streams_bidi(quic, 1);
    }
    return verdict(c, rc);
}

static int on_stream_reset(ngtcp2_conn *quic, int64_t id, uint64_t final_size, uint64_t code,
                           void *user, void *stream)
{
    struct link_conn *c = user;

    (void)quic;
    (void)final_size;
    (void)code;
    (void)stream;
    return verdict(c, h3_on_reset(&c->h3, id));
}

static int on_stop_sending(ngtcp2_conn *quic, int64_t id, uint64_t code, void *user, void *stream)
{
    struct link_conn *c = user;

    (void)quic;
    (void)code;
    (void)stream;
    return verdict(c, h3_on_reset(&c->h3, id));
}

static int on_stream_window(ngtcp2_conn *quic, int64_t id, uint64_t max, void *user, void *stream)
{
    struct link_conn *c = user;

    (void)quic;
    (void)max;
    (void)stream;
    return verdict(c, h3_on_window(&c->h3, id));
}

/* The client may now have made `max` requests since the beginning. nghttp3 must know, because it
 * takes a PRIORITY_UPDATE for a request beyond them as an error. */
static int on_streams_more(ngtcp2_conn *quic, uint64_t max, void *user)
{
    struct link_conn *c = user;

    (void)quic;
    if (c->h3.http != NULL) {
        nghttp3_conn_set_max_client_streams_bidi(c->h3.http, max);
    }
    return 0;
}

/* A datagram of another request, or one that comes before the session has a stream, is dropped, as
 * RFC 9297, section 2.1, allows. So is one whose quarter stream id is not in its shortest form,
 * which is the only one that our peers send. */
static int on_datagram(ngtcp2_conn *quic, uint32_t flags, const uint8_t *data, size_t size,
                       void *user)
{
    struct link_conn *c = user;
    struct inbox *inbox = &c->shared->inbox;
    int rc = ERR_OK;

    (void)quic;
    (void)flags;
    if (c->h3.session == NULL || c->prefix_size == 0 || size <= c->prefix_size ||
        memcmp(data, c->prefix, c->prefix_size) != 0) {
        return 0;
    }
    data += c->prefix_size;
    size -= c->prefix_size;
    if (inbox_empty(inbox)) {
        link_session_on_datagram(&c->session, data, size); /* nothing waits before it: no copy */
    } else {
        rc = inbox_put(inbox, true, data, size);
    }
    return verdict(c, rc);
}

/* The id is the one that path_size_id gave; 0 for small packets. */
static int on_datagram_acked(ngtcp2_conn *quic, uint64_t id, void *user)
{
    struct link_conn *c = user;

    path_size_on_ack(&c->path.size, id, ngtcp2_conn_get_path_max_tx_udp_payload_size2(quic),
                     c->shared->now);
    return 0;
}

static int on_datagram_lost(ngtcp2_conn *quic, uint64_t id, void *user)
{
    struct link_conn *c = user;

    (void)quic;
    if (id != 0) {
        path_size_on_loss(&c->path.size, id, conn_packets_received(c), c->shared->now);
    }
    return 0;
}

static int on_reset(ngtcp2_conn *quic, const ngtcp2_pkt_stateless_reset2 *reset, void *user)
{
    struct link_conn *c = user;

    (void)quic;
    (void)reset;
    h3_end_later(&c->h3, LINK_REASON_RESET, H3_NO_ERROR, "reset");
    return 0;
}

/* The client has proved a new address: from now on packets go there. */
static int on_path_validation(ngtcp2_conn *quic, uint32_t flags, const ngtcp2_path *path,
                              const ngtcp2_path *fallback, ngtcp2_path_validation_result result,
                              void *user)
{
    struct link_conn *c = user;

    (void)quic;
    (void)flags;
    (void)fallback;
    if (result == NGTCP2_PATH_VALIDATION_RESULT_SUCCESS) {
        conn_moves_follow(c, path);
    }
    return 0;
}

#if OLDER_QUIC
static int on_new_cid_bytes(ngtcp2_conn *quic, ngtcp2_cid *cid, uint8_t *token, size_t size,
                            void *user)
{
    ngtcp2_stateless_reset_token made;
    int rv = on_new_cid(quic, cid, &made, size, user);

    memcpy(token, made.data, sizeof(made.data));
    return rv;
}

static int on_dcid_status_bytes(ngtcp2_conn *quic, ngtcp2_connection_id_status_type type,
                                uint64_t seq, const ngtcp2_cid *cid, const uint8_t *token,
                                void *user)
{
    ngtcp2_stateless_reset_token copy;

    if (token == NULL) {
        return 0;
    }
    memcpy(copy.data, token, sizeof(copy.data));
    return on_dcid_status(quic, type, seq, cid, &copy, user);
}

static int on_challenge_bytes(ngtcp2_conn *quic, uint8_t *data, void *user)
{
    ngtcp2_path_challenge_data made;
    int rv = on_challenge(quic, &made, user);

    memcpy(data, made.data, sizeof(made.data));
    return rv;
}

static int on_open(uint8_t *dest, const ngtcp2_crypto_aead *aead, const ngtcp2_crypto_aead_ctx *ctx,
                   const uint8_t *sealed, size_t sealed_size, const uint8_t *nonce,
                   size_t nonce_size, const uint8_t *header, size_t header_size)
{
    int rv = packet_aead_open(dest, aead, ctx, sealed, sealed_size, nonce, nonce_size, header,
                              header_size);

    if (rv == 0) {
        conn_received_on_open();
    }
    return rv;
}

#define packet_aead_open on_open
#define on_new_cid on_new_cid_bytes
#define on_dcid_status on_dcid_status_bytes
#define on_challenge on_challenge_bytes
#endif

#define CALLBACKS_COMMON                                                                           \
    .recv_crypto_data = on_crypto, .encrypt = packet_aead_seal, .decrypt = packet_aead_open,       \
    .hp_mask = ngtcp2_crypto_hp_mask_cb, .update_key = ngtcp2_crypto_update_key_cb,                \
    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,                             \
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,                         \
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb, .rand = on_rand,                  \
    .get_new_connection_id2 = on_new_cid, .remove_connection_id = on_remove_cid,                   \
    .get_path_challenge_data2 = on_challenge, .handshake_completed = on_handshake_completed,       \
    .recv_stream_data = on_stream_data, .acked_stream_data_offset = on_stream_acked,               \
    .stream_close = on_stream_close, .stream_reset = on_stream_reset,                              \
    .stream_stop_sending = on_stop_sending, .extend_max_stream_data = on_stream_window,            \
    .recv_datagram = on_datagram, .ack_datagram = on_datagram_acked,                               \
    .lost_datagram = on_datagram_lost, .recv_stateless_reset2 = on_reset,                          \
    .path_validation = on_path_validation

const ngtcp2_callbacks conn_client_callbacks = {
    CALLBACKS_COMMON,
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_retry = ngtcp2_crypto_recv_retry_cb,
    .recv_rx_key = on_app_key,
    .dcid_status2 = on_dcid_status,
};

const ngtcp2_callbacks conn_server_callbacks = {
    CALLBACKS_COMMON,
    .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
    .recv_tx_key = on_app_key,
    .extend_max_remote_streams_bidi = on_streams_more,
};
