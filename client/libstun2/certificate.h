/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An X.509 certificate (RFC 5280, RFC 8410) of a node's own Ed25519 key, signed by itself: with it
 * any TLS or QUIC library proves to the other side that it speaks with the key that it met. It has
 * one fixed form, so that the key in the other side's is found by comparing.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/crypto/identity.h"

#include <stddef.h>
#include <stdint.h>

enum {
    CERTIFICATE_SIZE = 216,
    CERTIFICATE_PRIVATE_SIZE = 48, /* PKCS #8 (RFC 8410, section 7) */
};

/** Write certificate and private key, both DER. The serial number is from env. */
void certificate_make(const struct identity *identity, const struct env *env,
                      uint8_t certificate[CERTIFICATE_SIZE],
                      uint8_t private_key[CERTIFICATE_PRIVATE_SIZE]);

/** The key in a certificate of size bytes and any content. ERR_DROP, with out untouched, if it has
 * not this form. The signature is not looked at: TLS proves that its sender has the key. */
int certificate_key(uint8_t out[KEY_SIZE], const uint8_t *certificate, size_t size) MUST_CHECK;
