/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One table says where each transport's checksum stands. A packet's addresses change on the way, so
 * its checksum changes by the difference; the payload is not summed again.
 */
#include "client/tunnel/transport.h"

#include "proto/base/bytes.h"
#include "proto/net/checksum.h"

bool tunnel_transport_of(struct tunnel_transport *out, bool v6, uint8_t protocol)
{
    static const struct {
        uint8_t protocol, checksum_at, header_size;
        bool v4, v6, pseudo4;
    } rules[] = {
        {IP_PROTOCOL_TCP, TCP_CHECKSUM_AT, TCP_HEADER_SIZE, true, true, true},
        {IP_PROTOCOL_UDP, UDP_CHECKSUM_AT, UDP_HEADER_SIZE, true, true, true},
        {IP_PROTOCOL_ICMP, ICMP_CHECKSUM_AT, ICMP_HEADER_SIZE, true, false, false},
        {IP_PROTOCOL_ICMP6, ICMP_CHECKSUM_AT, ICMP_HEADER_SIZE, false, true, true},
        {33, 6, 12, true, true, true}, /* DCCP */
        {136, 6, 8, true, true, true}, /* UDP-Lite */
    };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].protocol == protocol && (v6 ? rules[i].v6 : rules[i].v4)) {
            *out = (struct tunnel_transport){.checksum_at = rules[i].checksum_at,
                                             .header_size = rules[i].header_size,
                                             .pseudo = v6 || rules[i].pseudo4};
            return true;
        }
    }
    return false;
}

bool tunnel_protocol_plain(bool v6, uint8_t protocol)
{
    return protocol == IP_PROTOCOL_TCP || protocol == IP_PROTOCOL_UDP ||
           protocol == (v6 ? IP_PROTOCOL_ICMP6 : IP_PROTOCOL_ICMP);
}

uint32_t tunnel_pseudo(bool v6, const uint8_t *addresses, uint8_t protocol, size_t size)
{
    if (!v6 && protocol == IP_PROTOCOL_ICMP) {
        return 0;
    }
    return checksum_pseudo(addresses, v6 ? 32 : 8, protocol, u32_of(size));
}

uint8_t *tunnel_checksum_field(uint8_t *data, const struct tunnel_ip *ip)
{
    struct tunnel_transport transport;

    if (!ip->transport || !tunnel_transport_of(&transport, ip->v6, ip->protocol) ||
        !transport.pseudo || ip->size - ip->payload_at < transport.checksum_at + 2) {
        return NULL;
    }
    uint8_t *field = data + ip->payload_at + transport.checksum_at;

    return ip->protocol == IP_PROTOCOL_UDP && be16_read(field) == 0 ? NULL : field;
}

void tunnel_checksum_change(uint8_t *field, uint8_t protocol, uint32_t removed, uint32_t added)
{
    uint16_t checksum = be16_read(field);

    if (protocol == IP_PROTOCOL_UDP && checksum == 0) {
        return;
    }
    checksum = checksum_update(checksum, removed, added);
    if (protocol == IP_PROTOCOL_UDP && checksum == 0) {
        checksum = 0xffff;
    }
    be16_write(field, checksum);
}
