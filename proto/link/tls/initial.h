/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The protection of a client's first packet (RFC 9001, section 5.2; RFC 9369, section 3.3). Its
 * keys follow from the connection id in its header, so whoever made the packet for us made it open,
 * and what does not open is noise. To see that costs a twentieth of what a connection costs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ngtcp2/ngtcp2.h>

enum { INITIAL_SIZE_MAX = 8952 /* no path that we know carries a larger UDP payload */ };

/**
 * True if the Initial at the beginning of a datagram opens.
 *
 * hd              its header, as ngtcp2_accept read it from this datagram
 * packet, size    the datagram, any content
 *
 * Pure; allocates nothing, and leaves the datagram as it is.
 */
bool initial_opens(const ngtcp2_pkt_hd *hd, const uint8_t *packet, size_t size);
