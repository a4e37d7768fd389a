/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A router is asked what it speaks; nothing is mapped. */
#include "tests/support/fixture.h"

#include "proto/portmap/portmap.h"
#include "tests/support/env.h"

#include <string.h>

static const uint8_t router_ip[4] = {192, 168, 1, 1}, own_ip[4] = {192, 168, 1, 20};
static const uint8_t outside_ip[4] = {203, 0, 113, 7};

struct setting {
    struct test_env ports;
    struct portmap portmap;
    struct endpoint router;
    struct mono now;
    unsigned maps, requests;
};

static void setting_init(struct setting *s)
{
    struct pcp_place place = {.nonce = {7}};

    *s = (struct setting){.now = {NS_PER_S}};
    test_env_init(&s->ports, 7);
    s->router = endpoint_v4(router_ip, PCP_SERVER_PORT);
    place.router = endpoint_v4(router_ip, 0);
    place.internal = endpoint_v4(own_ip, 4433);
    portmap_find(&s->portmap, &s->ports.env, &place, s->now);
}

/* So much time passes; jobs that are begun get this result. */
static void pass(struct setting *s, uint64_t ms, const struct portmap_result *result)
{
    struct mono end = mono_add_ms(s->now, ms);

    for (;; s->now = portmap_deadline(&s->portmap)) {
        uint8_t out[PCP_MAP_SIZE];
        struct portmap_job job;
        size_t size = portmap_expire(&s->portmap, out, s->now);

        s->requests += size > 0 ? 1 : 0;
        s->maps += size == PCP_MAP_SIZE ? 1 : 0;
        while (portmap_job(&s->portmap, &job, s->now)) {
            s->maps += job.verb != PORTMAP_VERB_FIND ? 1 : 0;
            portmap_done(&s->portmap, &job, result, s->now);
        }
        if (!mono_before(portmap_deadline(&s->portmap), end)) {
            break;
        }
        assert_true(mono_before(s->now, portmap_deadline(&s->portmap))); /* it never spins */
    }
    s->now = end;
}

static void answer(struct setting *s, uint8_t result)
{
    const uint8_t data[PCP_HEADER_SIZE] = {PCP_VERSION, 0x80, 0, result};

    portmap_on_datagram(&s->portmap, &s->router, data, sizeof(data), s->now);
}

static void what_a_router_speaks_is_found_and_nothing_is_mapped(void **state)
{
    const struct portmap_result found = {.outcome = PORTMAP_OUTCOME_DONE,
                                         .external = endpoint_v4(outside_ip, 0)};
    enum portmap_protocol protocol;
    struct endpoint outside;
    struct portmap_job job;
    uint8_t out[PCP_MAP_SIZE];
    struct setting s;
    bool is_job;

    (void)state;
    setting_init(&s);
    pass(&s, 10, &found);
    answer(&s, PCP_RESULT_SUCCESS);
    assert_false(portmap_is_asking(&s.portmap));
    pass(&s, 3600000, &found);
    for (int i = 0; i < PORTMAP_PROTOCOLS; i++) {
        assert_int_equal(portmap_state(&s.portmap, (enum portmap_protocol)i), PORTMAP_STATE_FOUND);
    }
    outside = portmap_outside(&s.portmap);
    assert_true(endpoint_same_ip(&outside, &found.external) && outside.port == 0);
    assert_null(portmap_external(&s.portmap, &protocol));
    assert_int_equal(s.maps, 0);
    assert_int_equal(s.requests, 1);
    assert_int_equal(portmap_end(&s.portmap, out, &job, &is_job), 0); /* there is nothing to end */
    assert_false(is_job);
}

static void a_router_that_is_silent_is_known_in_time(void **state)
{
    const struct portmap_result silent = {.outcome = PORTMAP_OUTCOME_SILENT};
    struct endpoint outside;
    struct setting s;

    (void)state;
    setting_init(&s);
    pass(&s, 1000, &silent);
    assert_true(portmap_is_asking(&s.portmap));
    pass(&s, 1500, &silent);
    assert_false(portmap_is_asking(&s.portmap));
    assert_int_equal(s.requests, PCP_FIND_TRIES);
    outside = portmap_outside(&s.portmap);
    assert_true(endpoint_is_none(&outside));
}

