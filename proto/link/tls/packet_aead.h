/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Protection of QUIC packets (RFC 9001, section 5.3), as callbacks of ngtcp2 and with the keyed
 * contexts that ngtcp2's wolfSSL glue makes. The glue's own callbacks need five calls of wolfSSL's
 * EVP layer for each packet. These need one call of wolfCrypt, which makes a whole hub at least a
 * sixth faster, and that call compares the tag.
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

/** Seal `size` bytes into dest (which may be `plain`) and write the tag behind them. 0, or
 * NGTCP2_ERR_CALLBACK_FAILURE for odd sizes or a cipher that is not one of the three of TLS 1.3. */
int packet_aead_seal(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                     const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *plain, size_t size,
                     const uint8_t *nonce, size_t nonce_size, const uint8_t *header,
                     size_t header_size);

/** Open sealed_size bytes, tag included, into dest (which may be `sealed`). 0, or
 * NGTCP2_ERR_DECRYPT if they are forged, damaged or too short; dest then holds nothing of use. */
int packet_aead_open(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                     const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *sealed, size_t sealed_size,
                     const uint8_t *nonce, size_t nonce_size, const uint8_t *header,
                     size_t header_size);
