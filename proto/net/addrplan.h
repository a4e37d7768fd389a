/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The overlay's address plan (docs/protocol.md, section 16), and pools of local IPv4 addresses for
 * peers. All IPv6 addresses of the overlay lie in fdd9:f800::/24:
 *
 *   fdd9:f800::/32  automatic, from the host's key
 *   fdd9:f8f4::/32  4in6: a pool IPv4 address inside IPv6
 *   fdd9:f8ff::/32  fixed, from an EUI-64; the 32 bits before it may have any value
 *   the rest        reserved
 *
 * Pure.
 */
#pragma once

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum addrplan_kind {
    ADDRPLAN_KIND_NONE,     /* outside the overlay */
    ADDRPLAN_KIND_AUTO,     /* from a key */
    ADDRPLAN_KIND_4IN6,     /* fdd9:f8f4::a.b.c.d */
    ADDRPLAN_KIND_FIXED,    /* from an EUI-64 */
    ADDRPLAN_KIND_RESERVED, /* inside fdd9:f800::/24 and none of the above */
};

enum {
    EUI64_SIZE = 8,
    ADDRPLAN_MIDDLE_SIZE = 4,
    ADDRPLAN_FIXED_MAX = 4, /* EUI-64s, and so fixed addresses, of one host */
};

/** What a 16-byte IPv6 address is in the plan. */
enum addrplan_kind addrplan_kind(const uint8_t ip[16]);

/** The automatic address of a key: fdd9:f800 and the first 12 bytes of the key's hash, which is
 * BLAKE2b-256("ziglan ip6 1" || key). */
void addrplan_auto(uint8_t ip[16], const uint8_t hash[32]);

/** The 4in6 address fdd9:f8f4::a.b.c.d. */
void addrplan_4in6(uint8_t ip[16], const uint8_t ip4[4]);

/** The IPv4 address inside a 4in6 address. False, with ip4 zeroed, unless ip is one and has zeros
 * between prefix and IPv4 address. */
bool addrplan_4in6_extract(uint8_t ip4[4], const uint8_t ip[16]);

/** The fixed address fdd9:f8ff:MIDDLE:EUI-64. */
void addrplan_fixed(uint8_t ip[16], const uint8_t middle[ADDRPLAN_MIDDLE_SIZE],
                    const uint8_t eui64[EUI64_SIZE]);

/** The parts of a fixed address. False, with both zeroed, if ip is none. */
bool addrplan_fixed_extract(uint8_t middle[ADDRPLAN_MIDDLE_SIZE], uint8_t eui64[EUI64_SIZE],
                            const uint8_t ip[16]);

/** Read six octets in hexadecimal, separated by colons or hyphens. Else false. */
bool addrplan_mac_parse(uint8_t mac[6], const char *text);

/** The modified EUI-64 of a MAC address (RFC 4291, appendix A). */
void addrplan_eui64_of_mac(uint8_t eui64[EUI64_SIZE], const uint8_t mac[6]);

/** A range of IPv4 addresses, host byte order. */
struct addrplan_pool {
    uint32_t base;       /* the network address */
    uint8_t prefix_bits; /* 8 to 30 */
    bool host_bits;      /* host bits were set in the text; base has them cleared */
};

enum { ADDRPLAN_POOL_TEXT_SIZE = 20 };

/** The pool of a host whose user chose none: 100.64.0.0/16. */
#define ADDRPLAN_POOL_DEFAULT                                                                      \
    ((struct addrplan_pool){.base = UINT32_C(0x64400000), .prefix_bits = 16})

/** Parse "100.64.0.0/16". Host bits are cleared and noted in host_bits, so that the caller can
 * say what the pool really is. False (out untouched) for anything else. */
bool addrplan_pool_parse(struct addrplan_pool *out, const char *text);

/** Write the pool as "192.168.208.0/20". Returns text. */
const char *addrplan_pool_text(const struct addrplan_pool *pool,
                               char text[ADDRPLAN_POOL_TEXT_SIZE]);

/** Addresses in the pool, network and broadcast address included. */
uint32_t addrplan_pool_size(const struct addrplan_pool *pool);

/** True if the address lies in the pool. */
bool addrplan_pool_contains(const struct addrplan_pool *pool, const uint8_t ip4[4]);

/** True if the pool and the network ip4/prefix_bits (0 to 32) have an address in common. Host bits
 * of ip4 do not matter. */
bool addrplan_pool_overlaps(const struct addrplan_pool *pool, const uint8_t ip4[4],
                            uint8_t prefix_bits);
