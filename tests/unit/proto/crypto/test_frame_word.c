/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words with frames and their receipts (proto/crypto/frame_word.h). */
#include "proto/crypto/frame_word.h"

#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#include <string.h>

static const uint8_t secret[KEY_SIZE] = "a secret that is made each time.";

enum { NUMBER = 4711, SHORT = 40 };

struct sent {
    struct identity from, to;
    uint8_t body[FRAME_WORD_BODY_SIZE_MAX];
    size_t body_size;
    uint8_t bytes[FRAME_WORD_SIZE_MAX];
    size_t size;
    struct word word;
};

static void send_word(struct sent *s, size_t body_size)
{
    *s = (struct sent){.from = fixture_identity('f'),
                       .to = fixture_identity('t'),
                       .body_size = body_size,
                       .word = {.number = NUMBER}};
    for (size_t i = 0; i < body_size; i++) {
        s->body[i] = (uint8_t)i;
    }
    s->size =
        frame_word_seal(s->bytes, &s->word, &s->from, s->to.public_key, secret, s->body, body_size);
    assert_int_equal(s->size, FRAME_WORD_BODY_AT + body_size + AEAD_TAG_SIZE);
}

static int open_by(const struct sent *s, const struct identity *own)
{
    uint8_t body[FRAME_WORD_BODY_SIZE_MAX];
    size_t size = 0;
    struct word word;
    int rc = frame_word_open(&word, body, &size, own, s->bytes, s->size);

    if (rc == ERR_OK) {
        assert_int_equal(size, s->body_size);
        assert_memory_equal(body, s->body, size);
        assert_int_equal(word.number, NUMBER);
        assert_memory_equal(word.answer_key, s->word.answer_key, AEAD_KEY_SIZE);
    }
    return rc;
}

static void words_of_all_sizes_arrive_and_say_who_sent_them(void **state)
{
    static const size_t sizes[] = {1, SHORT, 443, FRAME_WORD_BODY_SIZE_MAX};
    uint8_t from[KEY_SIZE];
    struct sent s;

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(sizes); i++) {
        uint64_t number = 0;

        send_word(&s, sizes[i]);
        assert_true(frame_word_peek(from, &number, s.bytes, s.size));
        assert_memory_equal(from, s.from.public_key, KEY_SIZE);
        assert_int_equal(number, NUMBER);
        assert_int_equal(open_by(&s, &s.to), ERR_OK);
    }
    assert_int_equal(s.size, FRAME_WORD_SIZE_MAX);
}

static void no_byte_of_a_word_may_be_another_one(void **state)
{
    struct sent s;

    (void)state;
    send_word(&s, SHORT);
    for (size_t i = 0; i < s.size; i++) {
        s.bytes[i] ^= 0x40;
        assert_int_equal(open_by(&s, &s.to), ERR_DROP);
        s.bytes[i] ^= 0x40;
    }
    while (s.size > 0) {
        s.size--;
        assert_int_equal(open_by(&s, &s.to), ERR_DROP);
    }
}

static void only_who_has_its_key_can_send_in_the_name_of_a_relay(void **state)
{
    struct identity mallory = fixture_identity('m');
    struct sent s, forged;

    (void)state;
    send_word(&s, SHORT);
    assert_int_equal(open_by(&s, &mallory), ERR_DROP); /* it is not for her */
    forged = s;
    forged.size = frame_word_seal(forged.bytes, &forged.word, &mallory, s.to.public_key, secret,
                                  s.body, s.body_size);
    memcpy(forged.bytes + WORD_HEADER_SIZE, s.from.public_key, KEY_SIZE);
    assert_int_equal(open_by(&forged, &s.to), ERR_DROP);
}

static void keys_that_nobody_can_have_are_refused(void **state)
{
    static const uint8_t nobody[KEY_SIZE] = {1};
    struct sent s;

    (void)state;
    send_word(&s, SHORT);
    memset(s.bytes + WORD_HEADER_SIZE + KEY_SIZE, 0, KEY_SIZE); /* e: every secret is zero */
    assert_int_equal(open_by(&s, &s.to), ERR_DROP);
    send_word(&s, SHORT);
    memcpy(s.bytes + WORD_HEADER_SIZE, nobody, KEY_SIZE);
    assert_int_equal(open_by(&s, &s.to), ERR_DROP);
    assert_int_equal(
        frame_word_seal(s.bytes, &s.word, &s.from, nobody, secret, s.body, s.body_size), 0);
}

static void only_who_took_a_word_can_give_its_receipt(void **state)
{
    uint8_t receipt[FRAME_WORD_RECEIPT_SIZE + 1] = {0}, body[FRAME_WORD_BODY_SIZE_MAX];
    size_t size = 0;
    struct word theirs;
    uint64_t number = 0;
    struct sent s;

    (void)state;
    send_word(&s, SHORT);
    assert_int_equal(frame_word_open(&theirs, body, &size, &s.to, s.bytes, s.size), ERR_OK);
    frame_word_receipt(receipt, &theirs);
    assert_true(frame_word_receipt_number(&number, receipt, FRAME_WORD_RECEIPT_SIZE));
    assert_int_equal(number, NUMBER);
    assert_true(frame_word_is_receipt(&s.word, receipt, FRAME_WORD_RECEIPT_SIZE));
    for (size_t i = 0; i < FRAME_WORD_RECEIPT_SIZE; i++) {
        receipt[i] ^= 1;
        assert_false(frame_word_is_receipt(&s.word, receipt, FRAME_WORD_RECEIPT_SIZE));
        receipt[i] ^= 1;
        assert_false(frame_word_is_receipt(&s.word, receipt, i));
    }
    assert_false(frame_word_is_receipt(&s.word, receipt, FRAME_WORD_RECEIPT_SIZE + 1));
    s.word.answer_key[0] ^= 1;
    assert_false(frame_word_is_receipt(&s.word, receipt, FRAME_WORD_RECEIPT_SIZE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_all_sizes_arrive_and_say_who_sent_them),
        cmocka_unit_test(no_byte_of_a_word_may_be_another_one),
        cmocka_unit_test(only_who_has_its_key_can_send_in_the_name_of_a_relay),
        cmocka_unit_test(keys_that_nobody_can_have_are_refused),
        cmocka_unit_test(only_who_took_a_word_can_give_its_receipt),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
