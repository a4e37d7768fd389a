/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who reaches this host, and the one change that would help most, for what was found of both
 * families and of the router. */
#include "client/admin/netcheck_verdict.h"

#include "client/admin/netcheck_report.h"
#include "tests/support/fixture.h"

#include <string.h>

static struct endpoint address(const char *text)
{
    struct endpoint out = {.port = 0};

    assert_true(endpoint_parse_ip(&out, text, 0));
    return out;
}

static struct netcheck_family family_of(enum nat_name name)
{
    struct netcheck_family family = {.tried = true, .found = {.lent = true}};

    family.found.facts = (struct nat_facts){
        .answered = name != NAT_NAME_BLOCKED,
        .translated = name >= NAT_NAME_FULL_CONE && name <= NAT_NAME_SYM_RANGE,
        .mapping = NAT_DEPENDS_ON_NOTHING,
        .filtering = NAT_DEPENDS_ON_ADDRESS_AND_PORT,
        .addresses = 1,
        .mapped = address("203.0.113.7"),
        .name = name,
    };
    return family;
}

/* A router at 192.168.1.1 that speaks UPnP, if `state` is not SILENT. */
static struct netcheck_result behind(enum nat_name name, enum portmap_state state,
                                     const char *outside)
{
    struct netcheck_result result = {.router = {.asked = true}};

    result.families[NETCHECK_IPV4] = family_of(name);
    result.router.router = address("192.168.1.1");
    for (int i = 0; i < PORTMAP_PROTOCOLS; i++) {
        result.router.states[i] = PORTMAP_STATE_SILENT;
    }
    result.router.states[PORTMAP_PROTOCOL_UPNP] = state;
    result.router.mapped = state == PORTMAP_STATE_MAPPED;
    result.router.outside = outside != NULL ? address(outside) : (struct endpoint){.port = 0};
    return result;
}

static void says(const struct netcheck_result *result, const char *direct, const char *change)
{
    struct netcheck_verdict verdict;

    netcheck_verdict_read(result, &verdict);
    if (strstr(verdict.direct, direct) == NULL ||
        (change[0] == '\0' ? verdict.change[0] != '\0' : strstr(verdict.change, change) == NULL)) {
        fail_msg("direct: %s; change: %s; wanted: %s; %s", verdict.direct, verdict.change, direct,
                 change);
    }
}

static void the_one_change_fits_what_the_router_says(void **state)
{
    static const struct {
        enum nat_name name;
        enum portmap_state state;
        const char *outside, *direct, *change;
    } rows[] = {
        {NAT_NAME_P_RC, PORTMAP_STATE_SILENT, NULL, "FullC, RC or P-RC", "switch on UPnP"},
        {NAT_NAME_SYM, PORTMAP_STATE_SILENT, NULL, "FullC or RC", "forward one UDP port"},
        {NAT_NAME_SYM, PORTMAP_STATE_FOUND, "203.0.113.7", "FullC or RC", "speaks UPnP: while"},
        {NAT_NAME_P_RC, PORTMAP_STATE_REFUSED, NULL, "P-RC", "speaks UPnP, and refuses"},
        {NAT_NAME_P_RC, PORTMAP_STATE_FOUND, "100.64.3.4", "P-RC", "ask the provider"},
        {NAT_NAME_P_RC, PORTMAP_STATE_FOUND, "192.168.0.4", "P-RC", "forward one UDP port at both"},
        {NAT_NAME_P_RC, PORTMAP_STATE_MAPPED, "203.0.113.7", "P-RC", "nobody got through"},
        {NAT_NAME_RC, PORTMAP_STATE_SILENT, NULL, "everybody", ""},
        {NAT_NAME_FULL_CONE, PORTMAP_STATE_SILENT, NULL, "everybody", ""},
        {NAT_NAME_PUBLIC, PORTMAP_STATE_SILENT, NULL, "everybody", ""},
        {NAT_NAME_PUBLIC_FW, PORTMAP_STATE_SILENT, NULL, "firewall", "at the firewall"},
        {NAT_NAME_BLOCKED, PORTMAP_STATE_SILENT, NULL, "nobody", "let UDP out"},
        {NAT_NAME_UNKNOWN, PORTMAP_STATE_SILENT, NULL, "", "a second relay"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct netcheck_result result = behind(rows[i].name, rows[i].state, rows[i].outside);

        says(&result, rows[i].direct, rows[i].change);
    }
}

static void a_port_that_others_got_through_lets_everybody_in(void **state)
{
    struct netcheck_result result = behind(NAT_NAME_SYM, PORTMAP_STATE_MAPPED, "203.0.113.7");

    (void)state;
    result.router.proven = true;
    says(&result, "everybody, by the port", "");
}

static void a_router_that_was_not_asked_is_not_blamed(void **state)
{
    struct netcheck_result result = behind(NAT_NAME_P_RC, PORTMAP_STATE_SILENT, NULL);

    (void)state;
    result.router = (struct router_facts){.asked = false};
    says(&result, "P-RC", "in the router, forward one UDP port");
    result.router.unwanted = true;
    says(&result, "P-RC", "set portmap to auto");
}

static void who_has_ipv6_needs_no_nat(void **state)
{
    struct netcheck_result result = behind(NAT_NAME_SYM, PORTMAP_STATE_SILENT, NULL);
    struct netcheck_verdict verdict;

    (void)state;
    result.families[NETCHECK_IPV6] = family_of(NAT_NAME_PUBLIC_FW);
    says(&result, "all who have IPv6; by IPv4 hosts that are public", "switch on UPnP");
    netcheck_verdict_read(&result, &verdict);
    assert_non_null(strstr(verdict.relayed, "only IPv4"));
    result.families[NETCHECK_IPV4] = family_of(NAT_NAME_BLOCKED);
    says(&result, "firewall", "at the firewall");
    result.families[NETCHECK_IPV6] = family_of(NAT_NAME_BLOCKED);
    says(&result, "nobody", "let UDP out");
}

static void the_router_stands_in_the_report(void **state)
{
    struct netcheck_result result = behind(NAT_NAME_P_RC, PORTMAP_STATE_FOUND, "100.64.3.4");
    json_t *report = netcheck_report(&result, 100), *router = json_object_get(report, "router");

    (void)state;
    assert_string_equal(json_string_value(json_object_get(router, "address")), "192.168.1.1");
    assert_string_equal(json_string_value(json_object_get(router, "outside")), "100.64.3.4");
    assert_string_equal(json_string_value(json_object_get(router, "upnp")), "found");
    assert_string_equal(json_string_value(json_object_get(router, "pcp")), "silent");
    assert_true(json_is_true(json_object_get(router, "double_nat")));
    assert_non_null(strstr(json_string_value(json_object_get(report, "change")), "provider"));
    json_decref(report);
    result.router.asked = false;
    report = netcheck_report(&result, 100);
    assert_true(json_is_null(json_object_get(report, "router")));
    json_decref(report);
}

static void before_anything_is_measured_nothing_is_said(void **state)
{
    const struct netcheck_result result = {.router = {.asked = false}};

    (void)state;
    says(&result, "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_change_fits_what_the_router_says),
        cmocka_unit_test(a_port_that_others_got_through_lets_everybody_in),
        cmocka_unit_test(a_router_that_was_not_asked_is_not_blamed),
        cmocka_unit_test(who_has_ipv6_needs_no_nat),
        cmocka_unit_test(the_router_stands_in_the_report),
        cmocka_unit_test(before_anything_is_measured_nothing_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
