/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Port Control Protocol (RFC 6887): messages, and one mapping over its life. */
#include "tests/support/fixture.h"

#include "proto/portmap/pcp_mapping.h"
#include "tests/support/env.h"

enum { LOCAL_PORT = 4433 };

static const uint8_t router_ip[4] = {192, 168, 1, 1}, own_ip[4] = {192, 168, 1, 20};
static const uint8_t outside_ip[4] = {203, 0, 113, 7};
static const struct mono start = {NS_PER_S};

struct setting {
    struct test_env ports;
    struct pcp_mapping mapping;
    struct endpoint router;
    struct mono now;
    uint32_t epoch_s; /* of the router at `start` */
};

static void setting_init(struct setting *s)
{
    struct pcp_place place = {.nonce = {1, 2, 3}};

    test_env_init(&s->ports, 7);
    s->router = endpoint_v4(router_ip, PCP_SERVER_PORT);
    s->now = start;
    s->epoch_s = 1000;
    place.router = s->router;
    place.internal = endpoint_v4(own_ip, LOCAL_PORT);
    pcp_begin(&s->mapping, &s->ports.env, &place, s->now);
}

static void put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

/* An answer of the router to MAP, laid out by hand as in RFC 6887, section 11.1. */
static void answer_make(const struct setting *s, uint8_t out[PCP_MAP_SIZE], uint8_t result,
                        uint32_t lifetime_s, uint16_t port)
{
    uint32_t up_s = s->epoch_s + (uint32_t)(mono_ms_between(start, s->now) / 1000);

    memset(out, 0, PCP_MAP_SIZE);
    out[0] = 2;
    out[1] = 0x81;
    out[3] = result;
    put32(out + 4, lifetime_s);
    put32(out + 8, up_s);
    memcpy(out + 24, s->mapping.nonce, PCP_NONCE_SIZE);
    out[36] = 17;
    out[40] = LOCAL_PORT >> 8;
    out[41] = LOCAL_PORT & 0xff;
    out[42] = (uint8_t)(port >> 8);
    out[43] = (uint8_t)port;
    out[54] = out[55] = 0xff;
    memcpy(out + 56, outside_ip, 4);
}

static bool hear(struct setting *s, const uint8_t *data, size_t size)
{
    return pcp_on_datagram(&s->mapping, &s->router, data, size, s->now);
}

/* The router answers well. */
static bool granted(struct setting *s, uint32_t lifetime_s, uint16_t port)
{
    uint8_t answer[PCP_MAP_SIZE];

    answer_make(s, answer, 0, lifetime_s, port);
    return hear(s, answer, sizeof(answer));
}

/* Go to the next deadline, over those at which the router is only asked for its epoch. Returns
 * whether a mapping is asked for. */
static bool step(struct setting *s, uint8_t out[PCP_MAP_SIZE])
{
    size_t size;

    do {
        struct mono at = pcp_deadline(&s->mapping);

        s->now = mono_before(s->now, at) ? at : s->now;
        size = pcp_expire(&s->mapping, out, s->now);
    } while (size == PCP_HEADER_SIZE);
    return size == PCP_MAP_SIZE;
}

static void a_request_looks_as_the_rfc_draws_it(void **state)
{
    struct setting s;
    uint8_t out[PCP_MAP_SIZE];

    (void)state;
    setting_init(&s);
    assert_true(step(&s, out));
    fixture_assert_hex(out, 24, "0201000000001c2000000000000000000000ffffc0a80114");
    assert_memory_equal(out + 24, s.mapping.nonce, PCP_NONCE_SIZE);
    fixture_assert_hex(out + 36, 24, "110000001151115100000000000000000000ffff00000000");
}

static void a_mapping_is_made_renewed_and_ended(void **state)
{
    struct setting s;
    uint8_t out[PCP_MAP_SIZE];

    (void)state;
    setting_init(&s);
    assert_true(step(&s, out));
    assert_null(pcp_external(&s.mapping));
    assert_true(granted(&s, 600, 50000));
    assert_non_null(pcp_external(&s.mapping));
    assert_int_equal(pcp_external(&s.mapping)->port, 50000);
    assert_true(endpoint_is_v4(pcp_external(&s.mapping)));
    assert_true(step(&s, out)); /* at half of its life, give or take a tenth */
    uint64_t waited_ms = mono_ms_between(start, s.now);

    assert_true(waited_ms >= 270000 && waited_ms <= 330000);
    fixture_assert_hex(out + 42, 2, "c350"); /* the same port is asked for */
    assert_false(granted(&s, 600, 50000));   /* nothing new */
    assert_non_null(pcp_external(&s.mapping));
    assert_true(step(&s, out));
    assert_true(granted(&s, 600, 50001)); /* another port */
    assert_true(pcp_end(&s.mapping, out));
    fixture_assert_hex(out + 4, 4, "00000000");
    assert_null(pcp_external(&s.mapping));
    assert_false(pcp_end(&s.mapping, out));
    assert_int_equal(pcp_expire(&s.mapping, out, mono_add_ms(s.now, 100000000)), 0);
}

