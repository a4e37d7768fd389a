/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The value of our STUN attribute LEND, alone and in its messages. */
#include "proto/wire/lend.h"

#include "proto/wire/stun.h"
#include "tests/support/endpoints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t id[STUN_ID_SIZE] = {1, 2, 3};

static struct lend_answer full_answer(void)
{
    const uint8_t ip4[4] = {192, 0, 2, 9};
    const uint8_t ip6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 9};

    return (struct lend_answer){
        .state = LEND_STATE_SENT,
        .port = 6000,
        .ports = {443, 40001, 7},
        .ports_count = 3,
        .lenders = {{LEND_RESULT_SENT, endpoint_v4(ip4, 4433)},
                    {LEND_RESULT_REFUSED, endpoint_v6(ip6, 4433)}},
        .lenders_count = 2,
    };
}

static void an_answer_is_read_as_it_was_written(void **state)
{
    const struct lend_answer answer = full_answer();
    uint8_t bytes[LEND_ANSWER_SIZE_MAX];
    struct lend_answer read;
    size_t size;

    (void)state;
    lend_answer_encode(bytes, &size, &answer);
    assert_int_equal(size % 4, 0);
    assert_int_equal(lend_answer_decode(&read, bytes, size), ERR_OK);
    assert_int_equal(read.state, answer.state);
    assert_int_equal(read.port, answer.port);
    assert_int_equal(read.ports_count, 3);
    assert_int_equal(read.ports[1], 40001);
    assert_int_equal(read.lenders_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(read.lenders[i].result, answer.lenders[i].result);
        assert_true(endpoint_equal(&read.lenders[i].address, &answer.lenders[i].address));
    }
}

static void an_answer_that_wants_to_be_asked_again_has_a_cookie_and_no_port(void **state)
{
    struct lend_answer answer = {.state = LEND_STATE_COOKIE, .cookie = {1, 2, 3}, .port = 6000};
    uint8_t bytes[LEND_ANSWER_SIZE_MAX];
    struct lend_answer read;
    size_t size;

    (void)state;
    lend_answer_encode(bytes, &size, &answer);
    assert_int_equal(lend_answer_decode(&read, bytes, size), ERR_OK);
    assert_memory_equal(read.cookie, answer.cookie, sizeof(read.cookie));
    assert_int_equal(read.port, 0);
}

static void a_truncated_or_wrong_answer_is_refused(void **state)
{
    const struct lend_answer answer = full_answer();
    uint8_t bytes[LEND_ANSWER_SIZE_MAX];
    struct lend_answer read;
    size_t size;

    (void)state;
    lend_answer_encode(bytes, &size, &answer);
    for (size_t cut = 0; cut + 4 < size; cut++) {
        assert_int_equal(lend_answer_decode(&read, bytes, cut), ERR_DROP);
    }
    for (size_t at = 0; at < 4; at++) { /* version, state, counts */
        bytes[at] += 9;
        assert_int_equal(lend_answer_decode(&read, bytes, size), ERR_DROP);
        bytes[at] -= 9;
    }
}

static void a_request_pays_for_what_it_makes_others_send(void **state)
{
    uint8_t cookie[LEND_COOKIE_SIZE] = {5}, read[LEND_COOKIE_SIZE];
    uint8_t bytes[LEND_REQUEST_SIZE];
    uint8_t packet[STUN_LEND_SIZE_MAX + STUN_REQUEST_SIZE + 4];

    (void)state;
    lend_request_encode(bytes, cookie);
    assert_int_equal(lend_request_decode(read, bytes, sizeof(bytes)), ERR_OK);
    assert_memory_equal(read, cookie, sizeof(cookie));
    assert_int_equal(lend_request_decode(read, bytes, sizeof(bytes) - 1), ERR_DROP);
    lend_request_encode(bytes, NULL);
    assert_int_equal(lend_request_decode(read, bytes, sizeof(bytes)), ERR_OK);
    assert_int_equal(read[0], 0);
    assert_int_equal(lend_request_port(bytes), 0);
    lend_request_set_port(bytes, 6000);
    assert_int_equal(lend_request_decode(read, bytes, sizeof(bytes)), ERR_OK);
    assert_int_equal(lend_request_port(bytes), 6000);
    bytes[0] = 2;
    assert_int_equal(lend_request_decode(read, bytes, sizeof(bytes)), ERR_DROP);
    /* An answer, and LEND_COPIES packets from each of three addresses, with 28 bytes of headers. */
    size_t size = stun_lend_request(packet, id, bytes, sizeof(bytes));
    assert_true(size + 28 >= STUN_LEND_ANSWER_SIZE_MAX + 28 +
                                 (1 + LEND_LENDERS_MAX) * LEND_COPIES * (STUN_REQUEST_SIZE + 28) -
                                 (STUN_LEND_ANSWER_SIZE_MAX - 148));
}

