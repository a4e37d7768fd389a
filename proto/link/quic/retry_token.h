/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Retry tokens (RFC 9000, section 8.1.2). A token holds the client's first connection id and the
 * time, sealed for one address and one Retry packet. Only the hub that made it can open it, and the
 * hub keeps no state for it.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/net/endpoint.h"

#include <stddef.h>
#include <stdint.h>

#include <ngtcp2/ngtcp2.h>

enum {
    /* magic(1) nonce(24), sealed: time(8) length(1) connection id, padded; tag(16) */
    TOKEN_SIZE = 1 + 24 + 8 + 1 + NGTCP2_MAX_CIDLEN + 16,
    TOKEN_MS_MAX = 10000, /* how long a token is good */
};

/** Random, of one hub. */
struct retry_token_key {
    uint8_t bytes[32];
};

/** Seal a token for the client at `remote` that sent its first packet to the connection id odcid
 * and is told by the Retry to use retry_scid. */
void retry_token_seal(uint8_t out[TOKEN_SIZE], const struct retry_token_key *key,
                      const struct env *env, const struct endpoint *remote, const ngtcp2_cid *odcid,
                      const ngtcp2_cid *retry_scid, struct mono now);

/** Open a token of size bytes, any content, that a client at `remote` sent to retry_scid. odcid is
 * written only on ERR_OK. ERR_DROP if the token is forged, too old, or made for another address or
 * connection id. */
int retry_token_open(ngtcp2_cid *odcid, const struct retry_token_key *key, const uint8_t *token,
                     size_t size, const struct endpoint *remote, const ngtcp2_cid *retry_scid,
                     struct mono now) MUST_CHECK;
