/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames of one session that come over two paths. */
#include "client/core/dataplane.h"
#include "client/peer/life.h"
#include "client/peer/noise_session.h"

#include "tests/support/alone.h"
#include "tests/support/endpoints.h"
#include "tests/support/fixture.h"

/* A direct path is 100 ms faster than the relay, at 1 Gbit/s. So each frame that was on its way
 * over the relay comes when 9,600 later ones have come already. None is lost, and each counts
 * once. */
static void frames_overtaken_by_those_of_a_faster_path_arrive(void **state)
{
    enum { AHEAD = 9600, FRAMES = 4 * AHEAD };
    static const uint8_t keepalive[PLAIN_HEADER_SIZE] = {PLAIN_PROTOCOL_KEEPALIVE};
    static uint8_t frames[FRAMES][FRAME_OVERHEAD_MIN + sizeof(keepalive)];
    struct alone *alone = *state;
    struct host_core *core = alone->node.core;
    struct relay_session *relay = calloc(1, sizeof(*relay));
    struct peer peer = {.key = {1, 2, 3}};
    struct origin relayed = {.relay = relay, .source_key = peer.key};
    struct origin direct = {.remote = test_endpoint(1, 5000)};
    struct session_keys theirs = {.aead = AEAD_CHACHA20_POLY1305, .send_key = {9}};
    struct transport_sender *sender;

    assert_non_null(relay);
    for (int refused = 0; refused < 2; refused++) { /* the second: no memory for a large window */
        struct conversation *a = life_of(&peer, &core->conversations, alone->now);
        struct session_keys keys = {.aead = AEAD_CHACHA20_POLY1305, .receive_key = {9}};

        assert_non_null(a);
        keys.local_index = receiver_index_new(&a->shared->noise.indexes, a);
        theirs.remote_index = keys.local_index;
        assert_int_equal(life_adopt(a, &keys, true, &alone->node.io, alone->now), ERR_OK);
        assert_int_equal(transport_sender_new(&sender, &theirs, FRAME_CHANNEL_DATA), ERR_OK);
        for (size_t i = 0; i < FRAMES; i++) {
            assert_int_equal(transport_seal_from(sender, FRAME_TYPE_DATA, keepalive,
                                                 sizeof(keepalive), frames[i]),
                             sizeof(frames[i]));
        }
        transport_sender_free(sender);
        uint64_t dropped = core->dataplane.counters.frames_dropped;
        core->conversations.noise.windows.max =
            refused == 0 ? CONVERSATIONS_WINDOW_BYTES_MAX : NOISE_SESSION_WINDOW_BYTES - 1;
        for (size_t i = 0; i < AHEAD; i++) {
            dataplane_receive(core, &relayed, frames[i], sizeof(frames[i]), &alone->node.io,
                              alone->now);
        }
        for (size_t i = 0; i < AHEAD; i++) {
            dataplane_receive(core, &direct, frames[2 * AHEAD + i], sizeof(frames[0]),
                              &alone->node.io, alone->now);
            dataplane_receive(core, &relayed, frames[AHEAD + i], sizeof(frames[0]), &alone->node.io,
                              alone->now);
        }
        assert_int_equal(core->conversations.noise.windows.used,
                         refused == 0 ? NOISE_SESSION_WINDOW_BYTES : 0);
        if (refused == 0) {
            assert_int_equal(core->dataplane.counters.frames_dropped, dropped);
        } else { /* the small window, which every session has, drops them */
            assert_int_equal(core->dataplane.counters.frames_dropped, dropped + AHEAD);
        }
        dropped = core->dataplane.counters.frames_dropped;
        for (size_t i = 0; i < 3 * AHEAD; i++) { /* all of them once more */
            dataplane_receive(core, &relayed, frames[i], sizeof(frames[i]), &alone->node.io,
                              alone->now);
        }
        assert_int_equal(core->dataplane.counters.frames_dropped, dropped + 3 * AHEAD);
        life_end(a);
        assert_int_equal(core->conversations.noise.windows.used, 0);
    }
    free(relay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_overtaken_by_those_of_a_faster_path_arrive,
                                        alone_new, alone_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