static void who_hears_nothing_asks_less_often_and_then_rests(void **state)
{
    struct setting s;
    uint8_t out[PCP_MAP_SIZE];
    struct mono last;

    (void)state;
    setting_init(&s);
    for (int i = 0; i < PCP_TRIES_MAX; i++) {
        last = s.now;
        assert_true(step(&s, out));
        if (i > 0) {
            uint64_t ms = mono_ms_between(last, s.now), want = 3000u << (i - 1);

            assert_true(ms >= want * 9 / 10 && ms <= want * 11 / 10 + 1);
        }
    }
    assert_false(step(&s, out));
    assert_int_equal(s.mapping.state, PCP_STATE_WAITING);
    assert_int_equal(s.mapping.result, 0);
    last = s.now;
    assert_true(step(&s, out));
    assert_int_equal(mono_ms_between(last, s.now), PCP_SILENT_MS);
}

static void a_mapping_that_is_not_renewed_is_lost(void **state)
{
    struct setting s;
    uint8_t out[PCP_MAP_SIZE];
    int sent = 0;

    (void)state;
    setting_init(&s);
    assert_true(step(&s, out));
    assert_true(granted(&s, 120, 50000));
    while (pcp_external(&s.mapping) != NULL) {
        sent += step(&s, out) ? 1 : 0;
        assert_true(sent < 20);
    }
    assert_true(mono_ms_between(start, s.now) >= 120000);
    assert_true(sent >= 3);
}

static void a_refusal_is_respected(void **state)
{
    struct setting s;
    uint8_t out[PCP_MAP_SIZE];
    struct mono asked;

    (void)state;
    setting_init(&s);
    assert_true(step(&s, out));
    asked = s.now;
    answer_make(&s, out, PCP_RESULT_ADDRESS_MISMATCH, 1800, 0);
    assert_false(hear(&s, out, PCP_MAP_SIZE));
    assert_int_equal(s.mapping.result, PCP_RESULT_ADDRESS_MISMATCH);
    assert_true(step(&s, out));
    assert_int_equal(mono_ms_between(asked, s.now), 1800000);
    answer_make(&s, out, PCP_RESULT_ADDRESS_MISMATCH, 0, 0); /* as if it were over at once */
    asked = s.now;
    (void)hear(&s, out, PCP_MAP_SIZE);
    assert_true(step(&s, out));
    assert_int_equal(mono_ms_between(asked, s.now), PCP_ERROR_S_MIN * 1000);
}

static void another_port_is_asked_for_in_place_of_one_that_is_refused(void **state)
{
    struct setting s;
    uint8_t out[PCP_MAP_SIZE], answer[PCP_MAP_SIZE];
    struct mono asked;

    (void)state;
    setting_init(&s);
    assert_true(step(&s, out));
    asked = s.now;
    for (int i = 1; i < PCP_PORTS_MAX; i++) {
        uint16_t before = (uint16_t)(out[42] << 8 | out[43]);

        answer_make(&s, answer, PCP_RESULT_NOT_AUTHORIZED, 1800, 0);
        assert_false(hear(&s, answer, sizeof(answer)));
        assert_true(step(&s, out));
        assert_int_equal(mono_ms_between(asked, s.now), 0);
        assert_int_not_equal(out[42] << 8 | out[43], before);
        assert_true(out[42] >= 4); /* nobody needs rights for it */
    }
    answer_make(&s, answer, PCP_RESULT_NOT_AUTHORIZED, 1800, 0);
    assert_false(hear(&s, answer, sizeof(answer)));
    assert_int_equal(s.mapping.result, PCP_RESULT_NOT_AUTHORIZED);
    assert_true(step(&s, out)); /* all are refused: that is respected */
    assert_int_equal(mono_ms_between(asked, s.now), 1800000);
}

