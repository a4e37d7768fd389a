/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A port that a router lets in: which protocol keeps it, when it is renewed, and when another port
 * or another protocol is tried. */
#include "tests/support/fixture.h"

#include "proto/portmap/portmap.h"
#include "proto/portmap/portmap_text.h"
#include "tests/support/env.h"

enum { LOCAL_PORT = 4433 };

static const uint8_t router_ip[4] = {192, 168, 1, 1}, own_ip[4] = {192, 168, 1, 20};
static const uint8_t outside_ip[4] = {203, 0, 113, 7};

struct setting {
    struct test_env ports;
    struct portmap portmap;
    struct endpoint router;
    struct mono now;
    struct portmap_job jobs[PORTMAP_PROTOCOLS]; /* those that are out */
    bool out[PORTMAP_PROTOCOLS];
    unsigned datagrams;
};

static void setting_init(struct setting *s)
{
    struct pcp_place place = {.nonce = {7}};

    *s = (struct setting){.now = {NS_PER_S}};
    test_env_init(&s->ports, 7);
    s->router = endpoint_v4(router_ip, PCP_SERVER_PORT);
    place.router = endpoint_v4(router_ip, 0);
    place.internal = endpoint_v4(own_ip, LOCAL_PORT);
    portmap_begin(&s->portmap, &s->ports.env, &place, s->now);
}

/* Do what is due now. */
static void step(struct setting *s)
{
    uint8_t out[PCP_MAP_SIZE];
    struct portmap_job job;

    s->datagrams += portmap_expire(&s->portmap, out, s->now) > 0 ? 1 : 0;
    while (portmap_job(&s->portmap, &job, s->now)) {
        assert_false(s->out[job.protocol]);
        s->out[job.protocol] = true;
        s->jobs[job.protocol] = job;
    }
}

static void pass(struct setting *s, uint64_t ms)
{
    struct mono end = mono_add_ms(s->now, ms);

    step(s);
    while (mono_before(portmap_deadline(&s->portmap), end)) {
        struct mono at = portmap_deadline(&s->portmap);

        assert_true(mono_before(s->now, at)); /* it never spins */
        s->now = at;
        step(s);
    }
    s->now = end;
    step(s);
}

/* The job of a protocol ends. */
static void end(struct setting *s, enum portmap_protocol protocol, enum portmap_outcome outcome,
                uint16_t port)
{
    struct portmap_result result = {
        .outcome = outcome, .lifetime_s = 7200, .code = 718, .external = {.port = 0}};

    if (outcome == PORTMAP_OUTCOME_DONE) {
        result.external = endpoint_v4(outside_ip, port);
    }
    assert_true(s->out[protocol]);
    s->out[protocol] = false;
    portmap_done(&s->portmap, &s->jobs[protocol], &result, s->now);
    step(s);
}

/* The router's answer to PCP: granted at this port, or a refusal. */
static void pcp_answers(struct setting *s, uint8_t result, uint16_t port)
{
    uint8_t data[PCP_MAP_SIZE] = {2, 0x81, 0, result, 0, 0, 0x1c, 0x20, 0, 0, 1, 0};

    memcpy(data + 24, s->portmap.place.nonce, PCP_NONCE_SIZE);
    data[36] = PCP_PROTOCOL_UDP;
    data[40] = LOCAL_PORT >> 8;
    data[41] = LOCAL_PORT & 0xff;
    data[42] = (uint8_t)(port >> 8);
    data[43] = (uint8_t)port;
    data[54] = data[55] = 0xff;
    memcpy(data + 56, outside_ip, 4);
    portmap_on_datagram(&s->portmap, &s->router, data, sizeof(data), s->now);
    step(s);
}

static void assert_mapped(const struct setting *s, enum portmap_protocol by, uint16_t port)
{
    enum portmap_protocol protocol;
    const struct endpoint *external = portmap_external(&s->portmap, &protocol);

    assert_non_null(external);
    assert_int_equal(protocol, by);
    assert_int_equal(external->port, port);
}

static void assert_unmapped(const struct setting *s)
{
    enum portmap_protocol protocol;

    assert_null(portmap_external(&s->portmap, &protocol));
}

