/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a worker does with STUN, and what it reads for that (relayd/service/stun_switch.h). */
#include "relayd/service/stun_switch.h"

#include "tests/support/env.h"
#include "tests/support/fixture.h"

#include <pthread.h>
#include <stdatomic.h>

enum { PORT = 4433, OTHER_PORT = 443, CHANGES = 20000 };

static const struct mono start = {5000000000};

struct setting {
    struct stun_limit *limit;
    struct stun_board *board;
    struct lane_worker_counts counts;
    struct dgram in;
    uint8_t data[64];
    uint8_t answer[STUN_ANSWER_SIZE_MAX];
    size_t size;
    struct stun_message got;
};

static struct setting *setting_new(void)
{
    struct setting *s = calloc(1, sizeof(*s));
    const uint8_t relay[4] = {192, 0, 2, 1}, host[4] = {203, 0, 113, 9};
    struct test_env ports;

    assert_non_null(s);
    test_env_init(&ports, 1);
    assert_int_equal(stun_limit_new(&s->limit, &ports.env), ERR_OK);
    stun_limit_set(s->limit, 10, 1000);
    assert_int_equal(stun_board_new(&s->board, s->limit), ERR_OK);
    s->in = (struct dgram){.local = endpoint_v4(relay, PORT),
                           .remote = endpoint_v4(host, 7777),
                           .data = s->data};
    return s;
}

static void setting_free(struct setting *s)
{
    stun_board_free(s->board);
    stun_limit_free(s->limit);
    free(s);
}

/* A binding request of ours, or of a stock client with a CHANGE-REQUEST. */
static void request_ours(struct setting *s)
{
    const uint8_t id[STUN_ID_SIZE] = {3};

    stun_request(s->data, id);
    s->in.size = STUN_REQUEST_SIZE;
}

static void request_stock(struct setting *s, uint8_t change)
{
    const uint8_t request[28] = {
        [1] = 1,    [3] = 8, [4] = 0x21, [5] = 0x12, [6] = 0xa4,
        [7] = 0x42, [8] = 3, [21] = 3,   [23] = 4,   [27] = change,
    };

    memcpy(s->data, request, sizeof(request));
    s->in.size = sizeof(request);
}

static enum stun_fate take(struct setting *s, struct mono now)
{
    enum stun_fate fate =
        stun_switch_take(s->board, &s->counts, &s->in, now, s->answer, &s->size);

    if (fate == STUN_FATE_ANSWER) {
        assert_int_equal(stun_parse(&s->got, s->answer, s->size), ERR_OK);
    }
    return fate;
}

static void others_tell(struct setting *s, uint8_t last, struct mono until)
{
    const uint8_t ip[4] = {198, 51, 100, last};
    const struct endpoint other = endpoint_v4(ip, 0);
    struct stun_others others = {.at = {{PORT, OTHER_PORT}}, .other = {{OTHER_PORT, PORT}}};

    memcpy(others.ip[0], other.ip, sizeof(others.ip[0]));
    stun_board_tell(s->board, &others, until);
}

static void a_plain_request_is_answered(void **state)
{
    struct setting *s = setting_new();

    (void)state;
    request_ours(s);
    assert_int_equal(take(s, start), STUN_FATE_ANSWER);
    assert_true(endpoint_equal(&s->got.mapped, &s->in.remote));
    assert_true(endpoint_equal(&s->got.origin, &s->in.local));
    assert_true(endpoint_is_none(&s->got.other));
    assert_true(s->got.fingerprint);
    request_stock(s, 0);
    assert_int_equal(take(s, start), STUN_FATE_ANSWER);
    assert_false(s->got.fingerprint);
    assert_int_equal(s->counts.stun_answered, 2);
    assert_int_equal(s->counts.received_dgrams, 2);
    assert_int_equal(s->counts.received_bytes, STUN_REQUEST_SIZE + 28);
    assert_true(s->counts.stun_sent_bytes >= 2 * STUN_HEADER_SIZE);
    setting_free(s);
}

static void a_change_without_another_address_is_refused(void **state)
{
    struct setting *s = setting_new();

    (void)state;
    request_stock(s, 6);
    assert_int_equal(take(s, start), STUN_FATE_ANSWER);
    assert_int_equal(s->got.error_code, 420);
    assert_int_equal(s->counts.stun_error_answered, 1);
    assert_int_equal(s->counts.stun_answered, 0);
    setting_free(s);
}

