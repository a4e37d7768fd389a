/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any packet from the TUN device: what the tunnel takes, the other host must be able to rebuild,
 * between the same two hosts.
 *
 *   input: flags(1): 1 from B to A, 2 checksum partial, 4 gso TCP4, 8 gso TCP6
 *          checksum start(2) checksum offset(2) gso size(2) header size(2) packet
 */
#include "client/tunnel/tunnel.h"
#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"

#include "tests/support/tunnel_packets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void carry_segment(const struct tunnel_pair *from, const struct tunnel_pair *to,
                          const struct packet *packet, size_t segment)
{
    struct packet got = {0};
    uint8_t *memory;
    uint16_t next_id = 0;
    int rc = carry(&got, &memory, from, to, packet, segment, &next_id);

    if (memory != NULL) {
        CHECK(rc == ERR_OK);
        CHECK(got.size <= PACKET_SIZE_MAX);
        CHECK(memcmp(got.data + (got.data[0] >> 4 == 6 ? 8 : 12), "\0\0\0\0", 4) != 0);
        CHECK(tunnel_checksum_complete(&got) == ERR_OK);
    }
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct two_hosts two = two_hosts_make();
    struct rbuf r = rbuf_over(data, size);
    struct packet packet = {0};
    struct packet error;
    struct tunnel_address address;
    uint8_t icmp[TUNNEL_ICMP_SIZE_MAX];
    uint8_t flags = rbuf_u8(&r);

    packet.checksum_partial = (flags & 2) != 0;
    packet.gso = (flags & 4) != 0   ? PACKET_GSO_TCP4
                 : (flags & 8) != 0 ? PACKET_GSO_TCP6
                                    : PACKET_GSO_NONE;
    packet.checksum_start = rbuf_u16(&r);
    packet.checksum_offset = rbuf_u16(&r);
    packet.gso_size = rbuf_u16(&r);
    packet.header_size = rbuf_u16(&r);
    packet.size = rbuf_left(&r);
    if (r.failed || packet.size > PACKET_SIZE_MAX) {
        return 0;
    }
    packet.data = malloc(packet.size + 1);
    memcpy(packet.data, r.at, packet.size);

    size_t count = tunnel_segment_count(&packet);

    for (size_t i = 0; i <= count && i < 70; i++) {
        carry_segment((flags & 1) != 0 ? &two.b : &two.a, (flags & 1) != 0 ? &two.a : &two.b,
                      &packet, i);
    }
    if (tunnel_destination(&address, &packet) == ERR_OK) {
        CHECK(address.size == 4 || address.size == 16);
    }
    if (tunnel_icmp_unreachable(&error, icmp, &packet, TUNNEL_ICMP_TOO_BIG, 1280) == ERR_OK) {
        CHECK(error.size <= TUNNEL_ICMP_SIZE_MAX);
    }
    free(packet.data);
    return 0;
}
