/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A self-signed P-256 certificate (RFC 5280), made when a hub starts. Nobody checks it: the ends of
 * a session prove themselves by their Hellos. Its dates are fixed, so that it needs no clock, and
 * its curve is one that foreign HTTP/3 clients know.
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

/** Make key and certificate; library_init comes before. The key is wolfSSL's, the serial number is
 * from env. cert_wipe is due afterwards, also after ERR_SYSTEM. */
int cert_make(struct cert *out, const struct env *env) MUST_CHECK;

/** Overwrite all of it, for the private key in it. */
void cert_wipe(struct cert *cert);
