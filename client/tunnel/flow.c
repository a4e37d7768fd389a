/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ends of a flow are joined by exclusive or, which knows no direction. */
#include "client/tunnel/flow.h"

#include "client/tunnel/parse.h"
#include "client/tunnel/transport.h"
#include "proto/base/bytes.h"

#include <stddef.h>

/* Multiplied with it, numbers that differ in few bits differ in the upper ones (Fibonacci hashing).
 */
static const uint32_t GOLDEN_RATIO = 0x9e3779b1;

enum { WORD_SIZE = 4, PORTS_SIZE = 4 };

uint32_t flow_number(const struct packet *packet)
{
    struct tunnel_ip ip;
    uint32_t number = 0;

    if (tunnel_ip_parse(&ip, packet->data, packet->size, false) != ERR_OK) {
        return 0;
    }
    for (size_t at = 0; at < ip.address_size; at += WORD_SIZE) {
        number ^= be32_read(packet->data + ip.source_at + at) ^
                  be32_read(packet->data + ip.destination_at + at);
    }
    number ^= ip.protocol;
    /* Not of fragments, of which only the first one has ports. */
    if (!ip.fragment && ip.transport && ip.payload_at + PORTS_SIZE <= packet->size &&
        (ip.protocol == IP_PROTOCOL_TCP || ip.protocol == IP_PROTOCOL_UDP)) {
        const uint8_t *ports = packet->data + ip.payload_at;

        number ^= (uint32_t)(be16_read(ports) ^ be16_read(ports + 2)) << 8;
    }
    return number * GOLDEN_RATIO >> 16;
}