static void all_protocols_are_tried_at_once_and_pcp_goes_first(void **state)
{
    struct setting s;

    (void)state;
    setting_init(&s);
    step(&s);
    assert_int_equal(s.datagrams, 1);
    assert_true(s.out[PORTMAP_PROTOCOL_NATPMP] && s.out[PORTMAP_PROTOCOL_UPNP]);
    assert_int_equal(s.jobs[PORTMAP_PROTOCOL_UPNP].verb, PORTMAP_VERB_FIND);
    end(&s, PORTMAP_PROTOCOL_NATPMP, PORTMAP_OUTCOME_DONE, 0);
    assert_false(s.out[PORTMAP_PROTOCOL_NATPMP]); /* it waits for PCP */
    pcp_answers(&s, PCP_RESULT_SUCCESS, LOCAL_PORT);
    assert_mapped(&s, PORTMAP_PROTOCOL_PCP, LOCAL_PORT);
    end(&s, PORTMAP_PROTOCOL_UPNP, PORTMAP_OUTCOME_DONE, 0);
    pass(&s, 3600000 - 400000);
    assert_false(s.out[PORTMAP_PROTOCOL_NATPMP] || s.out[PORTMAP_PROTOCOL_UPNP]);
    assert_int_equal(portmap_state(&s.portmap, PORTMAP_PROTOCOL_UPNP), PORTMAP_STATE_FOUND);
    assert_mapped(&s, PORTMAP_PROTOCOL_PCP, LOCAL_PORT);
}

static void natpmp_takes_the_place_of_a_pcp_that_is_silent(void **state)
{
    struct setting s;

    (void)state;
    setting_init(&s);
    step(&s);
    end(&s, PORTMAP_PROTOCOL_NATPMP, PORTMAP_OUTCOME_DONE, 0);
    end(&s, PORTMAP_PROTOCOL_UPNP, PORTMAP_OUTCOME_DONE, 0);
    pass(&s, PORTMAP_PATIENCE_MS);
    assert_true(s.out[PORTMAP_PROTOCOL_NATPMP]);
    assert_false(s.out[PORTMAP_PROTOCOL_UPNP]);
    assert_int_equal(s.jobs[PORTMAP_PROTOCOL_NATPMP].verb, PORTMAP_VERB_MAP);
    assert_int_equal(s.jobs[PORTMAP_PROTOCOL_NATPMP].external_port, LOCAL_PORT);
    end(&s, PORTMAP_PROTOCOL_NATPMP, PORTMAP_OUTCOME_DONE, 50000);
    assert_mapped(&s, PORTMAP_PROTOCOL_NATPMP, 50000);
    pcp_answers(&s, PCP_RESULT_SUCCESS, 50001); /* too late */
    assert_mapped(&s, PORTMAP_PROTOCOL_NATPMP, 50000);
    pass(&s, PORTMAP_NATPMP_RENEW_MS);
    assert_int_equal(s.jobs[PORTMAP_PROTOCOL_NATPMP].external_port, 50000);
    end(&s, PORTMAP_PROTOCOL_NATPMP, PORTMAP_OUTCOME_DONE, 50000);
}

static void upnp_waits_until_it_is_known_that_there_is_nothing_better(void **state)
{
    struct setting s;

    (void)state;
    setting_init(&s);
    step(&s);
    end(&s, PORTMAP_PROTOCOL_UPNP, PORTMAP_OUTCOME_DONE, 0);
    pcp_answers(&s, PCP_RESULT_UNSUPPORTED_VERSION, 0);
    assert_false(s.out[PORTMAP_PROTOCOL_UPNP]);
    end(&s, PORTMAP_PROTOCOL_NATPMP, PORTMAP_OUTCOME_SILENT, 0);
    assert_true(s.out[PORTMAP_PROTOCOL_UPNP]);
    end(&s, PORTMAP_PROTOCOL_UPNP, PORTMAP_OUTCOME_DONE, LOCAL_PORT);
    assert_mapped(&s, PORTMAP_PROTOCOL_UPNP, LOCAL_PORT);
}

/* Up to a mapping by UPnP. */
static void by_upnp(struct setting *s)
{
    setting_init(s);
    step(s);
    end(s, PORTMAP_PROTOCOL_NATPMP, PORTMAP_OUTCOME_SILENT, 0);
    end(s, PORTMAP_PROTOCOL_UPNP, PORTMAP_OUTCOME_DONE, 0);
    pass(s, PORTMAP_PATIENCE_MS);
    end(s, PORTMAP_PROTOCOL_UPNP, PORTMAP_OUTCOME_DONE, LOCAL_PORT);
    assert_mapped(s, PORTMAP_PROTOCOL_UPNP, LOCAL_PORT);
}

