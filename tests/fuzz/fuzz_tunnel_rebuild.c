/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any plaintexts from a peer: the packet that is made of one never has a source or destination
 * other than the two hosts, and neither has the packet that an ICMP error quotes. Two come one
 * behind the other, so that they may become one packet; then its payload is that of both.
 *
 *   input: size of the first plaintext(2) first plaintext, second plaintext; without a second one
 *          it is the first again, with the sequence that TCP continues with
 */
#include "client/tunnel/train.h"
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

static size_t head_size(const uint8_t *plain)
{
    bool source_fixed = (plain[3] >> 5 & 3) == 2;
    bool destination_fixed = (plain[3] >> 3 & 3) == 2;

    return 4 + (source_fixed ? 4U : 0U) + (destination_fixed ? 4U : 0U);
}

/* The bytes of a super-packet behind its headers, and those of the plaintexts it was made of. */
static void check_joined(const struct packet *super, const uint8_t *first, size_t first_size,
                         const uint8_t *second, size_t second_size)
{
    size_t ip = super->data[0] >> 4 == 6 ? 40 : 20;
    size_t prefix = head_size(first) + super->header_size - ip;

    CHECK(super->gso != PACKET_GSO_NONE && super->checksum_partial);
    CHECK(super->checksum_start == ip && super->size <= PACKET_SIZE_MAX);
    CHECK(first_size == prefix + super->gso_size);
    CHECK(second_size > prefix && second_size <= first_size);
    CHECK(super->size == super->header_size + first_size + second_size - 2 * prefix);
    CHECK(memcmp(super->data + super->header_size, first + prefix, super->gso_size) == 0);
    CHECK(memcmp(super->data + super->header_size + super->gso_size, second + prefix,
                 second_size - prefix) == 0);
}

/* The plaintext that a TCP flow goes on with behind this one. */
static void sequence_continue(uint8_t *plain, size_t size)
{
    if (size < 4 || plain[0] != 6 || size < head_size(plain) + 20) {
        return;
    }
    size_t at = head_size(plain);
    uint8_t *sequence = plain + at + 4;
    uint32_t number = (uint32_t)sequence[0] << 24 | (uint32_t)sequence[1] << 16 |
                      (uint32_t)sequence[2] << 8 | sequence[3];

    number += (uint32_t)(size - at - (size_t)(plain[at + 12] >> 4) * 4);
    put16(sequence, number >> 16);
    put16(sequence + 2, number & 0xffff);
}

static bool put(struct packet_train *train, struct packet_box *box, const uint8_t *plain,
                size_t size)
{
    struct two_hosts two = two_hosts_make();
    uint8_t *room = packet_box_reserve(box, size);
    size_t packet_size;

    CHECK(room != NULL);
    memcpy(room, plain, size);
    return train_put(train, box, &two.b, 1, room, size, &packet_size) == ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct two_hosts two = two_hosts_make();
    struct packet_train train = {.offload = {.tcp = true, .udp = true}};
    size_t first_size = size < 2 ? 0 : (size_t)data[0] << 8 | data[1];
    struct packet_box box;

    if (size < 2 || first_size > size - 2 || size > PACKET_SIZE_MAX ||
        packet_box_init(&box, 2 * (PACKET_BOX_HEADROOM + size), 4) != ERR_OK) {
        return 0;
    }
    bool given = size - 2 > first_size;
    size_t second_size = given ? size - 2 - first_size : first_size;
    uint8_t *second = malloc(second_size + 1);

    memcpy(second, data + size - second_size, second_size);
    if (!given) {
        sequence_continue(second, second_size);
    }
    bool made = put(&train, &box, data + 2, first_size);

    if (put(&train, &box, second, second_size) && made && box.items_count == 1) {
        check_joined(&box.items[0], data + 2, first_size, second, second_size);
    }
    for (size_t i = 0; i < box.items_count; i++) {
        check_packet(&two.b, &box.items[i]);
    }
    free(second);
    packet_box_fini(&box);
    return 0;
}
