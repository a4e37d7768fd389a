/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From whom a frame must come to count for a session; what is told of packets that go no further.
 */
#include "client/core/dataplane.h"
#include "client/peer/life.h"

#include "tests/support/alone.h"
#include "tests/support/fixture.h"

/* The frame is genuine, but the relay says that it came from somebody else. */
static void a_relayed_frame_counts_only_from_the_peer_of_its_session(void **state)
{
    struct alone *alone = *state;
    struct relay_session *relay = calloc(1, sizeof(*relay));
    struct peer peer = {.key = {1, 2, 3}};
    const uint8_t other_key[KEY_SIZE] = {1, 2, 4};
    struct conversation *a = life_of(&peer, &alone->node.core->conversations, alone->now);
    struct session_keys keys = {
        .aead = AEAD_CHACHA20_POLY1305, .receive_key = {9}, .remote_index = 32};
    struct session_keys theirs = {.aead = AEAD_CHACHA20_POLY1305, .send_key = {9}};
    const uint8_t keepalive[PLAIN_HEADER_SIZE] = {PLAIN_PROTOCOL_KEEPALIVE};
    uint8_t frame[FRAME_OVERHEAD_MIN + sizeof(keepalive)];
    struct origin origin = {.relay = relay, .source_key = other_key};
    struct transport_sender *sender;

    assert_true(a != NULL && relay != NULL);
    keys.local_index = receiver_index_new(&a->shared->noise.indexes, a);
    theirs.remote_index = keys.local_index;
    assert_int_equal(life_adopt(a, &keys, false, &alone->node.io, alone->now), ERR_OK);
    assert_int_equal(transport_sender_new(&sender, &theirs, FRAME_CHANNEL_CONTROL), ERR_OK);
    assert_int_equal(
        transport_seal_from(sender, FRAME_TYPE_DATA, keepalive, sizeof(keepalive), frame),
        sizeof(frame));
    transport_sender_free(sender);

    dataplane_receive(alone->node.core, &origin, frame, sizeof(frame), &alone->node.io, alone->now);
    assert_int_equal(alone->node.core->dataplane.counters.unknown_index, 1);
    assert_null(a->sessions.current);
    origin.source_key = peer.key;
    dataplane_receive(alone->node.core, &origin, frame, sizeof(frame), &alone->node.io, alone->now);
    assert_int_equal(alone->node.core->dataplane.counters.unknown_index, 1);
    assert_non_null(a->sessions.current); /* it was the first valid frame of the session */
    life_end(a);
    free(relay);
}

/* An IPv4 packet to nobody, of a protocol that the host does not know, whose checksum lies outside
 * the packet. */
static void a_checksum_that_cannot_be_completed_is_counted_and_told_once_a_minute(void **state)
{
    struct alone *alone = *state;
    struct host_core *core = alone->node.core;
    uint64_t *dropped = core->dataplane.counters.packets_dropped;
    uint8_t data[24] = {0x45, 0, 0, 24, 0, 0, 0x40, 0, 64, 47, 0, 0, 100, 64, 1, 1, 100, 64, 1, 2};
    struct packet packet = {
        .data = data, .size = sizeof(data), .checksum_partial = true, .checksum_start = 90};
    uint32_t warnings = alone->ports.warnings;

    for (int i = 0; i < 3; i++) {
        dataplane_send(core, &packet, &alone->node.io, alone->now);
    }
    assert_int_equal(dropped[TUNNEL_DROP_OFFLOAD], 3);
    assert_int_equal(alone->ports.warnings, warnings + 1);
    dataplane_send(core, &packet, &alone->node.io, mono_add_ms(alone->now, 60000));
    assert_int_equal(alone->ports.warnings, warnings + 2);

    packet.checksum_partial = false;
    dataplane_send(core, &packet, &alone->node.io, alone->now);
    assert_int_equal(dropped[TUNNEL_DROP_OFFLOAD], 4);
    assert_int_equal(dropped[TUNNEL_DROP_NO_PEER], 1);
    data[0] = 0x15;
    dataplane_send(core, &packet, &alone->node.io, alone->now);
    assert_int_equal(dropped[TUNNEL_DROP_MALFORMED], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_relayed_frame_counts_only_from_the_peer_of_its_session,
                                        alone_new, alone_free),
        cmocka_unit_test_setup_teardown(
            a_checksum_that_cannot_be_completed_is_counted_and_told_once_a_minute, alone_new,
            alone_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