static void a_port_that_is_refused_is_replaced_by_others(void **state)
{
    struct setting s;
    uint16_t before = LOCAL_PORT;
    char text[PORTMAP_TEXT_SIZE];

    (void)state;
    setting_init(&s);
    step(&s);
    end(&s, PORTMAP_PROTOCOL_NATPMP, PORTMAP_OUTCOME_SILENT, 0);
    end(&s, PORTMAP_PROTOCOL_UPNP, PORTMAP_OUTCOME_DONE, 0);
    pass(&s, PORTMAP_PATIENCE_MS);
    for (int i = 1; i < PORTMAP_PORTS_MAX; i++) {
        end(&s, PORTMAP_PROTOCOL_UPNP, PORTMAP_OUTCOME_REFUSED, 0);
        assert_int_not_equal(s.jobs[PORTMAP_PROTOCOL_UPNP].external_port, before);
        before = s.jobs[PORTMAP_PROTOCOL_UPNP].external_port;
    }
    end(&s, PORTMAP_PROTOCOL_UPNP, PORTMAP_OUTCOME_REFUSED, 0);
    assert_false(s.out[PORTMAP_PROTOCOL_UPNP]);
    assert_int_equal(portmap_state(&s.portmap, PORTMAP_PROTOCOL_UPNP), PORTMAP_STATE_REFUSED);
    assert_non_null(strstr(portmap_text(&s.portmap, text), "refuses (UPnP error 718)"));
    pass(&s, PORTMAP_AGAIN_MS_MIN + 1);
    assert_true(s.out[PORTMAP_PROTOCOL_UPNP]); /* it may have changed its mind */
}

static void a_renewal_without_an_answer_is_repeated_until_the_mapping_ends(void **state)
{
    struct setting s;
    int renewals = 0;

    (void)state;
    by_upnp(&s);
    for (enum portmap_protocol by; portmap_external(&s.portmap, &by) != NULL; renewals++) {
        assert_true(renewals < 400);
        pass(&s, PORTMAP_UPNP_RENEW_MS);
        if (s.out[PORTMAP_PROTOCOL_UPNP]) {
            end(&s, PORTMAP_PROTOCOL_UPNP, PORTMAP_OUTCOME_SILENT, 0);
        }
    }
    assert_true(renewals >= 20);
    pass(&s, PORTMAP_AGAIN_MS_MIN + 1);
    assert_true(s.out[PORTMAP_PROTOCOL_NATPMP]); /* all begins anew */
}

static void what_the_router_tells_everybody_renews_the_mapping_but_not_often(void **state)
{
    static const uint8_t told[12] = {0, 0x80, 0, 0, 0, 0, 0, 1, 203, 0, 113, 9};
    struct endpoint stranger = endpoint_v4(own_ip, PCP_SERVER_PORT);
    struct setting s;

    (void)state;
    by_upnp(&s);
    portmap_on_broadcast(&s.portmap, &stranger, told, sizeof(told), s.now);
    pass(&s, 1000);
    assert_false(s.out[PORTMAP_PROTOCOL_UPNP]);
    portmap_on_broadcast(&s.portmap, &s.router, told, sizeof(told), s.now);
    pass(&s, 1000);
    end(&s, PORTMAP_PROTOCOL_UPNP, PORTMAP_OUTCOME_DONE, LOCAL_PORT);
    portmap_on_broadcast(&s.portmap, &s.router, told, sizeof(told), s.now);
    pass(&s, 1000);
    assert_false(s.out[PORTMAP_PROTOCOL_UPNP]);
}

static void a_router_that_restarts_at_once_is_asked_by_pcp_again(void **state)
{
    static const uint8_t told[PCP_HEADER_SIZE] = {2, 0x80, [10] = 1}; /* as old as it was */
    struct setting s;

    (void)state;
    setting_init(&s);
    step(&s);
    pcp_answers(&s, PCP_RESULT_SUCCESS, LOCAL_PORT);
    s.datagrams = 0;
    portmap_on_datagram(&s.portmap, &s.router, told, sizeof(told), s.now); /* an answer */
    pass(&s, 1000);
    assert_int_equal(s.datagrams, 0);
    portmap_on_broadcast(&s.portmap, &s.router, told, sizeof(told), s.now);
    pass(&s, 1000);
    assert_int_equal(s.datagrams, 1);
    assert_mapped(&s, PORTMAP_PROTOCOL_PCP, LOCAL_PORT);
}

