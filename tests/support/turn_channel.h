/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The few messages by which a client gets a channel at a TURN server that asks for no password (RFC
 * 8656): for measuring one.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TURN_CHANNEL = 0x4000,
    TURN_CHANNEL_HEADER_SIZE = 4, /* before each datagram, both ways */
    TURN_MESSAGE_MAX = 64,
};

/** Write an Allocate request for UDP; returns its size. */
size_t turn_allocate_write(uint8_t out[TURN_MESSAGE_MAX]);

/** Write a ChannelBind request of TURN_CHANNEL to an IPv4 peer; returns its size. */
size_t turn_bind_write(uint8_t out[TURN_MESSAGE_MAX], const struct sockaddr_in *peer);

/** Write the header of a datagram of `size` bytes on the channel. */
void turn_header_write(uint8_t out[TURN_CHANNEL_HEADER_SIZE], size_t size);

/** True if this is the success response to a request, `size` bytes each. */
bool turn_succeeded(const uint8_t *response, size_t size, const uint8_t *request);
