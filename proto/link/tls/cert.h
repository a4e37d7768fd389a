/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A self-signed P-256 certificate (RFC 5280), made at start. Nobody checks it: sessions prove
 * themselves by their Hello. It has fixed dates, so it depends on no clock, and a curve that
 * foreign HTTP/3 clients know.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct cert {
    uint8_t der[320];
    size_t der_size;
    uint8_t key[160]; /* private key, DER */
    size_t key_size;
};

/** Make key and certificate. Randomness comes from wolfSSL's seed source and env. ERR_SYSTEM. */
int cert_make(struct cert *out, const struct env *env) MUST_CHECK;

/** Forget the private key. */
void cert_wipe(struct cert *cert);
