/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Explicit congestion notification in IP headers (RFC 3168). Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** True if the sender of a packet (at least 20 bytes, of any content) understands a mark: it is
 * ECT, or marked already. */
bool ecn_is_capable(const uint8_t *data);

/** Mark such a packet: congestion experienced. An IPv4 header checksum follows (RFC 1624): what was
 * right stays right. */
void ecn_mark(uint8_t *data);
