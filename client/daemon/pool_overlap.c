/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The addresses are listed at each call, since the machine may have moved to another network.
 */
#include "client/daemon/pool_overlap.h"

#include "client/platform/netwatch.h"
#include "proto/base/bytes.h"
#include "proto/net/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>

const char *pool_overlap(const struct addrplan_pool *pool, const char *config_path,
                         char text[POOL_OVERLAP_SIZE])
{
    struct netwatch_address found[NETWATCH_ADDRESSES_MAX];
    size_t count = netwatch_addresses(found, NETWATCH_ADDRESSES_MAX);
    char outside[INET_ADDRSTRLEN] = "";
    char own[ADDRPLAN_POOL_TEXT_SIZE];

    text[0] = '\0';
    for (size_t i = 0; i < count && text[0] == '\0'; i++) {
        const uint8_t *ip = found[i].ip + 12;
        struct endpoint e = endpoint_of_bytes(found[i].ip, sizeof(found[i].ip), 0);
        int bits = found[i].prefix_bits - 96;

        if (endpoint_is_v4(&e) && bits >= 0 &&
            addrplan_pool_overlaps(pool, ip, u8_of((size_t)bits))) {
            (void)inet_ntop(AF_INET, ip, outside, sizeof(outside));
            (void)snprintf(text, POOL_OVERLAP_SIZE,
                           "the pool %s overlaps with this machine's network %s/%d: some peers "
                           "answer only at their IPv6; set another `pool:`, such as "
                           "10.213.0.0/16, in %.80s",
                           addrplan_pool_text(pool, own), outside, bits, config_path);
        }
    }
    return text;
}
