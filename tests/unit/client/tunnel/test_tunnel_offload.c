/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checksums that the kernel leaves to the TUN device and that are not the transport's own: those of
 * packets inside tunnels inside ours. The packets were read from a TUN device of Linux 6.1 and
 * 6.18, small ones, whole. In each the test takes an inner checksum back to the sum of its
 * pseudo-header, as a kernel leaves it, and wants it back as it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/tunnel/strip.h"
#include "proto/base/err.h"

#include "tests/support/fixture.h"
#include "tests/support/tunnel_packets.h"

enum { PACKET_MAX = 200, IP6_PAIR_AT = 8 };

/** One packet, and the checksum in it that is left to us. */
struct offload_case {
    const char *name;
    size_t inner_at; /* the IP header whose addresses the checksum covers; 0: it covers none */
    uint16_t start, offset;
    const char *hex;
};

static const struct offload_case cases[] = {
    {"a UDP datagram in VXLAN, whose outer checksum is complete", 50, 70, 6,
     "45000053c50200004011ed12644000026440000383fc12b5003f76690800000000002a00020000000003020000000"
     "0"
     "020800450000217ae840004011abcd0a0900020a090003d7750007000dd06e68656c6c6f"},
    {"a TCP SYN in VXLAN", 50, 70, 16,
     "4500006e1ad50000401197256440000264400003da0212b5005af0000800000000002a00020000000003fe42bdd77"
     "6"
     "2308004500003c94ce4000400691d70a0900020a090003acca0050a10af6ca00000000a002faf022ee0000020405b"
     "4"
     "0402080a36919a890000000001030307"},
    {"a UDP datagram in Geneve without an outer checksum", 50, 70, 6,
     "45000053049b00004011ad7a64400002644000031e4617c1003f00000000655800002a000200000000031275c019c"
     "4"
     "3508004500002102e94000401123cd0a0900020a090003e4380007000dc3ab68656c6c6f"},
    {"a TCP SYN in Geneve", 50, 70, 16,
     "4500006e049f00004011ad5b64400002644000031adb17c1005a00000000655800002a000200000000031275c019c"
     "4"
     "3508004500003c58e640004006cdbf0a0900020a090003acda0050fe30f3e200000000a002ffdc0dc400000204051"
     "e"
     "0402080a39844e1c0000000001030307"},
    {"a UDP datagram in an Ethernet frame in GRE", 38, 58, 6,
     "450000478c314000402fe5d1644000026440000300006558020000000003ae10b6773a1e080045000021811540004"
     "0"
     "11a5a00a0900020a090003d1160007000dd6cd68656c6c6f"},
    {"a UDP datagram in GRE", 24, 44, 6,
     "4500003901eb4000402f7026644000026440000300000800450000217c4f40004011aa660a0900020a090003de1d0"
     "0"
     "07000dc9c668656c6c6f"},
    {"a UDP datagram in GRE with a checksum of GRE's own", 28, 48, 6,
     "4500003d4ca64000402f25676440000264400003800008008c34000045000021bcb1400040116a040a0900020a090"
     "0"
     "0386da0007000d210a68656c6c6f"},
    {"the checksum of GRE itself", 0, 20, 4,
     "4500003d4ca64000402f25676440000264400003800008008c34000045000021bcb1400040116a040a0900020a090"
     "0"
     "0386da0007000d210a68656c6c6f"},
    {"a UDP datagram in IPIP", 20, 40, 6,
     "45000035532d400040041f13644000026440000345000021ae524000401178630a0900020a0900038ff00007000d1"
     "7"
     "f468656c6c6f"},
    {"a TCP SYN in IPIP", 20, 40, 16,
     "450000505331400040041ef464400002644000034500003c4fe540004006d6c00a0900020a0900039b3e0050a0a6f"
     "6"
     "7100000000a002fb40315900000204053c0402080a1e13b70d0000000001030307"},
    {"a UDP datagram in IPv6, behind destination options", 48, 68, 6,
     "600a20d600293c40fd000000000000000000000000000002fd0000000000000000000000000000030400040104010"
     "1"
     "00450000211984400040110d320a0900020a090003980b0007000d0fd968656c6c6f"},
    {"a UDP datagram in IPIP in UDP", 28, 48, 6,
     "4500003d76d340004011fb576440000264400003e89215b30029000045000021594a40004011cd6b0a0900020a090"
     "0"
     "03c6c40007000de11f68656c6c6f"},
    {"a UDP datagram in L2TP over UDP", 54, 74, 6,
     "450000571d3a0000401194d7644000026440000313881389004300000003000000000001000000000200000000030"
     "e"
     "9b05f94b67080045000021a4ce4000401181e70a0900020a090003cb0e0007000ddcd568656c6c6f"},
    {"a UDP datagram in L2TP over IP", 42, 62, 6,
     "4500004b5513000040735ca864400002644000030000000100000000020000000003f203a06bbccc08004500002"
     "1d893400040114e220a0900020a090003d2b70007000dd52c68656c6c6f"},
};

