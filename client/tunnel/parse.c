/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/tunnel/tunnel_internal.h"

#include "proto/base/bytes.h"
#include "proto/net/checksum.h"

#include <string.h>

enum {
    IP4_OPTION_END = 0,
    IP4_OPTION_NOP = 1,
    IP4_OPTION_LOOSE_ROUTE = 131,
    IP4_OPTION_STRICT_ROUTE = 137,
    IP6_HOP_BY_HOP = 0,
    IP6_ROUTING = 43,
    IP6_FRAGMENT = 44,
    IP6_AUTHENTICATION = 51,
    IP6_DESTINATION = 60,
    IP6_FRAGMENT_SIZE = 8,
    IP6_EXTENSIONS_MAX = 16,
    IP6_OPTION_PAD1 = 0,
    IP6_OPTION_HOME_ADDRESS = 201,
};

/* With a source route the checksum covers another destination than the header's. */
static bool options_acceptable(const uint8_t *options, size_t size)
{
    struct rbuf r = rbuf_over(options, size);

    while (rbuf_left(&r) > 0) {
        uint8_t kind = rbuf_u8(&r);

        if (kind == IP4_OPTION_END) {
            return true;
        }
        if (kind == IP4_OPTION_NOP) {
            continue;
        }
        if (kind == IP4_OPTION_LOOSE_ROUTE || kind == IP4_OPTION_STRICT_ROUTE) {
            return false;
        }
        uint8_t length = rbuf_u8(&r);

        if (length < 2) {
            return false;
        }
        rbuf_take(&r, (size_t)length - 2);
    }
    return rbuf_done(&r);
}

/* A home address (RFC 6275, 6.3) is another source than the header's, and in the checksum. What is
 * malformed otherwise is the receiver's kernel's to judge. */
static bool destination_acceptable(const uint8_t *options, size_t size)
{
    struct rbuf r = rbuf_over(options, size);

    while (rbuf_left(&r) > 0) {
        uint8_t kind = rbuf_u8(&r);

        if (kind == IP6_OPTION_HOME_ADDRESS) {
            return false;
        }
        if (kind != IP6_OPTION_PAD1) {
            rbuf_take(&r, rbuf_u8(&r));
        }
    }
    return true;
}

static int parse4(struct tunnel_ip *out, const uint8_t *data, size_t size, bool quoted)
{
    if (size < IP4_HEADER_SIZE) {
        return ERR_DROP;
    }
    size_t header_size = (size_t)(data[0] & 0x0f) * 4;
    size_t total = be16_read(data + 2);
    uint16_t flags = be16_read(data + 6);

    if (header_size < IP4_HEADER_SIZE || total < header_size || size < header_size ||
        (total > size && !quoted)) {
        return ERR_DROP;
    }
    if (!options_acceptable(data + IP4_HEADER_SIZE, header_size - IP4_HEADER_SIZE)) {
        return ERR_DROP;
    }
    *out = (struct tunnel_ip){
        .plain = header_size == IP4_HEADER_SIZE && (flags & ~IP4_DF_FLAG) == 0,
        .fragment = (flags & 0x3fff) != 0,
        .transport = (flags & 0x1fff) == 0,
        .df = (flags & IP4_DF_FLAG) != 0,
        .traffic_class = data[1],
        .hop_limit = data[8],
        .protocol = data[9],
        .size = total < size ? total : size,
        .payload_at = header_size,
        .address_size = 4,
        .source_at = 12,
        .destination_at = 16,
    };
    return ERR_OK;
}

