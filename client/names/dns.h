/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Magic DNS (RFC 1035, 2308, 6891): one query in, one answer out, pure. Authoritative for
 * "zignet" and for the reverse zones of the pool and of fdd9:f800::/24; refuses everything else. A
 * name below which hosts stand exists, without addresses (RFC 8020).
 * Names: {key}.zignet (52 base32 characters), {32 hex}.{32 hex}.zignet, {name}.zignet,
 * {name}.{ziglan}.zignet; case does not matter. Reserved: admin and localhost.
 */
#pragma once

#include "proto/wire/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DNS_TTL_S = 10,
    DNS_MESSAGE_SIZE_MAX = 4096,
    DNS_UDP_SIZE_DEFAULT = 512, /* without EDNS */
    DNS_UDP_SIZE_MAX = 1232,    /* with EDNS */
    DNS_HOST_SIZE = 2 * NAME_TEXT_SIZE,
};

struct dns_addresses {
    bool has_ipv4, has_ipv6;
    uint8_t ipv4[4];
    uint8_t ipv6[16];
};

/** What the resolver asks the host core. Each function returns false for "no such"; context is
 * theirs. */
struct dns_lookup {
    void *context;
    /** Addresses of a host by what stands below zignet, in lower case: a key in its text form or as
     * {32 hex}.{32 hex}, "name", or "name.ziglan". */
    bool (*by_name)(void *context, const char *name, struct dns_addresses *out);
    /** The best name (without ".zignet"; the key's text where there is no name) of a peer's
     * local address: size 4 or 16 bytes. */
    bool (*by_address)(void *context, const uint8_t *ip, size_t size, char name[DNS_HOST_SIZE]);
    /** Whether hosts stand below this name in lower case: it is that of a joined ziglan. */
    bool (*is_ziglan)(void *context, const char *name);
};

struct dns_config {
    uint8_t pool[4]; /* first address of the IPv4 pool */
    uint8_t pool_prefix;
    uint8_t resolver[4]; /* own address, also that of admin.zignet */
    struct dns_lookup lookup;
};

/**
 * Answer a query.
 *
 * query     size bytes, any content
 * over_tcp  no truncation; else the answer fits the size that the asker allows, with TC set if it
 *           was cut
 * out       room for DNS_MESSAGE_SIZE_MAX bytes
 *
 * Returns the size of the answer, 0 if there is to be none (shorter than a header, or itself an
 * answer).
 */
size_t dns_answer(const struct dns_config *config, const uint8_t *query, size_t size, bool over_tcp,
                  uint8_t out[DNS_MESSAGE_SIZE_MAX]);

enum {
    DNS_ZONE_SIZE = 80,
    DNS_ZONES_MAX = 260,
};

/** The reverse zones served, as text without final dot: those of the pool (up to 256 for a prefix
 * between octets), then "8.f.9.d.d.f.ip6.arpa". Returns how many were written, at most capacity. */
size_t dns_reverse_zones(const struct dns_config *config, char (*zones)[DNS_ZONE_SIZE],
                         size_t capacity);