/* The packet with the addresses that one of the two hosts sees in its outer header, and with the
 * outer checksums that follow from them. Returns its size. */
static size_t case_build(uint8_t *out, const struct offload_case *c, const struct tunnel_pair *pair,
                         bool sent)
{
    const struct tunnel_host *source = sent ? &pair->own : &pair->peer;
    const struct tunnel_host *destination = sent ? &pair->peer : &pair->own;
    size_t size = fixture_hex(out, PACKET_MAX, c->hex);

    if (out[0] >> 4 == 6) {
        memcpy(out + IP6_PAIR_AT, source->v6, 16);
        memcpy(out + IP6_PAIR_AT + 16, destination->v6, 16);
        return size;
    }
    memcpy(out + 12, source->v4, 4);
    memcpy(out + 16, destination->v4, 4);
    put16(out + 10, 0);
    put16(out + 10, naive_checksum(out, 20));
    if (out[9] == 17 && (out[26] | out[27]) != 0) {
        uint32_t sum = naive_pseudo(false, out + 12, out + 16, 17, size - 20);

        put16(out + 26, 0);
        put16(out + 26, (uint16_t)~naive_sum(sum, out + 20, size - 20));
    }
    return size;
}

/* Take a checksum back to what it is before it is completed. */
static void case_make_partial(const struct offload_case *c, struct packet *packet)
{
    const uint8_t *inner = packet->data + c->inner_at;
    uint32_t sum = 0;

    if (c->inner_at != 0) {
        size_t total = (size_t)inner[2] << 8 | inner[3];

        sum = naive_pseudo(false, inner + 12, inner + 16, inner[9], total - 20);
    }
    put16(packet->data + c->start + c->offset, sum);
    packet->checksum_partial = true;
    packet->checksum_start = c->start;
    packet->checksum_offset = c->offset;
}

static void a_checksum_further_in_is_completed(void **state)
{
    struct two_hosts two = two_hosts_make();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct offload_case *c = &cases[i];
        uint8_t sent[PACKET_MAX];
        uint8_t untouched[PACKET_MAX];
        uint8_t wanted[PACKET_MAX];
        uint8_t *memory;
        uint16_t next_id = 0;
        struct packet got = {0};
        struct packet packet = {.data = sent, .size = case_build(sent, c, &two.a, true)};
        size_t size = case_build(wanted, c, &two.b, false);

        print_message("%s\n", c->name);
        case_make_partial(c, &packet);
        memcpy(untouched, sent, packet.size);
        assert_int_equal(carry(&got, &memory, &two.a, &two.b, &packet, &next_id), ERR_OK);
        assert_memory_equal(sent, untouched, packet.size); /* it is the caller's */
        assert_false(got.checksum_partial);
        assert_int_equal(got.size, size);
        if (wanted[0] == 0x45 && wanted[9] == 17) {
            put16(wanted + 4, 0); /* the receiver's identification begins with 0 */
            put16(wanted + 10, 0);
            put16(wanted + 10, naive_checksum(wanted, 20));
        }
        assert_memory_equal(got.data, wanted, size);
        free(memory);
    }
}

/* As a device handed it over, between the hosts 100.64.0.2 and .3: the outer checksum is right once
 * the inner one is complete. */
