/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions between relays without a session, and their answers (proto/crypto/word.h). */
#include "proto/crypto/word.h"

#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#include <string.h>

static const uint8_t random_bytes[WORD_RANDOM_SIZE] = "forty bytes that nobody can guess, ever.";
static const uint8_t key[KEY_SIZE] = "the key that is looked for, 32 b";

struct asked {
    struct identity relay;
    uint8_t question[WORD_SIZE];
    struct word ours, theirs;
};

static struct asked ask(void)
{
    struct asked a = {.relay = fixture_identity('r')};
    uint8_t heard[KEY_SIZE];

    assert_int_equal(word_ask(a.question, &a.ours, a.relay.public_key, key, random_bytes), ERR_OK);
    assert_int_equal(word_asked(&a.theirs, heard, &a.relay, a.question, sizeof(a.question)),
                     ERR_OK);
    assert_memory_equal(heard, key, KEY_SIZE);
    assert_int_equal(a.theirs.number, a.ours.number);
    return a;
}

static void a_question_and_its_answer_go_there_and_back(void **state)
{
    uint8_t answer[WORD_SIZE], body[WORD_BODY_SIZE_MAX], big[WORD_BODY_SIZE_MAX] = {7};
    struct asked a = ask();
    uint64_t number = 0;
    size_t size, body_size;

    (void)state;
    size = word_answer(answer, &a.theirs, (const uint8_t *)"here", 4);
    assert_true(word_number(answer, size, &number));
    assert_int_equal(number, a.ours.number);
    assert_int_equal(word_answered(body, &body_size, &a.ours, answer, size), ERR_OK);
    assert_int_equal(body_size, 4);
    assert_memory_equal(body, "here", 4);
    size = word_answer(answer, &a.theirs, big, sizeof(big));
    assert_int_equal(size, WORD_SIZE); /* never larger than the question */
    assert_int_equal(word_answered(body, &body_size, &a.ours, answer, size), ERR_OK);
    assert_memory_equal(body, big, sizeof(big));
    word_wipe(&a.ours);
    assert_int_equal(word_answered(body, &body_size, &a.ours, answer, size), ERR_DROP);
}

static void no_byte_of_a_question_may_be_another_one(void **state)
{
    struct asked a = ask();
    uint8_t heard[KEY_SIZE];
    struct word word;

    (void)state;
    for (size_t i = 0; i < WORD_SIZE; i++) {
        a.question[i] ^= 0x40;
        assert_int_equal(word_asked(&word, heard, &a.relay, a.question, WORD_SIZE), ERR_DROP);
        a.question[i] ^= 0x40;
    }
    for (size_t size = 0; size < WORD_SIZE; size++) {
        assert_int_equal(word_asked(&word, heard, &a.relay, a.question, size), ERR_DROP);
    }
}

static void no_byte_of_an_answer_may_be_another_one(void **state)
{
    uint8_t answer[WORD_SIZE], body[WORD_BODY_SIZE_MAX];
    struct asked a = ask();
    size_t body_size, size = word_answer(answer, &a.theirs, (const uint8_t *)"here", 4);

    (void)state;
    for (size_t i = 0; i < size; i++) {
        answer[i] ^= 1;
        assert_int_equal(word_answered(body, &body_size, &a.ours, answer, size), ERR_DROP);
        answer[i] ^= 1;
    }
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(word_answered(body, &body_size, &a.ours, answer, cut), ERR_DROP);
    }
}

static void only_the_relay_that_is_asked_can_read_a_question(void **state)
{
    struct identity other = fixture_identity('o');
    struct asked a = ask();
    uint8_t heard[KEY_SIZE];
    struct word word;

    (void)state;
    assert_int_equal(word_asked(&word, heard, &other, a.question, WORD_SIZE), ERR_DROP);
}

static void nobody_is_asked_who_cannot_have_its_key_and_no_weak_key_is_taken(void **state)
{
    struct asked a = ask();
    uint8_t question[WORD_SIZE], heard[KEY_SIZE], nobody[KEY_SIZE] = {1};
    struct word word;

    (void)state;
    assert_int_equal(word_ask(question, &word, nobody, key, random_bytes), ERR_DROP);
    memset(a.question + WORD_HEADER_SIZE, 0, KEY_SIZE); /* e: every secret with it is zero */
    assert_int_equal(word_asked(&word, heard, &a.relay, a.question, WORD_SIZE), ERR_DROP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_and_its_answer_go_there_and_back),
        cmocka_unit_test(no_byte_of_a_question_may_be_another_one),
        cmocka_unit_test(no_byte_of_an_answer_may_be_another_one),
        cmocka_unit_test(only_the_relay_that_is_asked_can_read_a_question),
        cmocka_unit_test(nobody_is_asked_who_cannot_have_its_key_and_no_weak_key_is_taken),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
