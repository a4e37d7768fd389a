/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wolfSSL knows both forms of time in ASN.1, and what is in an extension. */
#include "proto/link/tls/cert_facts.h"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include <wolfssl/openssl/x509v3.h> /* an older one needs ssl.h before it */

#include <time.h>

uint64_t cert_time(const struct WOLFSSL_ASN1_TIME *written)
{
    struct tm broken = {.tm_year = 0};
    time_t at;

    if (written == NULL || wolfSSL_ASN1_TIME_to_tm(written, &broken) != WOLFSSL_SUCCESS) {
        return 0;
    }
    at = timegm(&broken);
    return at > 0 ? (uint64_t)at : 0;
}

/* The subject's common name, which older certificates have instead, does not count. */
bool cert_has_dns_name(const struct WOLFSSL_X509 *cert)
{
    WOLFSSL_STACK *names = wolfSSL_X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool has = false;

    if (names == NULL) {
        return false;
    }
    for (int i = 0; !has && i < wolfSSL_sk_GENERAL_NAME_num(names); i++) {
        const WOLFSSL_GENERAL_NAME *name = wolfSSL_sk_GENERAL_NAME_value(names, i);

        has = name != NULL && name->type == GEN_DNS;
    }
    wolfSSL_sk_GENERAL_NAME_pop_free(names, wolfSSL_GENERAL_NAME_free);
    return has;
}