static void a_router_is_asked_now_and_then_whether_it_remembers(void **state)
{
    struct setting s;
    uint8_t out[PCP_MAP_SIZE], answer[24] = {2, 0x80};

    (void)state;
    setting_init(&s);
    assert_true(step(&s, out));
    assert_true(granted(&s, 7200, 50000));
    s.now = pcp_deadline(&s.mapping);
    assert_true(mono_ms_between(start, s.now) <= 33000);
    assert_int_equal(pcp_expire(&s.mapping, out, s.now), PCP_HEADER_SIZE);
    fixture_assert_hex(out, 24, "020000000000000000000000000000000000ffffc0a80114");
    put32(answer + 8, 2); /* it was restarted */
    assert_false(hear(&s, answer, sizeof(answer)));
    assert_true(step(&s, out));
    assert_true(mono_ms_between(start, s.now) <= 34000);
}

static void a_router_that_restarted_is_asked_at_once(void **state)
{
    struct setting s;
    uint8_t out[PCP_MAP_SIZE];
    uint8_t announcement[24] = {2, 0x80};
    struct mono told;

    (void)state;
    setting_init(&s);
    assert_true(step(&s, out));
    assert_true(granted(&s, 7200, 50000));
    s.now = mono_add_ms(s.now, 60000);
    put32(announcement + 8, s.epoch_s + 60); /* as it should be */
    assert_false(hear(&s, announcement, sizeof(announcement)));
    assert_int_equal(s.mapping.state, PCP_STATE_MAPPED);
    put32(announcement + 8, 1);
    told = s.now;
    assert_false(hear(&s, announcement, sizeof(announcement)));
    assert_true(step(&s, out));
    assert_true(mono_ms_between(told, s.now) <= 1000);
    s.epoch_s = 0;
    assert_true(granted(&s, 7200, 50002));
}

static void only_the_router_and_only_our_nonce_count(void **state)
{
    struct setting s;
    uint8_t answer[PCP_MAP_SIZE];
    struct endpoint stranger = endpoint_v4(own_ip, PCP_SERVER_PORT);

    (void)state;
    setting_init(&s);
    assert_true(step(&s, answer));
    answer_make(&s, answer, 0, 600, 50000);
    assert_false(pcp_on_datagram(&s.mapping, &stranger, answer, sizeof(answer), s.now));
    answer[24] ^= 1;
    assert_false(hear(&s, answer, sizeof(answer)));
    answer[24] ^= 1;
    answer[41] ^= 1; /* of another port */
    assert_false(hear(&s, answer, sizeof(answer)));
    answer[41] ^= 1;
    answer[36] = 6; /* of TCP */
    assert_false(hear(&s, answer, sizeof(answer)));
    answer[36] = 17;
    for (size_t size = 0; size < sizeof(answer); size++) {
        assert_false(hear(&s, answer, size));
    }
    assert_null(pcp_external(&s.mapping));
    assert_true(hear(&s, answer, sizeof(answer)));
}

static void a_router_of_natpmp_is_known_by_its_answer(void **state)
{
    static const uint8_t answer[8] = {0, 0x81, 0, 1};
    struct setting s;
    uint8_t out[PCP_MAP_SIZE];

    (void)state;
    setting_init(&s);
    assert_true(step(&s, out));
    assert_false(hear(&s, answer, sizeof(answer)));
    assert_true(s.mapping.natpmp);
    assert_int_equal(s.mapping.state, PCP_STATE_WAITING);
}

static void a_lifetime_without_end_is_not_believed(void **state)
{
    struct setting s;
    uint8_t out[PCP_MAP_SIZE];

    (void)state;
    setting_init(&s);
    assert_true(step(&s, out));
    assert_true(granted(&s, UINT32_MAX, 50000));
    assert_true(mono_ms_between(start, pcp_deadline(&s.mapping)) <= 86400000);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_looks_as_the_rfc_draws_it),
        cmocka_unit_test(a_mapping_is_made_renewed_and_ended),
        cmocka_unit_test(who_hears_nothing_asks_less_often_and_then_rests),
        cmocka_unit_test(a_mapping_that_is_not_renewed_is_lost),
        cmocka_unit_test(a_refusal_is_respected),
        cmocka_unit_test(another_port_is_asked_for_in_place_of_one_that_is_refused),
        cmocka_unit_test(a_router_is_asked_now_and_then_whether_it_remembers),
        cmocka_unit_test(a_router_that_restarted_is_asked_at_once),
        cmocka_unit_test(only_the_router_and_only_our_nonce_count),
        cmocka_unit_test(a_router_of_natpmp_is_known_by_its_answer),
        cmocka_unit_test(a_lifetime_without_end_is_not_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