static void the_outer_checksum_of_a_kernel_counts_the_inner_one(void **state)
{
    static const char hex[] =
        "45000053c50200004011ed12644000026440000383fc12b5003f76690800000000002a00020000000003020000"
        "0000"
        "020800450000217ae840004011abcd0a0900020a090003d7750007000d143568656c6c6f";
    struct two_hosts two = two_hosts_make();
    uint8_t sent[PACKET_MAX];
    uint8_t *memory;
    uint16_t next_id = 0;
    struct packet got = {0};
    struct packet packet = {.data = sent,
                            .size = fixture_hex(sent, sizeof(sent), hex),
                            .checksum_partial = true,
                            .checksum_start = 70,
                            .checksum_offset = 6};

    (void)state;
    memcpy(two.a.own.v4, sent + 12, 4);
    memcpy(two.a.peer.v4, sent + 16, 4);
    memcpy(two.b.own.v4, sent + 16, 4);
    memcpy(two.b.peer.v4, sent + 12, 4);
    assert_int_equal(carry(&got, &memory, &two.a, &two.b, &packet, &next_id), ERR_OK);
    assert_int_equal(got.size, packet.size);
    for (size_t at = 20; at <= 70; at += 50) {
        const uint8_t *ip = got.data + at - 20;
        uint32_t sum = naive_pseudo(false, ip + 12, ip + 16, 17, got.size - at);

        assert_int_equal(naive_sum(sum, got.data + at, got.size - at), 0xffff);
    }
    free(memory);
}

/* The kernel computes SCTP's CRC32c itself, because a TUN device cannot be told of it. */
static void sctp_travels_as_it_is(void **state)
{
    static const struct offload_case init = {
        .hex = "45020044000040004084cbe6644000020a090003e032005a00000000bbb998520100002483bdf913000"
               "1a000"
               "000affff2dcec03b000c00060005000080000004c0000004"};
    struct two_hosts two = two_hosts_make();
    uint8_t sent[PACKET_MAX];
    uint8_t wanted[PACKET_MAX];
    uint8_t *memory;
    uint16_t next_id = 0;
    struct packet got = {0};
    struct packet packet = {.data = sent, .size = case_build(sent, &init, &two.a, true)};
    size_t size = case_build(wanted, &init, &two.b, false);

    (void)state;
    assert_int_equal(carry(&got, &memory, &two.a, &two.b, &packet, &next_id), ERR_OK);
    assert_int_equal(got.size, size);
    assert_memory_equal(got.data, wanted, size);
    free(memory);
}

static void what_cannot_be_completed_is_refused_and_says_so(void **state)
{
    static const struct {
        const char *name;
        const char *hex;
        uint16_t start, offset;
        uint16_t flags; /* of the IPv4 header */
        enum tunnel_drop drop;
    } refused[] = {
        {"a place in the IP header", NULL, 10, 0, 0, TUNNEL_DROP_OFFLOAD},
        {"a place in the UDP header that is not its checksum's", NULL, 20, 4, 0,
         TUNNEL_DROP_OFFLOAD},
        {"a place behind the packet", NULL, 82, 0, 0, TUNNEL_DROP_OFFLOAD},
        {"an offset behind the packet", NULL, 70, 0xffff, 0, TUNNEL_DROP_OFFLOAD},
        {"a sum over a first fragment", NULL, 70, 6, 0x2000, TUNNEL_DROP_OFFLOAD},
        {"a sum over a later fragment", NULL, 70, 6, 0x0001, TUNNEL_DROP_OFFLOAD},
        {"SCTP's own, which is no such sum",
         "4500002800004000408400006440000264400003e032005a00000000bbb99852010000140000000000000000",
         20, 8, 0x4000, TUNNEL_DROP_OFFLOAD},
        {"no IP packet", "1500", 0, 0, 0, TUNNEL_DROP_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        const char *hex = refused[i].hex != NULL ? refused[i].hex : cases[0].hex;
        uint8_t sent[PACKET_MAX] = {0};
        struct packet packet = {.data = sent,
                                .size = fixture_hex(sent, sizeof(sent), hex),
                                .checksum_partial = true,
                                .checksum_start = refused[i].start,
                                .checksum_offset = refused[i].offset};
        struct tunnel_cut cut;

        print_message("%s\n", refused[i].name);
        if (packet.size > 8) {
            put16(sent + 6, refused[i].flags);
        }
        assert_int_equal(tunnel_open(&cut, &packet), ERR_DROP);
        assert_int_equal(cut.drop, refused[i].drop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checksum_further_in_is_completed),
        cmocka_unit_test(the_outer_checksum_of_a_kernel_counts_the_inner_one),
        cmocka_unit_test(sctp_travels_as_it_is),
        cmocka_unit_test(what_cannot_be_completed_is_refused_and_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
