/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Protection of QUIC packets (RFC 9001, section 5.3), as ngtcp2's callbacks. The keyed contexts
 * are those that ngtcp2's wolfSSL glue makes. Its own callbacks go through wolfSSL's EVP layer in
 * five calls per packet; these are one call of wolfCrypt, a sixth faster at least for a whole hub,
 * and the one place where the tag is compared.
 */
#pragma once

#include "proto/crypto/aead.h"

#include <stddef.h>
#include <stdint.h>

#include <ngtcp2/ngtcp2.h>

enum {
    AEAD_NONCE_SIZE = 12,
    AEAD_PLAIN_SIZE_MAX = 65535, /* no UDP payload is larger */
};

/** Seal `size` bytes into dest (which may be `plain`), the tag behind them. 0, or
 * NGTCP2_ERR_CALLBACK_FAILURE, also for a cipher that is not one of TLS 1.3's three. */
int packet_aead_seal(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                     const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *plain, size_t size,
                     const uint8_t *nonce, size_t nonce_size, const uint8_t *header,
                     size_t header_size);

/** Open sealed_size bytes, tag included, into dest. 0, or NGTCP2_ERR_DECRYPT: forged, damaged or
 * too short; dest then holds nothing of use. */
int packet_aead_open(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                     const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *sealed, size_t sealed_size,
                     const uint8_t *nonce, size_t nonce_size, const uint8_t *header,
                     size_t header_size);
