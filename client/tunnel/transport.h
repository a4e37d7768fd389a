/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Transport protocols and their checksums: where a checksum stands, whether it covers a
 * pseudo-header (RFC 1071; RFC 8200, 8.1), and how it follows a change of addresses (RFC 1624).
 * Pure.
 */
#pragma once

#include "client/tunnel/parse.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IP_PROTOCOL_ICMP = 1,
    IP_PROTOCOL_TCP = 6,
    IP_PROTOCOL_UDP = 17,
    IP_PROTOCOL_ICMP6 = 58,
    IP_PROTOCOL_SCTP = 132,
    TCP_HEADER_SIZE = 20,
    TCP_HEADER_SIZE_MAX = 60,
    TCP_SEQUENCE_AT = 4,
    TCP_OFFSET_AT = 12, /* header size in words, high nibble */
    TCP_FLAGS_AT = 13,
    TCP_CHECKSUM_AT = 16,
    TCP_FIN_FLAG = 0x01,
    TCP_PSH_FLAG = 0x08,
    TCP_ACK_FLAG = 0x10,
    TCP_CWR_FLAG = 0x80,
    UDP_HEADER_SIZE = 8,
    UDP_LENGTH_AT = 4,
    UDP_CHECKSUM_AT = 6,
    ICMP_HEADER_SIZE = 8, /* and where an error's quote begins */
    ICMP_CHECKSUM_AT = 2,
};

/** Where a transport's checksum stands, and what it covers. */
struct tunnel_transport {
    size_t checksum_at;
    size_t header_size; /* its fixed part */
    bool pseudo;        /* the checksum covers a pseudo-header */
};

/** The rules of a protocol's checksum; false (out untouched) if it has none that we know. */
bool tunnel_transport_of(struct tunnel_transport *out, bool v6, uint8_t protocol);

/** True for the protocols of the short form, which travels without an IP header: TCP, UDP, and the
 * family's ICMP. */
bool tunnel_protocol_plain(bool v6, uint8_t protocol);

/** The sum of the pseudo-header (0 for ICMP of IPv4, which has none). `addresses` are source and
 * destination as they stand in an IP header, `size` is the transport's, header included. */
uint32_t tunnel_pseudo(bool v6, const uint8_t *addresses, uint8_t protocol, size_t size);

/** The field of the checksum that covers a packet's addresses: a pointer into data. NULL if there
 * is no such field: the transport header is not in this packet or is not one that we know, its
 * checksum covers no address, or it is UDP without a checksum. */
uint8_t *tunnel_checksum_field(uint8_t *data, const struct tunnel_ip *ip);

/** Change a checksum field after words that summed to `removed` were replaced by words that sum to
 * `added`. UDP's zero stays zero, and a UDP checksum that comes out as zero is written as 0xffff.
 */
void tunnel_checksum_change(uint8_t *field, uint8_t protocol, uint32_t removed, uint32_t added);
