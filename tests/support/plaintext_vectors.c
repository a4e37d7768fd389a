/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Computes the plaintexts of docs/protocol.md again. */
#include "tests/support/plaintext_vectors.h"

#include "client/tunnel/fragment.h"
#include "client/tunnel/rebuild.h"
#include "client/tunnel/strip.h"
#include "proto/wire/intunnel.h"
#include "tests/support/document_vectors.h"
#include "tests/support/fixture.h"
#include "tests/support/host_frames_vectors.h"

enum { PLAIN_SIZE_MAX = 256 };

/* The two hosts: A sends, each knows both under addresses of its own. */
struct pairs {
    struct tunnel_pair a, b;
};

static struct pairs pairs_load(void)
{
    struct hosts hosts = hosts_load();
    struct pairs pairs = {0};

    key_ip6(pairs.a.own.v6, hosts.initiator.public_key);
    key_ip6(pairs.a.peer.v6, hosts.responder.public_key);
    input_exactly("initiator_eui64", pairs.a.own.fixed[0], EUI64_SIZE);
    input_exactly("responder_eui64", pairs.a.peer.fixed[0], EUI64_SIZE);
    pairs.a.own.fixed_count = 1;
    pairs.a.peer.fixed_count = 1;
    pairs.b.own = pairs.a.peer;
    pairs.b.peer = pairs.a.own;
    input_exactly("initiator_view_own", pairs.a.own.v4, 4);
    input_exactly("initiator_view_peer", pairs.a.peer.v4, 4);
    input_exactly("responder_view_own", pairs.b.own.v4, 4);
    input_exactly("responder_view_peer", pairs.b.peer.v4, 4);
    return pairs;
}

/* A packet as the initiator's kernel sends it -> plaintext -> packet for the responder's kernel. */
static void output_plaintext(const char *what, bool partial, size_t checksum_at)
{
    struct pairs pairs = pairs_load();
    uint8_t packet[PLAIN_SIZE_MAX], made[PLAIN_SIZE_MAX];
    uint8_t room[PACKET_BOX_HEADROOM + PLAIN_SIZE_MAX];
    struct packet in = {.data = packet}, out;
    const uint8_t *plain;
    struct tunnel_cut cut;
    uint16_t next_id = 0;
    char name[64];
    size_t size;

    snprintf(name, sizeof(name), "%s_packet", what);
    in.size = input(name, packet, sizeof(packet));
    if (partial) {
        in.checksum_partial = true;
        in.checksum_start = 20; /* all partial ones here are IPv4 */
        in.checksum_offset = (uint16_t)checksum_at;
    }
    assert_int_equal(tunnel_open(&cut, &in), ERR_OK);
    assert_int_equal(tunnel_next(&cut, &pairs.a, made, sizeof(made), &plain, &size), ERR_OK);
    snprintf(name, sizeof(name), "%s_plaintext", what);
    output(name, plain, size);

    memcpy(room + PACKET_BOX_HEADROOM, plain, size);
    assert_int_equal(tunnel_rebuild(&out, &pairs.b, room + PACKET_BOX_HEADROOM, size, &next_id),
                     ERR_OK);
    assert_int_equal(out.checksum_partial, partial);
    snprintf(name, sizeof(name), "%s_rebuilt", what);
    output(name, out.data, out.size);
}

void plaintexts_of_packets(void **state)
{
    (void)state;
    output_plaintext("tcp4", false, 0);
    output_plaintext("tcp4_partial", true, 16);
    output_plaintext("udp4_no_checksum", false, 0);
    output_plaintext("echo4", false, 0);
    output_plaintext("udp6", false, 0);
    output_plaintext("echo6", false, 0);
    output_plaintext("unreachable4", false, 0);
    output_plaintext("fragment4", false, 0);
}

void a_plaintext_in_fragments(void **state)
{
    uint8_t plain[PLAIN_SIZE_MAX], fragment[PLAIN_SIZE_MAX], whole[PLAIN_SIZE_MAX];
    size_t room = (size_t)input_number("fragment_room");
    uint32_t id = (uint32_t)input_number("fragment_id");
    size_t size = input("echo4_plaintext", plain, sizeof(plain));
    size_t count = fragment_count(size, room);
    size_t whole_size = 0;
    struct fragment_box *box;
    char name[64];

    (void)state;
    assert_int_equal(count, 2);
    assert_int_equal(fragment_box_new(&box, NULL), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        size_t fragment_size = fragment_write(fragment, room, plain, size, id, i, count);

        snprintf(name, sizeof(name), "fragment_%u", (unsigned)i);
        output(name, fragment, fragment_size);
        assert_int_equal(fragment_box_put(box, 1, fragment, fragment_size, whole, sizeof(whole),
                                          &whole_size, (struct mono){0}),
                         ERR_OK);
    }
    assert_int_equal(whole_size, size);
    assert_memory_equal(whole, plain, size);
    fragment_box_free(box);
}

void candidates_inside_the_tunnel(void **state)
{
    struct intunnel_candidates candidates = {.sequence = 3, .count = 2}, back;
    uint8_t plain[PLAIN_HEADER_SIZE + INTUNNEL_SIZE_MAX] = {PLAIN_PROTOCOL_CONTROL};
    uint16_t port = (uint16_t)input_number("punch_observed_port");
    uint8_t ip[16];
    size_t size;

    (void)state;
    input_exactly("candidate_ip4", ip, 4);
    candidates.list[0] = endpoint_v4(ip, port);
    input_exactly("candidate_ip6", ip, 16);
    candidates.list[1] = endpoint_v6(ip, port);
    size = intunnel_candidates_encode(&candidates, plain + PLAIN_HEADER_SIZE);
    assert_int_equal(intunnel_candidates_decode(&back, plain + PLAIN_HEADER_SIZE, size), ERR_OK);
    assert_int_equal(back.count, 2);
    output("candidates_plaintext", plain, PLAIN_HEADER_SIZE + size);
    intunnel_goodbye_encode(plain + PLAIN_HEADER_SIZE);
    assert_int_equal(intunnel_goodbye_decode(plain + PLAIN_HEADER_SIZE, INTUNNEL_GOODBYE_SIZE),
                     ERR_OK);
    output("goodbye_plaintext", plain, PLAIN_HEADER_SIZE + INTUNNEL_GOODBYE_SIZE);
    intunnel_opened_encode(plain + PLAIN_HEADER_SIZE, &candidates.list[0]);
    output("opened_plaintext", plain, PLAIN_HEADER_SIZE + INTUNNEL_OPENED_SIZE);
}

void aims_inside_the_tunnel(void **state)
{
    uint8_t plain[PLAIN_HEADER_SIZE + INTUNNEL_AIM_SIZE] = {PLAIN_PROTOCOL_CONTROL};
    struct intunnel_aim aim = {.part = INTUNNEL_PART_STEPS, .turn = 2, .step = 3}, back;
    uint8_t ip[4];

    (void)state;
    input_exactly("candidate_ip4", ip, 4);
    aim.low = (uint16_t)input_number("punch_observed_port");
    aim.high = (uint16_t)(aim.low + 5 * aim.step);
    aim.at = endpoint_v4(ip, 0);
    intunnel_aim_encode(plain + PLAIN_HEADER_SIZE, &aim);
    assert_int_equal(intunnel_aim_decode(&back, plain + PLAIN_HEADER_SIZE, INTUNNEL_AIM_SIZE),
                     ERR_OK);
    output("aim_plaintext", plain, sizeof(plain));
}
