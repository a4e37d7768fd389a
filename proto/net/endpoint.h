/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A UDP endpoint: address and port, family-neutral. IPv4 is kept in its IPv4-mapped form
 * (::ffff:a.b.c.d), so that comparison and hashing need no case for the family.
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

/** Address in 16-byte form and port in host order. All zero means "none". */
struct endpoint {
    uint8_t ip[16];
    uint16_t port;
};

/** Endpoint from an address in network byte order and a port in host order. */
struct endpoint endpoint_v4(const uint8_t ip[4], uint16_t port);
struct endpoint endpoint_v6(const uint8_t ip[16], uint16_t port);

/** Endpoint from 4 or 16 address bytes; all zero if size is anything else. */
struct endpoint endpoint_of_bytes(const uint8_t *ip, size_t size, uint16_t port);

/** True for IPv4, for the all-zero endpoint, and for the same address and port. */
bool endpoint_is_v4(const struct endpoint *e);
bool endpoint_is_none(const struct endpoint *e);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

/** Same address, any port. */
bool endpoint_same_ip(const struct endpoint *a, const struct endpoint *b);

/** The address in its shortest form: 4 bytes for IPv4, else 16. Borrowed from e. */
const uint8_t *endpoint_ip_bytes(const struct endpoint *e, size_t *size);

/** Numeric text, "192.0.2.1:4433" or "[2001:db8::1]:4433". Returns text. */
const char *endpoint_text(const struct endpoint *e, char text[ENDPOINT_TEXT_SIZE]);

/** The address alone as numeric text. Returns text. */
const char *endpoint_ip_text(const struct endpoint *e, char text[ENDPOINT_TEXT_SIZE]);

/**
 * Parse "a.b.c.d:port", "[v6]:port", or an address without port (port = default_port).
 * Returns false, and leaves out alone, for anything else: no names are resolved.
 */
bool endpoint_parse(struct endpoint *out, const char *text, uint16_t default_port);

/** How a special-purpose address may be used as a target (docs/protocol.md, punch rules). */
enum endpoint_scope {
    ENDPOINT_SCOPE_NEVER,  /* unspecified, loopback, multicast, broadcast, reserved, our own
                              overlay ranges fdd9:f800::/24: nobody may name it as a target */
    ENDPOINT_SCOPE_LAN,    /* RFC 1918, RFC 6598, link-local, ULA: only on a shared LAN */
    ENDPOINT_SCOPE_GLOBAL, /* everything else, documentation ranges included */
};

/** The scope of an address; its port does not matter. */
enum endpoint_scope endpoint_scope(const struct endpoint *e);
