/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests to a TURN server. */
#include "tests/support/turn_channel.h"

#include "proto/base/bytes.h"

#include <string.h>

enum {
    STUN_HEADER_SIZE = 20,
    STUN_COOKIE = 0x2112a442,
    STUN_SUCCESS = 0x0100,
    METHOD_ALLOCATE = 0x0003,
    METHOD_CHANNEL_BIND = 0x0009,
    CHANNEL_NUMBER = 0x000c,
    XOR_PEER_ADDRESS = 0x0012,
    REQUESTED_TRANSPORT = 0x0019,
    TRANSPORT_UDP = 17,
    FAMILY_IP4 = 1,
};

static void header_write(uint8_t *out, uint16_t method, size_t attributes_size)
{
    memset(out, 0, STUN_HEADER_SIZE);
    be16_write(out, method);
    be16_write(out + 2, (uint16_t)attributes_size);
    be32_write(out + 4, STUN_COOKIE);
    be16_write(out + 8, method); /* the transaction, of which there is one of each method */
}

static uint8_t *attribute_write(uint8_t *out, uint16_t type, uint16_t size)
{
    be16_write(out, type);
    be16_write(out + 2, size);
    memset(out + 4, 0, size);
    return out + 4;
}

size_t turn_allocate_write(uint8_t out[TURN_MESSAGE_MAX])
{
    header_write(out, METHOD_ALLOCATE, 8);
    *attribute_write(out + STUN_HEADER_SIZE, REQUESTED_TRANSPORT, 4) = TRANSPORT_UDP;
    return STUN_HEADER_SIZE + 8;
}

size_t turn_bind_write(uint8_t out[TURN_MESSAGE_MAX], const struct sockaddr_in *peer)
{
    uint8_t *at;

    header_write(out, METHOD_CHANNEL_BIND, 20);
    at = attribute_write(out + STUN_HEADER_SIZE, CHANNEL_NUMBER, 4);
    be16_write(at, TURN_CHANNEL);
    at = attribute_write(at + 4, XOR_PEER_ADDRESS, 8);
    at[1] = FAMILY_IP4;
    be16_write(at + 2, (uint16_t)(ntohs(peer->sin_port) ^ (STUN_COOKIE >> 16)));
    be32_write(at + 4, ntohl(peer->sin_addr.s_addr) ^ STUN_COOKIE);
    return STUN_HEADER_SIZE + 20;
}

void turn_header_write(uint8_t out[TURN_CHANNEL_HEADER_SIZE], size_t size)
{
    be16_write(out, TURN_CHANNEL);
    be16_write(out + 2, (uint16_t)size);
}

bool turn_succeeded(const uint8_t *response, size_t size, const uint8_t *request)
{
    return size >= STUN_HEADER_SIZE && response[0] == STUN_SUCCESS >> 8 &&
           response[1] == request[1] &&
           memcmp(response + 8, request + 8, STUN_HEADER_SIZE - 8) == 0;
}
