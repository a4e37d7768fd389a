/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The internet checksum (RFC 1071), pseudo-headers, and its incremental update (RFC 1624).
 * A "sum" is a one's complement sum of 16-bit words, perhaps with carries still to be folded in. A
 * "checksum" is the complement of a folded sum, as it stands in a header; read and write it with
 * be16_read and be16_write. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** `sum` plus the sum of size bytes. An odd last byte counts as the high half of a word, so of a
 * message that is summed in pieces only the last may be odd. Any alignment. The result is below
 * 2^17. */
uint32_t checksum_add(uint32_t sum, const uint8_t *data, size_t size);

/** Fold the carries in: the sum in 16 bits. */
uint16_t checksum_fold(uint32_t sum);

/** The checksum for a header: the complement of the folded sum. */
uint16_t checksum_finish(uint32_t sum);

/** The sum of a pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1): source and destination address as
 * they stand in an IP header (addresses_size is 8 or 32 bytes for both), protocol, and size of the
 * transport header and its data. The result is below 2^18. */
uint32_t checksum_pseudo(const uint8_t *addresses, size_t addresses_size, uint8_t protocol,
                         uint32_t size);

/** The checksum after words that summed to `removed` were replaced by words that sum to `added`
 * (RFC 1624, equation 3). A wrong checksum stays wrong. */
uint16_t checksum_update(uint16_t checksum, uint32_t removed, uint32_t added);
