/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The value of our STUN attribute LIVE, alone and in its messages. */
#include "proto/wire/live.h"

#include "proto/wire/stun.h"
#include "tests/support/endpoints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t id[STUN_ID_SIZE] = {1, 2, 3};

static const struct live_request requests[] = {
    {.kind = LIVE_KIND_ASK, .round = {7}, .cookie = {8}},
    {.kind = LIVE_KIND_ENTER, .index = 79, .delay_ms = LIVE_DELAY_MS_MAX, .round = {7}},
    {.kind = LIVE_KIND_QUIET, .index = 3, .delay_ms = LIVE_HELD, .round = {9}, .cookie = {4}},
    {.kind = LIVE_KIND_SET, .delay_ms = 0, .set = {{UINT64_C(0x8000000000000001), 0x8001}}},
    {.kind = LIVE_KIND_SET, .delay_ms = LIVE_HELD, .set = {{UINT64_MAX, 0xffff}}},
};
enum { REQUESTS = sizeof(requests) / sizeof(requests[0]), MORE_AT = 44 };

static void a_request_is_read_as_it_was_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < REQUESTS; i++) {
        uint8_t bytes[LIVE_REQUEST_SIZE_MAX];
        struct live_request read;
        size_t size;

        live_request_encode(bytes, &size, &requests[i]);
        assert_int_equal(size % 4, 0);
        assert_int_equal(live_request_decode(&read, bytes, size), ERR_OK);
        assert_int_equal(read.kind, requests[i].kind);
        assert_int_equal(read.index, requests[i].index);
        assert_int_equal(read.delay_ms, requests[i].delay_ms);
        assert_memory_equal(&read.set, &requests[i].set, sizeof(read.set));
        assert_memory_equal(read.round, requests[i].round, LIVE_ROUND_SIZE);
        assert_memory_equal(read.cookie, requests[i].cookie, LIVE_COOKIE_SIZE);
    }
}

static void a_request_that_does_not_pay_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < REQUESTS; i++) {
        uint8_t bytes[LIVE_REQUEST_SIZE_MAX];
        struct live_request read;
        size_t size;

        live_request_encode(bytes, &size, &requests[i]);
        for (size_t k = 0; k < size; k++) {
            assert_int_equal(live_request_decode(&read, bytes, k), ERR_DROP);
        }
    }
}

static void a_request_out_of_bounds_is_refused(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } rows[] = {
        {0, 2},    /* another version */
        {1, 4},    /* an unknown kind */
        {2, 80},   /* no such socket */
        {4, 0x10}, /* too late */
    };
    uint8_t bytes[LIVE_REQUEST_SIZE_MAX];
    struct live_request read;
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        live_request_encode(bytes, &size, &requests[1]);
        bytes[rows[i].at] = rows[i].value;
        assert_int_equal(live_request_decode(&read, bytes, size), ERR_DROP);
    }
    live_request_encode(bytes, &size, &requests[3]);
    bytes[MORE_AT + 5] = 1; /* socket 80 */
    assert_int_equal(live_request_decode(&read, bytes, size), ERR_DROP);
    memset(bytes + 8, 0, 8); /* nobody */
    memset(bytes + MORE_AT, 0, 8);
    assert_int_equal(live_request_decode(&read, bytes, size), ERR_DROP);
    bytes[15] = 0x0f; /* four, */
    assert_int_equal(live_request_decode(&read, bytes, sizeof(bytes)), ERR_OK);
    bytes[MORE_AT + 7] = 1; /* and one more, */
    assert_int_equal(live_request_decode(&read, bytes, sizeof(bytes)), ERR_DROP);
    memset(bytes + 4, 0xff, 4); /* which may be held */
    assert_int_equal(live_request_decode(&read, bytes, LIVE_REQUEST_SIZE_MIN), ERR_OK);
    memset(bytes + 8, 0, 8);
    memset(bytes + MORE_AT, 0, 8);
    assert_int_equal(live_request_decode(&read, bytes, LIVE_REQUEST_SIZE_MIN), ERR_DROP);
}

static void an_answer_is_read_as_it_was_written(void **state)
{
    static const struct live_answer answers[] = {
        {.state = LIVE_STATE_COOKIE, .cookie = {1, 2, 3}},
        {.state = LIVE_STATE_OPEN, .known = {{UINT64_C(0xff00000001), 0x8001}}},
        {.state = LIVE_STATE_BUSY},
    };
    uint8_t bytes[LIVE_ANSWER_SIZE + 1];
    struct live_answer read;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        live_answer_encode(bytes, &answers[i]);
        assert_int_equal(live_answer_decode(&read, bytes, LIVE_ANSWER_SIZE), ERR_OK);
        assert_memory_equal(&read, &answers[i], sizeof(read));
        for (size_t k = 0; k < LIVE_ANSWER_SIZE; k++) {
            assert_int_equal(live_answer_decode(&read, bytes, k), ERR_DROP);
        }
        assert_int_equal(live_answer_decode(&read, bytes, LIVE_ANSWER_SIZE + 1), ERR_DROP);
    }
    bytes[1] = 4;
    assert_int_equal(live_answer_decode(&read, bytes, LIVE_ANSWER_SIZE), ERR_DROP);
    bytes[1] = 1;
    bytes[0] = 2;
    assert_int_equal(live_answer_decode(&read, bytes, LIVE_ANSWER_SIZE), ERR_DROP);
}

/* With the headers of IPv6 and UDP: the answer, and what is sent later. */
static void a_request_is_as_long_as_all_that_comes_of_it(void **state)
{
    enum { HEADERS = 48 };
    const struct endpoint mapped = endpoint_v6((const uint8_t[16]){0x20, 1}, 5);
    struct stun_message request;
    uint8_t value[LIVE_REQUEST_SIZE_MAX], reply[LIVE_ANSWER_SIZE];
    uint8_t packet[LIVE_REQUEST_SIZE_MAX + STUN_REQUEST_SIZE + 4], out[STUN_LEND_ANSWER_SIZE_MAX];
    const struct live_answer answer = {.state = LIVE_STATE_OPEN};
    const size_t fires[REQUESTS] = {0, 1, 0, 4, 0};

    (void)state;
    live_answer_encode(reply, &answer);
    for (size_t i = 0; i < REQUESTS; i++) {
        size_t size, out_size;

        live_request_encode(value, &size, &requests[i]);
        size = stun_live_request(packet, id, value, size);
        assert_int_equal(stun_parse(&request, packet, size), ERR_OK);
        assert_true(request.live_at > 0 && request.lend_at == 0);
        assert_int_equal(request.unknown_count, 0);
        assert_int_equal(
            stun_live_answer(out, &out_size, &request, &mapped, &mapped, reply, sizeof(reply)),
            ERR_OK);
        assert_true(size + HEADERS >=
                    out_size + HEADERS + fires[i] * LIVE_COPIES * (STUN_REQUEST_SIZE + HEADERS));
        assert_int_equal(stun_parse(&request, out, out_size), ERR_OK);
        assert_true(stun_is_answer(&request, id));
        assert_int_equal(request.live_size, LIVE_ANSWER_SIZE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read_as_it_was_written),
        cmocka_unit_test(a_request_that_does_not_pay_is_refused),
        cmocka_unit_test(a_request_out_of_bounds_is_refused),
        cmocka_unit_test(an_answer_is_read_as_it_was_written),
        cmocka_unit_test(a_request_is_as_long_as_all_that_comes_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
