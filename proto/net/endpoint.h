/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A UDP endpoint: an IP address and a port. An IPv4 address is kept in its IPv4-mapped form
 * (::ffff:a.b.c.d), so that endpoints are compared and hashed alike in both families. Pure: numbers
 * and text only, no names are resolved.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ENDPOINT_TEXT_SIZE = 56,  /* "[ipv6]:65535" and NUL, with room */
    ENDPOINT_BYTES_SIZE = 18, /* ip(16) || port(2) */
    HOST_TEXT_SIZE = 254,     /* a DNS name or an IP address as text: 253 characters and NUL */
};

/** An address in 16-byte form and a port in host order. All zero means "none". */
struct endpoint {
    uint8_t ip[16];
    uint16_t port;
};

/** The endpoint of an address in network byte order and a port in host order. */
struct endpoint endpoint_v4(const uint8_t ip[4], uint16_t port);
struct endpoint endpoint_v6(const uint8_t ip[16], uint16_t port);

/** The endpoint of an address of 4 or 16 bytes; none for any other size. */
struct endpoint endpoint_of_bytes(const uint8_t *ip, size_t size, uint16_t port);

/** True if the address is IPv4 (in its mapped form). */
bool endpoint_is_v4(const struct endpoint *e);

/** True if address and port are zero. */
bool endpoint_is_none(const struct endpoint *e);

/** True for the same address and the same port. */
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

/** True for the same address, whatever the ports are. */
bool endpoint_same_ip(const struct endpoint *a, const struct endpoint *b);

/** The bytes of the address, borrowed from e: *size is 4 for IPv4, else 16. */
const uint8_t *endpoint_ip_bytes(const struct endpoint *e, size_t *size);

/** Write it as numeric text, "192.0.2.1:4433" or "[2001:db8::1]:4433". Returns text. */
const char *endpoint_text(const struct endpoint *e, char text[ENDPOINT_TEXT_SIZE]);

/** Write the address alone as numeric text. Returns text. */
const char *endpoint_ip_text(const struct endpoint *e, char text[ENDPOINT_TEXT_SIZE]);

/**
 * Parse "a.b.c.d:port", "[v6]:port", or an address without a port, which gets default_port. False,
 * with out untouched, for anything else, and for a text that endpoint_ambiguous knows.
 */
bool endpoint_parse(struct endpoint *out, const char *text, uint16_t default_port);

/** Parse an address that has no port and no brackets. False, with out untouched, for anything
 * else. */
bool endpoint_parse_ip(struct endpoint *out, const char *text, uint16_t port);

/** True for an IPv6 address without brackets that may be meant as a shorter one with a port, such
 * as 2001:db8::1:4433. */
bool endpoint_ambiguous(const char *text);

/** Whether packets may be sent to an address that a peer named (docs/protocol.md, section 13, the
 * table of targets). */
enum endpoint_scope {
    ENDPOINT_SCOPE_NEVER,  /* never: unspecified, loopback, multicast, broadcast, reserved, what
                              hides an IPv4 address, and our own overlay */
    ENDPOINT_SCOPE_LAN,    /* only on a shared LAN: RFC 1918, RFC 6598, link-local, unique local */
    ENDPOINT_SCOPE_GLOBAL, /* yes: all others; also the documentation ranges, for tests use them */
};

/** The scope of an address; its port does not matter. */
enum endpoint_scope endpoint_scope(const struct endpoint *e);

/** True if both are LAN or loopback addresses of one special range (10/8, fe80::/10, ...): who has
 * the one may reach the other. */
bool endpoint_same_special(const struct endpoint *a, const struct endpoint *b);