static void each_answer_to_an_announcement_says_something(void **state)
{
    static const struct {
        uint8_t result;
        enum portmap_state state;
    } rows[] = {
        {PCP_RESULT_SUCCESS, PORTMAP_STATE_FOUND},
        {4 /* unsupported opcode */, PORTMAP_STATE_FOUND},
        {PCP_RESULT_NOT_AUTHORIZED, PORTMAP_STATE_REFUSED},
        {PCP_RESULT_ADDRESS_MISMATCH, PORTMAP_STATE_REFUSED},
        {PCP_RESULT_UNSUPPORTED_VERSION, PORTMAP_STATE_SILENT},
    };
    const uint8_t natpmp[8] = {0, 0x82, 0, PCP_RESULT_UNSUPPORTED_VERSION};
    const struct portmap_result silent = {.outcome = PORTMAP_OUTCOME_SILENT};
    struct setting s;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        setting_init(&s);
        pass(&s, 10, &silent);
        answer(&s, rows[i].result);
        assert_int_equal(portmap_state(&s.portmap, PORTMAP_PROTOCOL_PCP), rows[i].state);
    }
    setting_init(&s);
    pass(&s, 10, &silent);
    portmap_on_datagram(&s.portmap, &s.router, natpmp, sizeof(natpmp), s.now);
    assert_int_equal(portmap_state(&s.portmap, PORTMAP_PROTOCOL_PCP), PORTMAP_STATE_SILENT);
}

/* As miniupnpd does while its own address is a private one. */
static void a_router_without_an_address_of_the_internet_says_so(void **state)
{
    static const uint8_t none[4] = {0};
    const struct portmap_result rows[] = {
        {.outcome = PORTMAP_OUTCOME_REFUSED, .code = 3},
        {.outcome = PORTMAP_OUTCOME_DONE, .external = endpoint_v4(none, 0)},
        {.outcome = PORTMAP_OUTCOME_REFUSED, .code = 2},
        {.outcome = PORTMAP_OUTCOME_DONE, .external = endpoint_v4(outside_ip, 0)},
    };
    struct setting s;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        setting_init(&s);
        assert_false(portmap_lacks_outside(&s.portmap));
        pass(&s, 10, &rows[i]);
        assert_int_equal(portmap_lacks_outside(&s.portmap), i < 2);
    }
}

static void only_the_router_is_believed_and_only_what_can_be(void **state)
{
    static const uint8_t stranger_ip[4] = {192, 168, 1, 66}, loopback[4] = {127, 0, 0, 1};
    const struct portmap_result odd = {.outcome = PORTMAP_OUTCOME_DONE,
                                       .external = endpoint_v4(loopback, 0)};
    const uint8_t data[PCP_HEADER_SIZE] = {PCP_VERSION, 0x80};
    const struct endpoint stranger = endpoint_v4(stranger_ip, PCP_SERVER_PORT);
    struct endpoint outside;
    struct setting s;

    (void)state;
    setting_init(&s);
    pass(&s, 10, &odd);
    portmap_on_datagram(&s.portmap, &stranger, data, sizeof(data), s.now);
    portmap_on_datagram(&s.portmap, &s.router, data, 3, s.now);
    assert_int_equal(portmap_state(&s.portmap, PORTMAP_PROTOCOL_PCP), PORTMAP_STATE_ASKING);
    outside = portmap_outside(&s.portmap);
    assert_true(endpoint_is_none(&outside));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_router_speaks_is_found_and_nothing_is_mapped),
        cmocka_unit_test(a_router_that_is_silent_is_known_in_time),
        cmocka_unit_test(each_answer_to_an_announcement_says_something),
        cmocka_unit_test(a_router_without_an_address_of_the_internet_says_so),
        cmocka_unit_test(only_the_router_is_believed_and_only_what_can_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
