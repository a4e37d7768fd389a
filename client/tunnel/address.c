/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which address belongs to which host. A zero IPv4 address or EUI-64 of a host means "none", and
 * must never match what a packet says.
 */
#include "client/tunnel/address.h"

#include <string.h>

static const uint8_t no_address[16];

static bool has_v4(const struct tunnel_host *host)
{
    return memcmp(host->v4, no_address, 4) != 0;
}

/* The place of the EUI-64 of `ip` in the host's list; fixed_count if it is not there, or if `ip` is
 * no fixed address. */
static size_t fixed_index(const struct tunnel_host *host, const uint8_t ip[16])
{
    uint8_t middle[ADDRPLAN_MIDDLE_SIZE];
    uint8_t eui64[EUI64_SIZE];
    size_t i = 0;

    if (!addrplan_fixed_extract(middle, eui64, ip) || memcmp(eui64, no_address, EUI64_SIZE) == 0) {
        return host->fixed_count;
    }
    while (i < host->fixed_count && memcmp(host->fixed[i], eui64, EUI64_SIZE) != 0) {
        i++;
    }
    return i;
}

/* The kind of an address if it is the host's, else PLAIN_KIND_REAL. middle is written for
 * PLAIN_KIND_FIXED only. */
static enum plain_kind kind_of(const struct tunnel_host *host, bool v6, const uint8_t *ip,
                               uint8_t middle[PLAIN_FIXED_SIZE])
{
    uint8_t ip4[4];
    uint8_t eui64[EUI64_SIZE];

    if (!v6) {
        return has_v4(host) && memcmp(ip, host->v4, 4) == 0 ? PLAIN_KIND_OWN : PLAIN_KIND_REAL;
    }
    if (memcmp(ip, host->v6, 16) == 0) {
        return PLAIN_KIND_OWN;
    }
    if (addrplan_4in6_extract(ip4, ip)) {
        return has_v4(host) && memcmp(ip4, host->v4, 4) == 0 ? PLAIN_KIND_4IN6 : PLAIN_KIND_REAL;
    }
    if (host->fixed_count > 0 && fixed_index(host, ip) == 0) {
        return addrplan_fixed_extract(middle, eui64, ip) ? PLAIN_KIND_FIXED : PLAIN_KIND_REAL;
    }
    return PLAIN_KIND_REAL;
}

bool tunnel_address_of(const struct tunnel_host *host, bool v6, enum plain_kind kind,
                       const uint8_t middle[PLAIN_FIXED_SIZE], uint8_t *ip)
{
    switch (kind) {
    case PLAIN_KIND_OWN:
        memcpy(ip, v6 ? host->v6 : host->v4, v6 ? 16 : 4);
        return v6 || has_v4(host);
    case PLAIN_KIND_4IN6:
        addrplan_4in6(ip, host->v4);
        return has_v4(host);
    case PLAIN_KIND_FIXED:
        if (host->fixed_count == 0 || memcmp(host->fixed[0], no_address, EUI64_SIZE) == 0) {
            return false;
        }
        addrplan_fixed(ip, middle, host->fixed[0]);
        return true;
    case PLAIN_KIND_REAL:
        break;
    }
    return false;
}

bool tunnel_real_allowed(const struct tunnel_pair *pair, const struct tunnel_host *host,
                         enum tunnel_real_use use, bool v6, const uint8_t *ip)
{
    size_t size = v6 ? 16 : 4;

    if (memcmp(ip, no_address, size) == 0) {
        return false;
    }
    if (v6 && addrplan_kind(ip) != ADDRPLAN_KIND_NONE) {
        return fixed_index(host, ip) < host->fixed_count;
    }
    return pair->real != NULL && pair->real->allowed(pair->real->context, use, ip, size);
}

int tunnel_head_addresses(struct tunnel_head *head, const struct tunnel_pair *pair,
                          const struct tunnel_ip *ip, const uint8_t *data)
{
    const uint8_t *source = data + ip->source_at;
    const uint8_t *destination = data + ip->destination_at;

    head->v6 = ip->v6;
    head->source = kind_of(&pair->own, ip->v6, source, head->source_middle);
    head->destination = kind_of(&pair->peer, ip->v6, destination, head->destination_middle);
    if (head->source == PLAIN_KIND_REAL &&
        !tunnel_real_allowed(pair, &pair->own, TUNNEL_REAL_SENT_SOURCE, ip->v6, source)) {
        return ERR_DROP;
    }
    if (head->destination == PLAIN_KIND_REAL &&
        !tunnel_real_allowed(pair, &pair->peer, TUNNEL_REAL_SENT_DESTINATION, ip->v6,
                             destination)) {
        return ERR_DROP;
    }
    return ERR_OK;
}
