/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses of the plan are told apart by their first 32 bits; pools are parsed and compared. */
#include "proto/net/addrplan.h"

#include "proto/base/bytes.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <ctype.h>
#include <string.h>

/* The first 16 bits of every block, and the second 16 bits of three of them. */
enum {
    BLOCK_FIRST = 0xfdd9,
    BLOCK_AUTO = 0xf800,
    BLOCK_4IN6 = 0xf8f4,
    BLOCK_FIXED = 0xf8ff,
};

static void block_write(uint8_t ip[16], uint16_t block)
{
    be16_write(ip, BLOCK_FIRST);
    be16_write(ip + 2, block);
}

enum addrplan_kind addrplan_kind(const uint8_t ip[16])
{
    if (be16_read(ip) != BLOCK_FIRST || ip[2] != 0xf8) {
        return ADDRPLAN_KIND_NONE;
    }
    switch (be16_read(ip + 2)) {
    case BLOCK_AUTO:
        return ADDRPLAN_KIND_AUTO;
    case BLOCK_4IN6:
        return ADDRPLAN_KIND_4IN6;
    case BLOCK_FIXED:
        return ADDRPLAN_KIND_FIXED;
    default:
        return ADDRPLAN_KIND_RESERVED;
    }
}

void addrplan_auto(uint8_t ip[16], const uint8_t hash[32])
{
    block_write(ip, BLOCK_AUTO);
    memcpy(ip + 4, hash, 12);
}

void addrplan_4in6(uint8_t ip[16], const uint8_t ip4[4])
{
    memset(ip, 0, 16);
    block_write(ip, BLOCK_4IN6);
    memcpy(ip + 12, ip4, 4);
}

bool addrplan_4in6_extract(uint8_t ip4[4], const uint8_t ip[16])
{
    uint8_t wanted[16];

    addrplan_4in6(wanted, ip + 12);
    if (memcmp(wanted, ip, sizeof(wanted)) != 0) {
        memset(ip4, 0, 4);
        return false;
    }
    memcpy(ip4, ip + 12, 4);
    return true;
}

void addrplan_fixed(uint8_t ip[16], const uint8_t middle[ADDRPLAN_MIDDLE_SIZE],
                    const uint8_t eui64[EUI64_SIZE])
{
    block_write(ip, BLOCK_FIXED);
    memcpy(ip + 4, middle, ADDRPLAN_MIDDLE_SIZE);
    memcpy(ip + 8, eui64, EUI64_SIZE);
}

bool addrplan_fixed_extract(uint8_t middle[ADDRPLAN_MIDDLE_SIZE], uint8_t eui64[EUI64_SIZE],
                            const uint8_t ip[16])
{
    if (addrplan_kind(ip) != ADDRPLAN_KIND_FIXED) {
        memset(middle, 0, ADDRPLAN_MIDDLE_SIZE);
        memset(eui64, 0, EUI64_SIZE);
        return false;
    }
    memcpy(middle, ip + 4, ADDRPLAN_MIDDLE_SIZE);
    memcpy(eui64, ip + 8, EUI64_SIZE);
    return true;
}

bool addrplan_mac_parse(uint8_t mac[6], const char *text)
{
    static const char digits[] = "0123456789abcdef";

    if (strlen(text) != 17) {
        return false;
    }
    memset(mac, 0, 6);
    for (size_t i = 0; i < 17; i++) {
        const char *digit = strchr(digits, tolower((unsigned char)text[i]));

        if (i % 3 == 2) {
            if (text[i] != ':' && text[i] != '-') {
                return false;
            }
        } else if (digit == NULL) {
            return false;
        } else {
            mac[i / 3] = (uint8_t)(mac[i / 3] << 4 | (uint8_t)(digit - digits));
        }
    }
    return true;
}

void addrplan_eui64_of_mac(uint8_t eui64[EUI64_SIZE], const uint8_t mac[6])
{
    memcpy(eui64, mac, 3);
    eui64[0] ^= 0x02; /* the universal/local bit is inverted */
    eui64[3] = 0xff;
    eui64[4] = 0xfe;
    memcpy(eui64 + 5, mac + 3, 3);
}

static uint32_t host_mask(uint8_t prefix_bits)
{
    return UINT32_MAX >> prefix_bits;
}

bool addrplan_pool_parse(struct addrplan_pool *out, const char *text)
{
    char address[INET_ADDRSTRLEN];
    uint8_t ip[4];
    const char *slash = strchr(text, '/');

    if (slash == NULL || (size_t)(slash - text) >= sizeof(address)) {
        return false;
    }
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';
    if (inet_pton(AF_INET, address, ip) != 1) {
        return false;
    }
    size_t digits = strspn(slash + 1, "0123456789");

    if (digits < 1 || digits > 2 || slash[1] == '0' || slash[1 + digits] != '\0') {
        return false;
    }
    unsigned bits = (unsigned)(slash[1] - '0');

    bits = digits == 1 ? bits : bits * 10 + (unsigned)(slash[2] - '0');
    if (bits < 8 || bits > 30) {
        return false;
    }
    uint32_t given = be32_read(ip);

    out->prefix_bits = u8_of(bits);
    out->base = given & ~host_mask(out->prefix_bits);
    out->host_bits = out->base != given;
    return true;
}

const char *addrplan_pool_text(const struct addrplan_pool *pool, char text[ADDRPLAN_POOL_TEXT_SIZE])
{
    (void)snprintf(text, ADDRPLAN_POOL_TEXT_SIZE, "%u.%u.%u.%u/%u", pool->base >> 24,
                   pool->base >> 16 & 255, pool->base >> 8 & 255, pool->base & 255,
                   (unsigned)pool->prefix_bits % 100);
    return text;
}

uint32_t addrplan_pool_size(const struct addrplan_pool *pool)
{
    return host_mask(pool->prefix_bits) + 1;
}

bool addrplan_pool_contains(const struct addrplan_pool *pool, const uint8_t ip4[4])
{
    return (be32_read(ip4) & ~host_mask(pool->prefix_bits)) == pool->base;
}

bool addrplan_pool_overlaps(const struct addrplan_pool *pool, const uint8_t ip4[4],
                            uint8_t prefix_bits)
{
    /* Of two ranges that meet, the wider one contains the other. */
    uint8_t wider = prefix_bits < pool->prefix_bits ? prefix_bits : pool->prefix_bits;

    return wider == 0 || ((be32_read(ip4) ^ pool->base) & ~host_mask(wider)) == 0;
}
