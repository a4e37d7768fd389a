/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What TLS would say of a certificate of the operator's (certificate.h), without a hub that shows
 * it: for who checks a configuration. Whoever calls it links link_quic.
 */
#pragma once

#include "proto/link/certificate.h"

#include <stdbool.h>
#include <stdint.h>

/** What a certificate that is fine says of itself. */
struct link_certificate_facts {
    uint64_t begins_s, expires_s; /* since 1970 UTC; 0: it cannot be told */
    bool named;                   /* it has a DNS name where browsers look (subjectAltName) */
};

/** The judgement of link_hub_certificate; *out is written if the files are FINE.
 * link_library_init comes before. */
enum link_certificate_problem link_certificate_look(struct link_certificate_facts *out,
                                                    const struct link_certificate *files);
