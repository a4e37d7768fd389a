/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Retry tokens (RFC 9000, section 8.1.2): the first connection id and the time, sealed for one
 * address and one Retry. Only the hub that made one can open it.
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
    TOKEN_SIZE = 1 + 24 + 8 + 1 + NGTCP2_MAX_CIDLEN + 16,
    TOKEN_MS_MAX = 10000, /* how long a token is good */
};

struct retry_token_key {
    uint8_t bytes[32];
};

/** Seal a token for `remote`, who first used odcid and shall now use retry_scid. */
void retry_token_seal(uint8_t out[TOKEN_SIZE], const struct retry_token_key *key,
                      const struct env *env, const struct endpoint *remote, const ngtcp2_cid *odcid,
                      const ngtcp2_cid *retry_scid, struct mono now);

/** Open a token; odcid is written on ERR_OK. ERR_DROP if forged, too old or for another. */
int retry_token_open(ngtcp2_cid *odcid, const struct retry_token_key *key, const uint8_t *token,
                     size_t size, const struct endpoint *remote, const ngtcp2_cid *retry_scid,
                     struct mono now) MUST_CHECK;
