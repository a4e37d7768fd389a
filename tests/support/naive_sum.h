/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Internet checksum (RFC 1071) in the plainest way, which is not that of what is tested. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Add size bytes, from an even position on, to a one's complement sum of 16 bits. A sum of 0xffff
 * over a header with its checksum says that the checksum is right. */
uint32_t naive_sum(uint32_t sum, const uint8_t *data, size_t size);

/** The sum of a pseudo header (RFC 1071, RFC 8200 section 8.1) over a transport of `size` bytes; 0
 * for ICMP over IPv4, which has none. */
uint32_t naive_pseudo(bool v6, const uint8_t *source, const uint8_t *destination, uint8_t protocol,
                      size_t size);

/** What makes the sum right where it stands in place of two zero bytes. */
uint16_t naive_checksum(const uint8_t *data, size_t size);