/* Ours are told of it at once; where a stock client is, others have to hear of that. */
static void the_other_address_is_named_or_asked_for(void **state)
{
    struct setting *s = setting_new();

    (void)state;
    others_tell(s, 7, start);
    request_ours(s);
    assert_int_equal(take(s, start), STUN_FATE_ANSWER);
    assert_int_equal(s->got.other.port, OTHER_PORT);
    assert_int_equal(s->got.other.ip[15], 7);
    s->in.local.port = OTHER_PORT; /* whichever is asked, the other one */
    assert_int_equal(take(s, start), STUN_FATE_ANSWER);
    assert_int_equal(s->got.other.port, PORT);
    s->in.local.port = 9; /* there is none for this one */
    assert_int_equal(take(s, start), STUN_FATE_ANSWER);
    assert_true(endpoint_is_none(&s->got.other));
    s->in.local.port = PORT;
    for (uint8_t change = 0; change <= 6; change += 2) {
        request_stock(s, change);
        assert_int_equal(take(s, start), STUN_FATE_CONTROL);
    }
    assert_int_equal(s->counts.received_dgrams, 3); /* the control thread counts the others */
    request_ours(s);
    others_tell(s, 7, mono_add_ms(start, 10)); /* a client is not to be told: who, is not known */
    assert_int_equal(take(s, start), STUN_FATE_CONTROL);
    assert_int_equal(take(s, mono_add_ms(start, 10)), STUN_FATE_ANSWER);
    setting_free(s);
}

static void what_is_not_plain_is_handed_over(void **state)
{
    struct setting *s = setting_new();
    const uint8_t id[STUN_ID_SIZE] = {3}, value[4] = {0};

    (void)state;
    s->in.size = stun_lend_request(s->data, id, value, sizeof(value));
    assert_int_equal(take(s, start), STUN_FATE_CONTROL);
    s->in.size = stun_live_request(s->data, id, value, sizeof(value));
    assert_int_equal(take(s, start), STUN_FATE_CONTROL);
    request_stock(s, 0);
    s->data[4] = 'o'; /* no cookie: RFC 3489 */
    assert_int_equal(take(s, start), STUN_FATE_CONTROL);
    request_stock(s, 0);
    s->data[0] = 1; /* an answer */
    assert_int_equal(take(s, start), STUN_FATE_CONTROL);
    request_stock(s, 0);
    s->data[1] = 3; /* another method */
    assert_int_equal(take(s, start), STUN_FATE_CONTROL);
    assert_int_equal(s->counts.received_dgrams, 0);
    setting_free(s);
}

static void what_is_malformed_is_counted_and_dropped(void **state)
{
    struct setting *s = setting_new();

    (void)state;
    request_ours(s);
    for (size_t size = 0; size < STUN_REQUEST_SIZE; size++) {
        s->in.size = size;
        assert_int_equal(take(s, start), STUN_FATE_NONE);
    }
    assert_int_equal(s->counts.stun_malformed, STUN_REQUEST_SIZE);
    assert_int_equal(s->counts.received_dgrams, STUN_REQUEST_SIZE);
    setting_free(s);
}

static void what_is_too_much_is_dropped(void **state)
{
    struct setting *s = setting_new();
    unsigned answered = 0;

    (void)state;
    request_ours(s);
    for (int i = 0; i < 15; i++) {
        answered += take(s, start) == STUN_FATE_ANSWER ? 1 : 0;
    }
    assert_int_equal(answered, 10);
    assert_int_equal(s->counts.stun_limited_address, 5);
    stun_limit_set(s->limit, 10, 3);
    for (uint8_t i = 0; i < 5; i++) {
        s->in.remote.ip[15] = i;
        (void)take(s, start);
    }
    assert_int_equal(s->counts.stun_limited_all, 2);
    assert_int_equal(s->counts.stun_answered, 13);
    assert_int_equal(s->counts.received_dgrams, 20);
    setting_free(s);
}

/* ---- with threads ---- */

struct reader {
    struct setting *setting;
    _Atomic bool *ends;
    unsigned known, torn;
};

/* The ports belong to the address: 1000 and its last byte. */
static void *read_all(void *context)
{
    struct reader *reader = context;
    struct endpoint other;

    while (!atomic_load(reader->ends)) {
        if (stun_board_other(reader->setting->board, &reader->setting->in.local, start, &other) ==
            STUN_OTHER_KNOWN) {
            reader->known++;
            reader->torn += other.port != 1000 + other.ip[15] ? 1 : 0;
        }
    }
    return NULL;
}

static void nobody_reads_half_of_a_change(void **state)
{
    struct setting *s = setting_new();
    _Atomic bool ends = false;
    struct reader reader = {.setting = s, .ends = &ends};
    struct stun_others others = {.at = {{PORT}}};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
    for (unsigned i = 0; i < CHANGES; i++) {
        others.ip[0][15] = (uint8_t)i;
        others.other[0][0] = (uint16_t)(1000 + (uint8_t)i);
        stun_board_tell(s->board, &others, start);
    }
    atomic_store(&ends, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(reader.torn, 0);
    setting_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_request_is_answered),
        cmocka_unit_test(a_change_without_another_address_is_refused),
        cmocka_unit_test(the_other_address_is_named_or_asked_for),
        cmocka_unit_test(what_is_not_plain_is_handed_over),
        cmocka_unit_test(what_is_malformed_is_counted_and_dropped),
        cmocka_unit_test(what_is_too_much_is_dropped),
        cmocka_unit_test(nobody_reads_half_of_a_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
