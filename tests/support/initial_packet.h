/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A client's Initial packet of QUIC 1 with any frames (RFC 9001, section 5.2), made by libsodium's
 * HMAC and wolfCrypt's AES, so that tests can begin a connection in every wrong way.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { INITIAL_PACKET_SIZE = 1200, INITIAL_DCID_SIZE = 8 };

/** Write the packet: to this connection id, from an empty one, without a token, with packet number
 * 2. The frames are followed by PADDING. */
void initial_packet_make(uint8_t out[INITIAL_PACKET_SIZE], const uint8_t dcid[INITIAL_DCID_SIZE],
                         const uint8_t *frames, size_t frames_size);