static void lend_travels_in_stun(void **state)
{
    const struct lend_answer answer = full_answer();
    const struct endpoint mapped = test_endpoint(1, 7), local = test_endpoint(2, 8);
    uint8_t value[LEND_REQUEST_SIZE], packet[LEND_REQUEST_SIZE + STUN_REQUEST_SIZE + 4];
    uint8_t out[STUN_LEND_ANSWER_SIZE_MAX];
    struct stun_message request, got;
    struct lend_answer read;
    size_t size, value_size;

    (void)state;
    lend_request_encode(value, NULL);
    size = stun_lend_request(packet, id, value, sizeof(value));
    assert_int_equal(stun_parse(&request, packet, size), ERR_OK);
    assert_true(request.fingerprint);
    assert_int_equal(request.lend_size, LEND_REQUEST_SIZE);
    assert_memory_equal(packet + request.lend_at, value, sizeof(value));
    lend_answer_encode(value, &value_size, &answer);
    assert_int_equal(stun_lend_answer(out, &size, &request, &mapped, &local, value, value_size),
                     ERR_OK);
    assert_int_equal(stun_parse(&got, out, size), ERR_OK);
    assert_true(stun_is_answer(&got, id));
    assert_true(endpoint_equal(&got.mapped, &mapped));
    assert_true(endpoint_equal(&got.origin, &local));
    assert_int_equal(lend_answer_decode(&read, out + got.lend_at, got.lend_size), ERR_OK);
    request.unknown_count = 1;
    assert_int_equal(stun_lend_answer(out, &size, &request, &mapped, &local, value, value_size),
                     ERR_DROP);
}

static void a_relay_that_does_not_know_lend_answers_as_always(void **state)
{
    const struct endpoint mapped = test_endpoint(1, 7), local = test_endpoint(2, 8);
    uint8_t value[LEND_REQUEST_SIZE], packet[LEND_REQUEST_SIZE + STUN_REQUEST_SIZE + 4];
    uint8_t out[STUN_ANSWER_SIZE_MAX];
    struct stun_message request, got;
    size_t size;

    (void)state;
    lend_request_encode(value, NULL);
    size = stun_lend_request(packet, id, value, sizeof(value));
    assert_int_equal(stun_parse(&request, packet, size), ERR_OK);
    assert_int_equal(stun_answer(out, &size, &request, &mapped, &local, NULL), ERR_OK);
    assert_int_equal(stun_parse(&got, out, size), ERR_OK);
    assert_true(stun_is_answer(&got, id));
    assert_int_equal(got.lend_at, 0);
}

static void an_indication_and_a_long_request_are_what_they_say(void **state)
{
    static const uint8_t other[STUN_ID_SIZE] = {4};
    uint8_t packet[STUN_MEASURE_SIZE_MAX];
    struct stun_message m;

    (void)state;
    stun_indication(packet, id);
    assert_int_equal(stun_parse(&m, packet, STUN_REQUEST_SIZE), ERR_OK);
    assert_true(stun_is_indication(&m, id));
    assert_false(stun_is_indication(&m, other));
    assert_false(stun_is_answer(&m, id));
    stun_request_of_size(packet, sizeof(packet), id);
    assert_int_equal(stun_parse(&m, packet, sizeof(packet)), ERR_OK);
    assert_int_equal(m.class, STUN_CLASS_REQUEST);
    assert_int_equal(m.unknown_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_read_as_it_was_written),
        cmocka_unit_test(an_answer_that_wants_to_be_asked_again_has_a_cookie_and_no_port),
        cmocka_unit_test(a_truncated_or_wrong_answer_is_refused),
        cmocka_unit_test(a_request_pays_for_what_it_makes_others_send),
        cmocka_unit_test(lend_travels_in_stun),
        cmocka_unit_test(a_relay_that_does_not_know_lend_answers_as_always),
        cmocka_unit_test(an_indication_and_a_long_request_are_what_they_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
