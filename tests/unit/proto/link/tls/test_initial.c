/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client's Initial of RFC 9001 opens, and nothing that differs from it in any bit. */
#include "proto/link/tls/initial.h"

#include "tests/support/fixture.h"
#include "tests/support/initial_packet.h"

/* Appendix A.2: the CRYPTO frame, and what the packet begins and ends with. */
static const char frame[] = "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a"
                            "47f06a2b69484c000004130113"
                            "02010000c000000010000e00000b6578616d706c652e636f6dff01000100000a000800"
                            "06001d00170018001000070005"
                            "04616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf455"
                            "9fedba753de171fa71f50f1ce1"
                            "5d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806"
                            "002d00020101001c0002400100"
                            "3900320408ffffffffffffffff05048000ffff07048000ffff08011001048000753009"
                            "01100f088394c8f03e51570806"
                            "048000ffff";
static const char begins[] = "c000000001088394c8f03e5157080000449e7b9aec34";
static const char ends[] = "e221af44860018ab0856972e194cd934";
static const uint8_t dcid[INITIAL_DCID_SIZE] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};

static void vector_make(uint8_t packet[INITIAL_PACKET_SIZE])
{
    uint8_t bytes[300];
    size_t size = fixture_hex(bytes, sizeof(bytes), frame);

    initial_packet_make(packet, dcid, bytes, size);
}

/* Exactly as many bytes as there are, so that the sanitizer sees one too many. */
static bool opens(const uint8_t *packet, size_t size)
{
    uint8_t *copy = fixture_copy(packet, size);
    ngtcp2_pkt_hd hd;
    bool result = ngtcp2_accept(&hd, copy, size) == 0 && initial_opens(&hd, copy, size);

    free(copy);
    return result;
}

static void the_packet_of_rfc_9001_opens(void **state)
{
    uint8_t packet[INITIAL_PACKET_SIZE], part[32];
    size_t size;

    (void)state;
    vector_make(packet);
    size = fixture_hex(part, sizeof(part), begins);
    assert_memory_equal(packet, part, size);
    size = fixture_hex(part, sizeof(part), ends);
    assert_memory_equal(packet + INITIAL_PACKET_SIZE - size, part, size);
    assert_true(opens(packet, sizeof(packet)));
}

static void a_packet_with_another_bit_does_not_open(void **state)
{
    uint8_t packet[INITIAL_PACKET_SIZE];

    (void)state;
    vector_make(packet);
    for (size_t bit = 0; bit < sizeof(packet) * 8; bit++) {
        packet[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(opens(packet, sizeof(packet)));
        packet[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

/* Behind the packet others may follow in the same datagram. */
static void what_follows_in_the_datagram_does_not_matter(void **state)
{
    uint8_t datagram[INITIAL_PACKET_SIZE + 50] = {0};

    (void)state;
    vector_make(datagram);
    for (size_t size = INITIAL_PACKET_SIZE; size <= sizeof(datagram); size++) {
        assert_true(opens(datagram, size));
    }
}

/* The header may say anything: it is read again, and never beyond the datagram. */
static void headers_of_any_content_read_nothing_outside(void **state)
{
    uint8_t packet[INITIAL_PACKET_SIZE];
    ngtcp2_pkt_hd hd;

    (void)state;
    vector_make(packet);
    assert_int_equal(ngtcp2_accept(&hd, packet, sizeof(packet)), 0);
    for (size_t size = 0; size < 60; size++) {
        uint8_t *copy = fixture_copy(packet, size);

        assert_false(initial_opens(&hd, copy, size));
        free(copy);
    }
    hd.len = 19; /* shorter than the sample */
    assert_false(initial_opens(&hd, packet, sizeof(packet)));
    hd.len = SIZE_MAX;
    assert_false(initial_opens(&hd, packet, sizeof(packet)));
    hd.version = 0x12345678;
    assert_false(initial_opens(&hd, packet, sizeof(packet)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_packet_of_rfc_9001_opens),
        cmocka_unit_test(a_packet_with_another_bit_does_not_open),
        cmocka_unit_test(what_follows_in_the_datagram_does_not_matter),
        cmocka_unit_test(headers_of_any_content_read_nothing_outside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
