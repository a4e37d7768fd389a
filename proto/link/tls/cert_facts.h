/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What certificates of authorities say of themselves. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct WOLFSSL_ASN1_TIME;
struct WOLFSSL_X509;

/** In s since 1970 UTC; 0 if it is no time, or NULL. */
uint64_t cert_time(const struct WOLFSSL_ASN1_TIME *written);

/** Whether it has a DNS name in its subjectAltName, where browsers look. */
bool cert_has_dns_name(const struct WOLFSSL_X509 *cert);