/* Follow the extension headers. A quote may end inside them: then no transport header is there. */
static int parse_extensions(struct tunnel_ip *ip, const uint8_t *data, bool quoted)
{
    for (int i = 0; i < IP6_EXTENSIONS_MAX; i++) {
        const uint8_t *at = data + ip->payload_at;
        size_t left = ip->size - ip->payload_at;
        size_t extension_size;

        if (ip->protocol != IP6_HOP_BY_HOP && ip->protocol != IP6_ROUTING &&
            ip->protocol != IP6_FRAGMENT && ip->protocol != IP6_AUTHENTICATION &&
            ip->protocol != IP6_DESTINATION) {
            return ERR_OK;
        }
        ip->plain = false;
        if (left < IP6_FRAGMENT_SIZE) {
            ip->transport = false;
            return quoted ? ERR_OK : ERR_DROP;
        }
        extension_size = ((size_t)at[1] + 1) * 8;
        if (ip->protocol == IP6_FRAGMENT) {
            extension_size = IP6_FRAGMENT_SIZE;
            ip->fragment = (be16_read(at + 2) & 0xfff9) != 0;
        } else if (ip->protocol == IP6_AUTHENTICATION) {
            extension_size = ((size_t)at[1] + 2) * 4;
        } else if (ip->protocol == IP6_ROUTING && at[3] != 0) {
            return ERR_DROP;
        }
        if (left < extension_size) {
            ip->transport = false;
            return quoted ? ERR_OK : ERR_DROP;
        }
        if (ip->protocol == IP6_DESTINATION &&
            !destination_acceptable(at + 2, extension_size - 2)) {
            return ERR_DROP;
        }
        if (ip->protocol == IP6_FRAGMENT && (be16_read(at + 2) & 0xfff8) != 0) {
            ip->transport = false;
            ip->payload_at += extension_size;
            return ERR_OK; /* what follows is the middle of something */
        }
        ip->protocol = at[0];
        ip->payload_at += extension_size;
    }
    return ERR_DROP;
}

static int parse6(struct tunnel_ip *out, const uint8_t *data, size_t size, bool quoted)
{
    if (size < IP6_HEADER_SIZE) {
        return ERR_DROP;
    }
    size_t total = IP6_HEADER_SIZE + (size_t)be16_read(data + 4);

    if (total > size && !quoted) {
        return ERR_DROP;
    }
    struct tunnel_ip ip = {
        .v6 = true,
        .plain = true,
        .transport = true,
        .traffic_class = (uint8_t)(be16_read(data) >> 4),
        .hop_limit = data[7],
        .protocol = data[6],
        .size = total < size ? total : size,
        .payload_at = IP6_HEADER_SIZE,
        .address_size = 16,
        .source_at = 8,
        .destination_at = 24,
    };
    int rc = parse_extensions(&ip, data, quoted);

    if (rc == ERR_OK) {
        *out = ip;
    }
    return rc;
}

int tunnel_ip_parse(struct tunnel_ip *out, const uint8_t *data, size_t size, bool quoted)
{
    if (size == 0) {
        return ERR_DROP;
    }
    switch (data[0] >> 4) {
    case 4:
        return parse4(out, data, size, quoted);
    case 6:
        return parse6(out, data, size, quoted);
    default:
        return ERR_DROP;
    }
}

bool tunnel_transport_of(struct tunnel_transport *out, bool v6, uint8_t protocol)
{
    static const struct {
        uint8_t protocol, checksum_at, header_size;
        bool v4, v6, pseudo4;
    } rules[] = {
        {IP_PROTOCOL_TCP, TCP_CHECKSUM_AT, TCP_HEADER_SIZE, true, true, true},
        {IP_PROTOCOL_UDP, 6, 8, true, true, true},
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

uint32_t tunnel_pseudo(bool v6, const uint8_t *source, const uint8_t *destination, uint8_t protocol,
                       size_t size)
{
    if (v6) {
        return checksum_pseudo6(source, destination, protocol, u32_of(size));
    }
    if (protocol == IP_PROTOCOL_ICMP) {
        return 0;
    }
    return checksum_pseudo4(source, destination, protocol, u16_of(size));
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

int tunnel_destination(struct tunnel_address *out, const struct packet *packet)
{
    struct tunnel_ip ip;
    int rc = tunnel_ip_parse(&ip, packet->data, packet->size, false);

    if (rc != ERR_OK) {
        return rc;
    }
    *out = (struct tunnel_address){.size = (uint8_t)ip.address_size};
    memcpy(out->ip, packet->data + ip.destination_at, ip.address_size);
    return ERR_OK;
}
