/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Words between relays. The first byte: bit 0 makes the bytes the body of an answer, which is
 * sealed and opened and then read; else they are a question and an answer as they came.
 */
#include "proto/base/bytes.h"
#include "proto/crypto/word.h"
#include "rendezvous/presence/located_bytes.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void body_read(const uint8_t *data, size_t size)
{
    struct locate_record records[PRESENCE_PER_KEY_MAX];
    size_t count = 0, sum = 1;

    if (located_bytes_read(records, &count, data, size) == ERR_OK) {
        for (size_t i = 0; i < count; i++) {
            sum += 1 + records[i].size;
        }
        CHECK(sum == size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[IDENTITY_SEED_SIZE] = {1};
    uint8_t key[KEY_SIZE], answer[WORD_SIZE], body[WORD_BODY_SIZE_MAX];
    struct word word = {.number = 5};
    struct identity relay;
    size_t answer_size, body_size = 0;
    uint64_t number;

    CHECK(identity_library_init() == ERR_OK);
    if (size == 0) {
        return 0;
    }
    identity_from_seed(&relay, seed);
    if ((data[0] & 1) == 0 || size - 1 > WORD_BODY_SIZE_MAX) {
        (void)!word_asked(&word, key, &relay, data + 1, size - 1);
        (void)word_number(data + 1, size - 1, &number);
        (void)!word_answered(body, &body_size, &word, data + 1, size - 1);
        return 0;
    }
    answer_size = word_answer(answer, &word, data + 1, size - 1);
    CHECK(word_answered(body, &body_size, &word, answer, answer_size) == ERR_OK);
    CHECK(body_size == size - 1 && memcmp(body, data + 1, body_size) == 0);
    body_read(body, body_size);
    return 0;
}
