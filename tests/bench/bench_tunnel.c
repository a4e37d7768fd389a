/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tunnel costs without sealing. strip: a 64 KiB super-packet from the TUN device is cut
 * into the plaintexts of its segments. rebuild: these become a packet for the TUN device again; a
 * copy of each plaintext into the box is part of it, because opening a frame would make one. Prints
 * nanoseconds of CPU time for each segment. To count instructions, run one part under valgrind
 * --tool=callgrind with two numbers of rounds and take the difference. usage: bench_tunnel [ROUNDS
 * [strip|rebuild [4|6]]]
 */
#include "client/tunnel/strip.h"
#include "client/tunnel/train.h"
#include "proto/base/bytes.h"
#include "tests/support/tunnel_packets.h"

#include <stdio.h>
#include <time.h>

enum {
    SEGMENT_SIZE = 1400,
    SEGMENTS = 46,
    TCP_SIZE = 32, /* with a timestamp option */
    ROOM = SEGMENT_SIZE + 200,
    HEADERS_MAX = 40 + TCP_SIZE,
};

static uint8_t plains[SEGMENTS][ROOM];
static size_t sizes[SEGMENTS];

static uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* A super-packet from A to B, as A's kernel hands it over. */
static struct packet super_packet(uint8_t data[PACKET_SIZE_MAX], const struct two_hosts *two,
                                  bool v6)
{
    static const uint8_t options[TCP_SIZE - 20] = {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8};
    size_t header = v6 ? 40 : 20;
    struct packet packet = {.data = data,
                            .size = header + TCP_SIZE + (size_t)SEGMENTS * SEGMENT_SIZE,
                            .checksum_partial = true,
                            .checksum_start = (uint16_t)header,
                            .checksum_offset = 16,
                            .gso = v6 ? PACKET_GSO_TCP6 : PACKET_GSO_TCP4,
                            .gso_size = SEGMENT_SIZE,
                            .header_size = (uint16_t)(header + TCP_SIZE)};
    uint8_t *tcp = data + header;

    memset(data, 0x5a, packet.size);
    memset(data, 0, header + 20);
    data[0] = v6 ? 0x60 : 0x45;
    put16(data + (v6 ? 4 : 2), (unsigned)(packet.size - (v6 ? 40 : 0)));
    data[v6 ? 6 : 9] = 6;
    data[v6 ? 7 : 8] = 64;
    if (v6) {
        memcpy(data + 8, two->a.own.v6, 16);
        memcpy(data + 24, two->a.peer.v6, 16);
    } else {
        data[6] = 0x40;
        memcpy(data + 12, two->a.own.v4, 4);
        memcpy(data + 16, two->a.peer.v4, 4);
    }
    tcp[12] = TCP_SIZE / 4 << 4;
    tcp[13] = 0x10;
    memcpy(tcp + 20, options, sizeof(options));
    return packet;
}

/* The packet is overwritten, so each round begins with its headers as they were. `keep` its
 * plaintexts. */
static void strip(const struct packet *packet, const uint8_t first[HEADERS_MAX],
                  const struct tunnel_pair *pair, bool keep)
{
    const uint8_t *plain;
    struct tunnel_cut cut;

    memcpy(packet->data, first, HEADERS_MAX);
    CHECK(tunnel_open(&cut, packet) == ERR_OK && cut.segments_left == SEGMENTS);
    for (size_t i = 0; cut.segments_left > 0; i++) {
        CHECK(tunnel_next(&cut, pair, plains[i], ROOM, &plain, &sizes[i]) == ERR_OK);
        if (keep) {
            memcpy(plains[i], plain, sizes[i]);
        }
    }
}

static void rebuild(struct packet_box *box, const struct tunnel_pair *pair)
{
    struct packet_train train = {.offload = {.tcp = true, .udp = true}};

    packet_box_clear(box);
    for (size_t i = 0; i < SEGMENTS; i++) {
        uint8_t *room = packet_box_reserve(box, sizes[i]);
        size_t packet_size;

        CHECK(room != NULL);
        memcpy(room, plains[i], sizes[i]);
        CHECK(train_put(&train, box, pair, 1, room, sizes[i], &packet_size) == ERR_OK);
    }
    CHECK(box->items_count == 1);
}

static void report(const char *what, bool v6, uint64_t since_ns, uint64_t rounds)
{
    printf("%s%u_ns_each=%.1f\n", what, v6 ? 6U : 4U,
           (double)(clock_ns() - since_ns) / ((double)rounds * SEGMENTS));
}

static void measure(struct packet_box *box, bool v6, uint64_t rounds, const char *part)
{
    static uint8_t data[PACKET_SIZE_MAX];
    struct two_hosts two = two_hosts_make();
    struct packet packet = super_packet(data, &two, v6);
    uint8_t first[HEADERS_MAX];
    uint64_t since_ns;

    memcpy(first, packet.data, sizeof(first));
    strip(&packet, first, &two.a, true);
    if (part == NULL || strcmp(part, "strip") == 0) {
        since_ns = clock_ns();
        for (uint64_t i = 0; i < rounds; i++) {
            strip(&packet, first, &two.a, false);
        }
        report("strip", v6, since_ns, rounds);
    }
    if (part == NULL || strcmp(part, "rebuild") == 0) {
        since_ns = clock_ns();
        for (uint64_t i = 0; i < rounds; i++) {
            rebuild(box, &two.b);
        }
        report("rebuild", v6, since_ns, rounds);
    }
}

int main(int argc, char **argv)
{
    uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000;
    const char *part = argc > 2 ? argv[2] : NULL;
    struct packet_box box;

    if (packet_box_init(&box, (size_t)2 * PACKET_SIZE_MAX, SEGMENTS) != ERR_OK) {
        return 1;
    }
    for (int family = 4; family <= 6; family += 2) {
        if (argc < 4 || argv[3][0] == (char)('0' + family)) {
            measure(&box, family == 6, rounds, part);
        }
    }
    packet_box_fini(&box);
    return 0;
}
