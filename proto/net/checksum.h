/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The internet checksum (RFC 1071), pseudo-headers, and its incremental update (RFC 1624).
 * "Sum" is the one's complement sum of 16-bit words in host order, "checksum" its complement as
 * it stands in a header (read and written with be16_read, be16_write).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** `sum` plus the sum of size bytes; an odd last byte counts as the high half of a word, so only
 * the last piece of a message may be odd. Any alignment. The result is below 2^17. */
uint32_t checksum_add(uint32_t sum, const uint8_t *data, size_t size);

/** The 16-bit one's complement sum. */
uint16_t checksum_fold(uint32_t sum);

/** The checksum for a header: the complement of the folded sum. */
uint16_t checksum_finish(uint32_t sum);

/** Sum of a pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1): both addresses as they stand behind each
 * other in an IP header (addresses_size 8 or 32), protocol, transport size. Below 2^18. */
uint32_t checksum_pseudo(const uint8_t *addresses, size_t addresses_size, uint8_t protocol,
                         uint32_t size);

/** The checksum after words that summed to `removed` were replaced by words that sum to `added`
 * (RFC 1624, equation 3). A wrong checksum stays wrong. */
uint16_t checksum_update(uint16_t checksum, uint32_t removed, uint32_t added);
