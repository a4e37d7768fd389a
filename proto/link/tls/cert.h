/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A self-signed P-256 certificate (RFC 5280), made when a hub starts. Nobody must check it: the
 * ends of a session prove themselves by their Hellos. But who has seen it in a node record knows it
 * again, so its key is made of a secret that stays the same. Its dates are fixed, so that it needs
 * no clock, and its curve is one that foreign HTTP/3 clients know.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    CERT_SEED_SIZE = 32,
    CERT_SPKI_SIZE = 32, /* SHA-256 */
};

struct cert {
    uint8_t der[320];
    size_t der_size;
    uint8_t key[160]; /* private key, DER */
    size_t key_size;
};

/** Make key and certificate; library_init comes before. The key follows from seed, a secret of full
 * entropy; the serial number is from env. cert_wipe is due afterwards, also after ERR_SYSTEM. */
int cert_make(struct cert *out, const uint8_t seed[CERT_SEED_SIZE],
              const struct env *env) MUST_CHECK;

/** SHA-256 of the SubjectPublicKeyInfo of a certificate, DER of size bytes and any content.
 * ERR_DROP if it is not built as a certificate is. */
int cert_spki(uint8_t out[CERT_SPKI_SIZE], const uint8_t *der, size_t size) MUST_CHECK;

/** Overwrite all of it, for the private key in it. */
void cert_wipe(struct cert *cert);
