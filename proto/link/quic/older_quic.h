/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The code is written for ngtcp2 from 1.20 and nghttp3 from 1.12 on. deploy/setup falls back to the
 * stable suite's 1.11 and 1.8 where a newer suite cannot be had; this file gives them the newer
 * names. Tokens and challenges are the same bytes there, without a struct around them.
 */
#pragma once

#include <nghttp3/nghttp3.h>
#include <ngtcp2/ngtcp2.h>

#define OLDER_QUIC (NGTCP2_VERSION_NUM < 0x011400)
#define OLDER_HTTP3 (NGHTTP3_VERSION_NUM < 0x010c00)

#if OLDER_QUIC

typedef struct {
    uint8_t data[NGTCP2_STATELESS_RESET_TOKENLEN];
} ngtcp2_stateless_reset_token;

typedef struct {
    uint8_t data[NGTCP2_PATH_CHALLENGE_DATALEN];
} ngtcp2_path_challenge_data;

typedef ngtcp2_pkt_stateless_reset ngtcp2_pkt_stateless_reset2;

#define ngtcp2_conn_get_ccerr2 ngtcp2_conn_get_ccerr
#define ngtcp2_conn_get_conn_info2 ngtcp2_conn_get_conn_info
#define ngtcp2_conn_get_dcid2 ngtcp2_conn_get_dcid
#define ngtcp2_conn_get_expiry2 ngtcp2_conn_get_expiry
#define ngtcp2_conn_get_handshake_completed2 ngtcp2_conn_get_handshake_completed
#define ngtcp2_conn_get_max_data_left2 ngtcp2_conn_get_max_data_left
#define ngtcp2_conn_get_path_max_tx_udp_payload_size2 ngtcp2_conn_get_path_max_tx_udp_payload_size
#define ngtcp2_conn_get_remote_transport_params2 ngtcp2_conn_get_remote_transport_params
#define ngtcp2_conn_get_send_quantum2 ngtcp2_conn_get_send_quantum
#define ngtcp2_conn_get_tls_alert2 ngtcp2_conn_get_tls_alert
#define ngtcp2_pkt_write_stateless_reset2(dest, size, token, random, random_size)                  \
    ngtcp2_pkt_write_stateless_reset(dest, size, (token)->data, random, random_size)

/* Members of ngtcp2_callbacks. Their functions take the bytes; see conn_callbacks.c. */
#define get_new_connection_id2 get_new_connection_id
#define get_path_challenge_data2 get_path_challenge_data
#define recv_stateless_reset2 recv_stateless_reset
#define dcid_status2 dcid_status

#endif

#if OLDER_HTTP3

typedef nghttp3_settings nghttp3_proto_settings;

#define recv_settings2 recv_settings
#define nghttp3_conn_read_stream2(http, id, data, size, fin, now_ns)                               \
    ((void)(now_ns), nghttp3_conn_read_stream(http, id, data, size, fin))

#endif