static void a_router_that_answers_nothing_is_asked_ever_less_often(void **state)
{
    struct setting s;
    unsigned rounds = 0;
    char text[PORTMAP_TEXT_SIZE];

    (void)state;
    setting_init(&s);
    for (int minute = 0; minute < 60; minute++) {
        pass(&s, 60000);
        for (int i = PORTMAP_PROTOCOL_NATPMP; i < PORTMAP_PROTOCOLS; i++) {
            if (s.out[i]) {
                end(&s, (enum portmap_protocol)i, PORTMAP_OUTCOME_SILENT, 0);
                rounds++;
            }
        }
    }
    assert_true(rounds / 2 >= 6 && rounds / 2 <= 12);
    assert_non_null(strstr(portmap_text(&s.portmap, text), "answers neither PCP, NAT-PMP nor"));
    assert_unmapped(&s);
}

static void a_result_about_the_router_before_counts_for_nothing(void **state)
{
    struct setting s;

    (void)state;
    setting_init(&s);
    step(&s);
    portmap_begin(&s.portmap, &s.ports.env, &s.portmap.place, s.now);
    step(&s);
    end(&s, PORTMAP_PROTOCOL_NATPMP, PORTMAP_OUTCOME_DONE, 0);
    assert_int_equal(portmap_state(&s.portmap, PORTMAP_PROTOCOL_NATPMP), PORTMAP_STATE_ASKING);
    assert_true(s.out[PORTMAP_PROTOCOL_NATPMP]); /* now the new one is asked */
}

static void the_end_is_told_to_the_router_by_the_protocol_that_keeps_the_port(void **state)
{
    struct setting s;
    uint8_t out[PCP_MAP_SIZE];
    struct portmap_job job;
    bool is_job;

    (void)state;
    by_upnp(&s);
    assert_int_equal(portmap_end(&s.portmap, out, &job, &is_job), 0);
    assert_true(is_job);
    assert_int_equal(job.verb, PORTMAP_VERB_END);
    assert_int_equal(job.external_port, LOCAL_PORT);
    assert_unmapped(&s);
    setting_init(&s);
    step(&s);
    pcp_answers(&s, PCP_RESULT_SUCCESS, LOCAL_PORT);
    assert_int_equal(portmap_end(&s.portmap, out, &job, &is_job), PCP_MAP_SIZE);
    assert_false(is_job);
    fixture_assert_hex(out + 4, 4, "00000000");
    assert_false(mono_before(portmap_deadline(&s.portmap), MONO_NEVER));
    setting_init(&s);
    assert_int_equal(portmap_end(&s.portmap, out, &job, &is_job), 0);
    assert_false(is_job); /* there was none */
}

static void the_words_for_it_name_protocol_address_and_remedy(void **state)
{
    static const uint8_t private_ip[4] = {10, 0, 0, 5};
    struct setting s;
    char text[PORTMAP_TEXT_SIZE];

    (void)state;
    setting_init(&s);
    step(&s);
    assert_string_equal(portmap_text(&s.portmap, text),
                        "none yet: the router at 192.168.1.1 is being asked");
    pcp_answers(&s, PCP_RESULT_SUCCESS, 4433);
    assert_string_equal(portmap_text(&s.portmap, text),
                        "203.0.113.7:4433 by PCP of the router at 192.168.1.1");
    s.portmap.pcp.external = endpoint_v4(private_ip, 4433);
    assert_non_null(strstr(portmap_text(&s.portmap, text), "another router is before it"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_protocols_are_tried_at_once_and_pcp_goes_first),
        cmocka_unit_test(natpmp_takes_the_place_of_a_pcp_that_is_silent),
        cmocka_unit_test(upnp_waits_until_it_is_known_that_there_is_nothing_better),
        cmocka_unit_test(a_port_that_is_refused_is_replaced_by_others),
        cmocka_unit_test(a_renewal_without_an_answer_is_repeated_until_the_mapping_ends),
        cmocka_unit_test(what_the_router_tells_everybody_renews_the_mapping_but_not_often),
        cmocka_unit_test(a_router_that_restarts_at_once_is_asked_by_pcp_again),
        cmocka_unit_test(a_router_that_answers_nothing_is_asked_ever_less_often),
        cmocka_unit_test(a_result_about_the_router_before_counts_for_nothing),
        cmocka_unit_test(the_end_is_told_to_the_router_by_the_protocol_that_keeps_the_port),
        cmocka_unit_test(the_words_for_it_name_protocol_address_and_remedy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
