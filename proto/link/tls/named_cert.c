/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wolfSSL reads the files, compares the key, and knows what a * in a name means (RFC 6125). */
#include "proto/link/tls/named_cert.h"

#include "proto/link/tls/cert_facts.h"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include <string.h>

enum { NAME_SIZE_MAX = 253 };

static enum link_certificate_problem files_use(WOLFSSL_CTX *context,
                                               const struct link_certificate *files)
{
    if (wolfSSL_CTX_use_certificate_chain_buffer(context, (const unsigned char *)files->chain,
                                                 (long)files->chain_size) != WOLFSSL_SUCCESS) {
        return LINK_CERTIFICATE_CHAIN;
    }
    if (wolfSSL_CTX_use_PrivateKey_buffer(context, (const unsigned char *)files->key,
                                          (long)files->key_size,
                                          WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS) {
        return LINK_CERTIFICATE_KEY;
    }
    return wolfSSL_CTX_check_private_key(context) == WOLFSSL_SUCCESS ? LINK_CERTIFICATE_FINE
                                                                     : LINK_CERTIFICATE_PAIR;
}

enum link_certificate_problem named_cert_make(struct named_cert *out, struct WOLFSSL_CTX *context,
                                              const struct link_certificate *files)
{
    enum link_certificate_problem problem = LINK_CERTIFICATE_MEMORY;

    *out = (struct named_cert){.context = context};
    if (context != NULL) {
        problem = files_use(context, files);
    }
    if (problem == LINK_CERTIFICATE_FINE) {
        out->first = wolfSSL_X509_load_certificate_buffer(
            (const unsigned char *)files->chain, (int)files->chain_size, WOLFSSL_FILETYPE_PEM);
        problem = out->first != NULL ? LINK_CERTIFICATE_FINE : LINK_CERTIFICATE_CHAIN;
    }
    if (problem != LINK_CERTIFICATE_FINE) {
        named_cert_free(out);
        return problem;
    }
    out->expires_s = cert_time(wolfSSL_X509_get_notAfter(out->first));
    return LINK_CERTIFICATE_FINE;
}

bool named_cert_has(const struct named_cert *cert, const char *name, size_t size)
{
    return cert->first != NULL && size > 0 && size <= NAME_SIZE_MAX &&
           memchr(name, '\0', size) == NULL &&
           wolfSSL_X509_check_host(cert->first, name, size, 0, NULL) == WOLFSSL_SUCCESS;
}

void named_cert_free(struct named_cert *cert)
{
    wolfSSL_X509_free(cert->first);
    wolfSSL_CTX_free(cert->context);
    *cert = (struct named_cert){0};
}
