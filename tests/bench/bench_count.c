/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What tests/bench/count counts instructions of, under callgrind: two hosts and a relay in memory,
 * in virtual time, that pass TCP segments of super-packets. Everything before count_from is
 * preparation. Prints how many frames passed. usage: bench_count direct|lane|session [BATCHES]
 */
#include "client/core/core_internal.h"
#include "proto/base/bytes.h"
#include "relayd/core/core_internal.h"
#include "tests/support/host_fixture.h"
#include "tests/support/tunnel_packets.h"

#include <stdio.h>

enum {
    SEGMENT_SIZE = 1200,
    SEGMENTS = 16, /* of one batch: what a relay session's queue takes at once, too */
    HEADERS_SIZE = 40,
    BATCH_SIZE = HEADERS_SIZE + SEGMENTS * SEGMENT_SIZE,
    BATCH_MS = 25, /* more than a way takes, over the relay, too */
    PREPARE_MS = 20,
    PREPARE_BATCHES = 50,
    KINDS = 3, /* of paths */
};

/* Always the same one: which is the fastest is measured at each start. */
static const struct aead_list cipher = {.count = 1, .ids = {AEAD_AES_256_GCM}};
static uint8_t bytes[BATCH_SIZE];

/* A super-packet from host 0 to the other one, as the kernel hands it over. */
static struct packet batch_make(struct lab *lab, uint32_t sequence)
{
    struct host_name_record to;
    uint8_t v4[4], v6[16], resolver[4], bits;
    struct packet packet = {.data = bytes,
                            .size = BATCH_SIZE,
                            .checksum_partial = true,
                            .checksum_start = 20,
                            .checksum_offset = 16,
                            .gso = PACKET_GSO_TCP4,
                            .gso_size = SEGMENT_SIZE,
                            .header_size = HEADERS_SIZE};

    assert_true(host_core_lookup_name(lab->hosts[0].core, "nas", &to));
    host_core_addresses(lab->hosts[0].core, v4, v6, resolver, &bits);
    memset(bytes, 0, HEADERS_SIZE);
    memset(bytes + HEADERS_SIZE, 0x5a, BATCH_SIZE - HEADERS_SIZE);
    bytes[0] = 0x45;
    be16_write(bytes + 2, BATCH_SIZE);
    bytes[6] = 0x40; /* don't fragment */
    bytes[8] = 64;
    bytes[9] = 6;
    memcpy(bytes + 12, v4, 4);
    memcpy(bytes + 16, to.v4, 4);
    be32_write(bytes + 24, sequence);
    bytes[32] = 5 << 4;
    bytes[33] = 0x10; /* ACK */
    return packet;
}

static void send_batches(struct lab *lab, unsigned batches)
{
    for (unsigned i = 0; i < batches; i++) {
        struct packet packet = batch_make(lab, i * SEGMENTS * SEGMENT_SIZE);

        (void)host_node_packet(&lab->hosts[0], &packet, lab->now);
        run_ms(lab, BATCH_MS);
    }
}

/* Never inlined: callgrind finds it by name. */
__attribute__((noinline)) static void count_from(struct lab *lab, unsigned batches)
{
    send_batches(lab, batches);
}

static enum path_kind kind_in_use(struct lab *lab)
{
    const struct path *path = conversation_at(lab, 0)->paths.present;

    return path == NULL ? PATH_KIND_RELAY : path->kind;
}

/* Pings until packets go by this kind of path. */
static void prepare(struct lab *lab, enum path_kind kind)
{
    for (unsigned ms = 0; ms < 5000; ms += PREPARE_MS) {
        send_ping_between(lab, 0, "nas", 500);
        send_ping_between(lab, 1, "anna", 500);
        run_ms(lab, PREPARE_MS);
    }
    /* The peer goes on to say nothing, which is a reason for doubt at its beginning only. */
    send_batches(lab, PREPARE_BATCHES);
    assert_int_equal(kind_in_use(lab), kind);
}

static struct lab *lab_of(enum path_kind kind)
{
    struct lab *lab = lab_joined();

    for (size_t i = 0; i < HOSTS; i++) {
        lab->hosts[i].cfg.aeads = cipher;
        lab_restart(lab, i);
    }
    run_ms(lab, 1500);
    lab->cut_direct = kind != PATH_KIND_DIRECT;
    for (size_t i = 0; i < HOSTS; i++) {
        lab->hosts[i].core->conversations.lanes = kind == PATH_KIND_LANE;
    }
    prepare(lab, kind);
    return lab;
}

int main(int argc, char **argv)
{
    static const char *const names[KINDS] = {
        [PATH_KIND_DIRECT] = "direct", [PATH_KIND_RELAY] = "session", [PATH_KIND_LANE] = "lane"};
    unsigned batches = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 50;
    const struct relay_counters *counters;
    struct lab *lab;
    uint64_t forwarded;
    size_t kind = 0;

    while (argc > 1 && kind < KINDS && strcmp(names[kind], argv[1]) != 0) {
        kind++;
    }
    if (argc < 2 || kind == KINDS) {
        fputs("usage: bench_count direct|lane|session [BATCHES]\n", stderr);
        return 2;
    }
    if (identity_library_init() != ERR_OK || aead_choose(&cipher, &cipher) == AEAD_NONE) {
        fputs("this CPU has no instructions for AES\n", stderr);
        return 77;
    }
    lab = lab_of((enum path_kind)kind);
    counters = &lab->relay.core->base.counters;
    forwarded = counters->forwarded_frames;
    count_from(lab, batches);
    printf("sent=%u forwarded=%llu\n", batches * SEGMENTS,
           (unsigned long long)(counters->forwarded_frames - forwarded));
    lab_free(lab);
    return 0;
}
