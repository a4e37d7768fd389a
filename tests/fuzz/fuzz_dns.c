/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a DNS query of a local program: an answer must belong to the query, and must fit;
 * and whatever has a header and is no answer itself gets one, because a resolver may wait long for
 * it.
 */
#include "client/names/dns.h"

#include "proto/base/bytes.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool by_name(void *context, const char *name, struct dns_addresses *out)
{
    (void)context;
    *out = (struct dns_addresses){.has_ipv4 = true, .has_ipv6 = true};
    return name[0] == 'n';
}

static bool by_address(void *context, const uint8_t *ip, size_t size, char name[DNS_HOST_SIZE])
{
    (void)context;
    (void)snprintf(name, DNS_HOST_SIZE, "nas");
    return ip[size - 1] == 7;
}

static bool is_ziglan(void *context, const char *name)
{
    (void)context;
    return name[0] == 'h';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dns_config config = {
        .pool = {100, 64, 0, 0},
        .pool_prefix = 20,
        .resolver = {100, 64, 0, 53},
        .lookup = {.by_name = by_name, .by_address = by_address, .is_ziglan = is_ziglan}};
    uint8_t out[DNS_MESSAGE_SIZE_MAX];
    size_t answered = dns_answer(&config, data, size, false, out);

    CHECK(answered == 0 || answered >= 12);
    CHECK((answered == 0) == (size < 12 || (data[2] & 0x80) != 0));
    CHECK(answered <= DNS_UDP_SIZE_MAX);
    CHECK(answered == 0 || (out[0] == data[0] && out[1] == data[1] && (out[2] & 0x80) != 0));
    answered = dns_answer(&config, data, size, true, out);
    CHECK(answered <= DNS_MESSAGE_SIZE_MAX);
    CHECK((answered == 0) == (size < 12 || (data[2] & 0x80) != 0));
    return 0;
}
