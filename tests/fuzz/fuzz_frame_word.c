/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Words with frames. The first byte: bit 0 makes the bytes the body of a word, which is sealed and
 * opened and then read as a datagram of kind 3; else they are a word and a receipt as they came.
 */
#include "proto/base/bytes.h"
#include "proto/crypto/frame_word.h"
#include "proto/wire/relayed.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t seed[IDENTITY_SEED_SIZE] = {1}, other_seed[IDENTITY_SEED_SIZE] = {2};

static void as_it_came(const struct identity *relay, const uint8_t *data, size_t size)
{
    uint8_t body[FRAME_WORD_BODY_SIZE_MAX], from[KEY_SIZE];
    struct word word = {.number = 5};
    size_t body_size = 0;
    uint64_t number = 0;
    bool peeked = frame_word_peek(from, &number, data, size);

    if (frame_word_open(&word, body, &body_size, relay, data, size) == ERR_OK) {
        CHECK(peeked && word.number == number);
    }
    (void)frame_word_receipt_number(&number, data, size);
    (void)frame_word_is_receipt(&word, data, size);
}

static void as_a_body(const struct identity *relay, const uint8_t *data, size_t size)
{
    uint8_t bytes[FRAME_WORD_SIZE_MAX], body[FRAME_WORD_BODY_SIZE_MAX];
    uint8_t receipt[FRAME_WORD_RECEIPT_SIZE];
    struct word word = {.number = 5}, theirs;
    struct relayed relayed;
    struct identity from;
    size_t sealed, body_size = 0;

    identity_from_seed(&from, other_seed);
    sealed = frame_word_seal(bytes, &word, &from, relay->public_key, seed, data, size);
    CHECK(frame_word_open(&theirs, body, &body_size, relay, bytes, sealed) == ERR_OK);
    CHECK(body_size == size && memcmp(body, data, size) == 0);
    frame_word_receipt(receipt, &theirs);
    CHECK(frame_word_is_receipt(&word, receipt, sizeof(receipt)));
    if (relayed_decode(&relayed, body, body_size) == ERR_OK) {
        CHECK(relayed.frame + relayed.frame_size == body + body_size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct identity relay;

    CHECK(identity_library_init() == ERR_OK);
    if (size < 2) {
        return 0;
    }
    identity_from_seed(&relay, seed);
    if ((data[0] & 1) == 0 || size - 1 > FRAME_WORD_BODY_SIZE_MAX) {
        as_it_came(&relay, data + 1, size - 1);
    } else {
        as_a_body(&relay, data + 1, size - 1);
    }
    return 0;
}
