/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames of a session. The input is cipher(1), odd for AES, and then steps, each
 * kind(1) size(1) bytes(size):
 *   even kinds  the bytes arrive as a frame; nobody sealed it, so it must be refused
 *   odd kinds   the bytes are counter(8) plaintext; the peer seals them on channel kind / 2 % 16,
 *               and the frame must open to the same plaintext, at most once
 */
#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/crypto/identity.h"
#include "proto/crypto/transport.h"
#include "proto/crypto/transport_internal.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void arrive_forged(struct transport_receiver *receiver, const uint8_t *data, size_t size)
{
    struct transport_opened opened;
    uint8_t plain[256];

    CHECK(transport_open(receiver, data, size, plain, &opened) != ERR_OK);
}

static void arrive_sealed(struct transport_receiver *receiver, struct transport_sender *sender,
                          const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct transport_opened opened;
    uint8_t frame[256 + FRAME_OVERHEAD_MAX], plain[256];
    size_t plain_size, frame_size;

    sender->counter = rbuf_u64(&r);
    plain_size = rbuf_left(&r);
    frame_size = transport_seal_from(sender, FRAME_TYPE_DATA, r.at, plain_size, frame);
    if (frame_size == 0) {
        return;
    }
    if (transport_open(receiver, frame, frame_size, plain, &opened) == ERR_OK) {
        CHECK(opened.plain_size == plain_size && opened.channel == sender->channel);
        CHECK(plain_size == 0 || memcmp(plain, r.at, plain_size) == 0);
    } else {
        CHECK(opened.drop == TRANSPORT_DROP_REPLAY || opened.drop == TRANSPORT_DROP_OLD);
    }
    CHECK(transport_open(receiver, frame, frame_size, plain, &opened) == ERR_DROP);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct session_keys keys = {.local_index = 0x01020304, .remote_index = 0x01020304};
    struct transport_receiver *receiver;
    static const enum aead aeads[] = {AEAD_CHACHA20_POLY1305, AEAD_AES_256_GCM, AEAD_AEGIS_128L};
    enum aead aead = aeads[rbuf_u8(&r) % 3];

    CHECK(identity_library_init() == ERR_OK);
    keys.aead = aead_available(aead) ? aead : AEAD_CHACHA20_POLY1305;
    CHECK(transport_receiver_new(&receiver, &keys) == ERR_OK);
    while (!r.failed && rbuf_left(&r) > 0) {
        uint8_t kind = rbuf_u8(&r);
        size_t step_size = rbuf_u8(&r);
        const uint8_t *step = rbuf_take(&r, step_size);
        struct transport_sender *sender;

        if (step == NULL) {
            break;
        }
        if (kind % 2 == 0) {
            arrive_forged(receiver, step, step_size);
        } else if (step_size >= 8) {
            CHECK(transport_sender_new(&sender, &keys, (uint8_t)(kind / 2 % 16)) == ERR_OK);
            arrive_sealed(receiver, sender, step, step_size);
            transport_sender_free(sender);
        }
    }
    transport_receiver_free(receiver);
    return 0;
}
