/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lengths, sequence and flags of a part; the checksum's pseudo-header has a length, too. */
#include "client/tunnel/super_cut.h"

#include "client/tunnel/transport.h"
#include "proto/base/bytes.h"
#include "proto/net/checksum.h"

#include <string.h>

enum {
    IP4_LENGTH_AT = 2,
    IP4_CHECKSUM_AT = 10,
    IP6_LENGTH_AT = 4,
};

bool super_cut_possible(const struct packet *packet, const struct tunnel_ip *ip)
{
    size_t transport_size = packet->gso == PACKET_GSO_UDP ? UDP_HEADER_SIZE : TCP_HEADER_SIZE;
    size_t checksum_at = packet->gso == PACKET_GSO_UDP ? UDP_CHECKSUM_AT : TCP_CHECKSUM_AT;

    return packet->gso != PACKET_GSO_NONE && packet->gso_size > 0 && ip->plain &&
           ip->size == packet->size && packet->header_size >= ip->payload_at + transport_size &&
           packet->header_size < packet->size && packet->checksum_partial &&
           packet->checksum_start == ip->payload_at && packet->checksum_offset == checksum_at;
}

static void ip_length(struct packet *part)
{
    uint8_t *data = part->data;
    uint16_t before = be16_read(data + IP4_LENGTH_AT);

    if (data[0] >> 4 == 6) {
        be16_write(data + IP6_LENGTH_AT, u16_of(part->size - IP6_HEADER_SIZE));
        return;
    }
    be16_write(data + IP4_LENGTH_AT, u16_of(part->size));
    be16_write(data + IP4_CHECKSUM_AT,
               checksum_update(be16_read(data + IP4_CHECKSUM_AT), before, u16_of(part->size)));
}

static size_t ip_length_of(const uint8_t *data)
{
    return data[0] >> 4 == 6 ? (size_t)be16_read(data + IP6_LENGTH_AT) + IP6_HEADER_SIZE
                             : be16_read(data + IP4_LENGTH_AT);
}

void super_cut_headers(struct packet *part, size_t at, bool last)
{
    uint8_t *transport = part->data + part->checksum_start;
    uint8_t *field = transport + part->checksum_offset;
    size_t whole = ip_length_of(part->data) - part->checksum_start;
    size_t own = part->size - part->checksum_start;

    ip_length(part);
    /* The field holds the folded sum itself, not its complement. */
    be16_write(field,
               (uint16_t)~checksum_update((uint16_t)~be16_read(field), u32_of(whole), u32_of(own)));
    if (part->gso == PACKET_GSO_UDP) {
        be16_write(transport + UDP_LENGTH_AT, u16_of(own));
        return;
    }
    be32_write(transport + TCP_SEQUENCE_AT, be32_read(transport + TCP_SEQUENCE_AT) + u32_of(at));
    if (at > 0) {
        transport[TCP_FLAGS_AT] &= (uint8_t)~TCP_CWR_FLAG;
    }
    if (!last) {
        transport[TCP_FLAGS_AT] &= (uint8_t) ~(TCP_FIN_FLAG | TCP_PSH_FLAG);
    }
}
