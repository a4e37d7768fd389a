/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The walk over an IP header: lengths first, then IPv4 options or IPv6 extension headers. Source
 * routes and home addresses are refused here, because they make the transport's checksum cover
 * other addresses than those of the IP header.
 */
#include "client/tunnel/parse.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"

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

/* No source route: with one, the checksum covers another destination than the header's. */
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

/* No home address (RFC 6275, 6.3): with one, the checksum covers another source than the header's.
 * Options that are malformed in another way are left to the receiver's kernel. */
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
    if (header_size > IP4_HEADER_SIZE &&
        !options_acceptable(data + IP4_HEADER_SIZE, header_size - IP4_HEADER_SIZE)) {
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

/* Follow the extension headers. A quote may end inside them; then it has no transport header. */
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
