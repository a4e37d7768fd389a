/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any plaintext from a peer: the packet that is made of it never has a source or destination other
 * than the two hosts, and neither has the packet that an ICMP error quotes. The packet is made
 * twice, so that coalescing may join both.
 */
#include "client/tunnel/coalesce.h"
#include "client/tunnel/rebuild.h"
#include "proto/base/bytes.h"

#include "tests/support/tunnel_packets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_packet(const struct tunnel_pair *pair, const struct packet *got)
{
    bool v6 = got->data[0] >> 4 == 6;
    size_t header = v6 ? 40 : 20;

    CHECK(of_host(&pair->peer, v6, got->data + (v6 ? 8 : 12)));
    CHECK(of_host(&pair->own, v6, got->data + (v6 ? 24 : 16)));
    if (got->size == header) {
        return;
    }
    if (v6 ? got->data[6] == 58 && got->data[header] < 128
           : got->data[0] == 0x45 && got->data[9] == 1 &&
                 (got->data[7] | (got->data[6] & 0x1f)) == 0 &&
                 (got->data[header] == 3 || got->data[header] == 11)) {
        const uint8_t *quote = got->data + header + 8;

        CHECK(got->size >= 2 * header + 8);
        CHECK(of_host(&pair->own, v6, quote + (v6 ? 8 : 12)));
        CHECK(of_host(&pair->peer, v6, quote + (v6 ? 24 : 16)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct two_hosts two = two_hosts_make();
    struct packet_box box;
    uint16_t next_id = 0;
    uint8_t *room;

    if (size > PACKET_SIZE_MAX ||
        packet_box_init(&box, 2 * (PACKET_BOX_HEADROOM + size), 4) != ERR_OK) {
        return 0;
    }
    for (int i = 0; i < 2; i++) {
        struct packet got = {0};

        room = packet_box_reserve(&box, size);
        CHECK(room != NULL);
        memcpy(room, data, size);
        if (tunnel_rebuild(&got, &two.b, room, size, &next_id) == ERR_OK) {
            check_packet(&two.b, &got);
            coalesce_commit(&box, &got);
        }
    }
    for (size_t i = 0; i < box.items_count; i++) {
        check_packet(&two.b, &box.items[i]);
    }
    packet_box_fini(&box);
    return 0;
}
