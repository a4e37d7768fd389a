/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Internet checksum (RFC 1071), byte by byte. The code under test computes it in another way.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Add size bytes, the first at an even position, to a one's complement sum of 16 bits. The
 * checksum of a header is right if the sum over the whole header is 0xffff. */
uint32_t naive_sum(uint32_t sum, const uint8_t *data, size_t size);

/** The sum of a pseudo header (RFC 1071, RFC 8200 section 8.1) over a transport of `size` bytes; 0
 * for ICMP over IPv4, which has none. */
uint32_t naive_pseudo(bool v6, const uint8_t *source, const uint8_t *destination, uint8_t protocol,
                      size_t size);

/** The checksum of data whose checksum field is zero. */
uint16_t naive_checksum(const uint8_t *data, size_t size);
