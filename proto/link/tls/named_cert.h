/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A certificate that the operator of a relay has from an authority, for browsers and other programs
 * that check certificates: they ask for a name that is in it (SNI), and get it. Everybody else gets
 * the relay's own one (cert.h), whose key is in node records.
 */
#pragma once

#include "proto/link/certificate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct WOLFSSL_CTX;
struct WOLFSSL_X509;

struct named_cert {
    struct WOLFSSL_CTX *context; /* NULL: there is none */
    struct WOLFSSL_X509 *first;  /* whose names count */
    uint64_t expires_s;          /* since 1970 UTC */
};

/** Put the files into `context`, a fresh one for accepting, which is taken over in any case.
 * Anything but LINK_CERTIFICATE_FINE leaves *out empty. */
enum link_certificate_problem named_cert_make(struct named_cert *out, struct WOLFSSL_CTX *context,
                                              const struct link_certificate *files);

/** Whether a name of size bytes, any content, is one of the certificate's. */
bool named_cert_has(const struct named_cert *cert, const char *name, size_t size);

/** Let go of it; TLS sessions that have it keep it. An empty one is fine. */
void named_cert_free(struct named_cert *cert);
