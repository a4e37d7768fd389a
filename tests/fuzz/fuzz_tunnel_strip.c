/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any packet from the TUN device: the other host must be able to rebuild each plaintext that the
 * tunnel makes of it.
 *
 *   input: flags(1): 1 from B to A, 2 checksum partial, 4 gso TCP4, 8 gso TCP6,
 *                   16 gso UDP
 *          checksum start(2) checksum offset(2) gso size(2) header size(2) packet
 */
#include "client/tunnel/icmp.h"
#include "client/tunnel/strip.h"
#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"

#include "tests/support/tunnel_packets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Carry all segments to the other host, and then ask for one more. */
static void carry_all(const struct tunnel_pair *from, const struct tunnel_pair *to,
                      const struct packet *packet)
{
    struct tunnel_cut cut;
    uint16_t next_id = 0;

    if (tunnel_open(&cut, packet) != ERR_OK) {
        return;
    }
    CHECK(cut.destination.size == 4 || cut.destination.size == 16);
    for (size_t i = 0, count = cut.segments_left; i <= count && i < 70; i++) {
        struct packet got = {0};
        uint8_t *memory;
        int rc = carry_next(&got, &memory, from, to, &cut, &next_id);

        if (memory != NULL) {
            CHECK(rc == ERR_OK && i < count && cut.segments_left == count - i - 1);
            CHECK(got.size <= PACKET_SIZE_MAX);
            CHECK(memcmp(got.data + (got.data[0] >> 4 == 6 ? 8 : 12), "\0\0\0\0", 4) != 0);
            CHECK(packet_checksum_complete(&got) == ERR_OK);
        }
        free(memory);
    }
}

static void answer(const struct packet *packet)
{
    uint8_t icmp[TUNNEL_ICMP_SIZE_MAX];
    struct tunnel_cut cut;
    struct packet error;

    if (tunnel_open(&cut, packet) == ERR_OK &&
        tunnel_icmp_unreachable(&error, icmp, &cut, TUNNEL_ICMP_TOO_BIG, 1280) == ERR_OK) {
        CHECK(error.size <= TUNNEL_ICMP_SIZE_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct two_hosts two = two_hosts_make();
    struct rbuf r = rbuf_over(data, size);
    struct packet packet = {0};
    uint8_t flags = rbuf_u8(&r);

    packet.checksum_partial = (flags & 2) != 0;
    packet.gso = (flags & 4) != 0    ? PACKET_GSO_TCP4
                 : (flags & 8) != 0  ? PACKET_GSO_TCP6
                 : (flags & 16) != 0 ? PACKET_GSO_UDP
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

    answer(&packet);
    carry_all((flags & 1) != 0 ? &two.b : &two.a, (flags & 1) != 0 ? &two.a : &two.b, &packet);
    free(packet.data);
    return 0;
}
