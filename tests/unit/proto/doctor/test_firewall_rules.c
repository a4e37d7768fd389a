/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proto/doctor/firewall_rules: rules as nft prints them, in tests/vectors/firewall. */
#include "proto/doctor/firewall_rules.h"

#include "tests/support/fixture.h"

#include <stdio.h>
#include <string.h>

static json_t *rules_of(const char *name)
{
    char path[512];
    json_t *rules;

    (void)snprintf(path, sizeof(path), "%s/vectors/firewall/%s.json", TESTS_DIR, name);
    rules = json_load_file(path, 0, NULL);
    assert_non_null(rules);
    return rules;
}

static void each_firewall_is_judged_and_named(void **state)
{
    static const struct {
        const char *rules;
        uint16_t port;
        bool ipv6;
        enum firewall_verdict verdict;
        const char *owner, *place, *chain;
    } cases[] = {
        {"ufw", 443, false, FIREWALL_PASSES, "", "", ""},
        {"ufw", 4433, false, FIREWALL_DROPS, "ufw", "ip filter INPUT", "INPUT"},
        {"ufw", 4433, true, FIREWALL_PASSES, "", "", ""}, /* there are no rules of IPv6 */
        {"firewalld", 4433, false, FIREWALL_PASSES, "", "", ""},
        {"firewalld", 443, true, FIREWALL_DROPS, "firewalld", "inet firewalld filter_INPUT",
         "filter_INPUT"},
        {"plain", 443, false, FIREWALL_PASSES, "", "", ""},  /* of a set with a name */
        {"plain", 4433, false, FIREWALL_PASSES, "", "", ""}, /* of one without */
        {"plain", 5010, true, FIREWALL_PASSES, "", "", ""},  /* of a range */
        {"plain", 5011, false, FIREWALL_DROPS, "nftables", "inet filter input", "input"},
        {"plain", 7000, true, FIREWALL_PASSES, "", "", ""},
        {"plain", 7000, false, FIREWALL_DROPS, "nftables", "inet filter input", "input"},
        {"plain", 8000, false, FIREWALL_PERHAPS, "nftables", "inet filter input", "input"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct firewall_packet packet = {
            .protocol = "udp", .port = cases[i].port, .interface = "eth0", .ipv6 = cases[i].ipv6};
        json_t *rules = rules_of(cases[i].rules);
        struct firewall_found found;

        firewall_judge(&found, rules, &packet);
        assert_int_equal(found.verdict, cases[i].verdict);
        assert_string_equal(found.owner, cases[i].owner);
        assert_string_equal(found.place, cases[i].place);
        assert_string_equal(found.chain, cases[i].chain);
        json_decref(rules);
    }
}

static void what_comes_by_another_interface_is_judged_by_its_rules(void **state)
{
    struct firewall_packet packet = {.protocol = "udp", .port = 9, .interface = "eth1"};
    json_t *rules = rules_of("firewalld");
    struct firewall_found found;

    (void)state;
    firewall_judge(&found, rules, &packet);
    assert_int_equal(found.verdict, FIREWALL_PASSES);
    packet.interface = "lo";
    firewall_judge(&found, rules, &packet);
    assert_int_equal(found.verdict, FIREWALL_PASSES);
    packet.interface = ""; /* not known, so it may be the one that is trusted */
    firewall_judge(&found, rules, &packet);
    assert_int_equal(found.verdict, FIREWALL_PERHAPS);
    packet = (struct firewall_packet){.protocol = "icmp", .interface = "eth0"};
    firewall_judge(&found, rules, &packet);
    assert_int_equal(found.verdict, FIREWALL_PASSES);
    json_decref(rules);
}

/* A rule that jumps in a circle, which the kernel would not take, and things that are no rules. */
static void odd_rules_end(void **state)
{
    static const char *const texts[] = {
        "[]",
        "{}",
        "{\"nftables\":7}",
        "{\"nftables\":[1,{\"chain\":3},{\"rule\":[]}]}",
        "{\"nftables\":[{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"c\",\"type\":"
        "\"filter\",\"hook\":\"input\",\"policy\":\"accept\"}},{\"rule\":{\"family\":\"inet\","
        "\"table\":\"t\",\"chain\":\"c\",\"expr\":[{\"jump\":{\"target\":\"c\"}}]}}]}",
    };
    const struct firewall_packet packet = {.protocol = "udp", .port = 1, .interface = "eth0"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        json_t *rules = json_loads(texts[i], 0, NULL);
        struct firewall_found found;

        assert_non_null(rules);
        firewall_judge(&found, rules, &packet);
        assert_int_equal(found.verdict, FIREWALL_PASSES);
        json_decref(rules);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_firewall_is_judged_and_named),
        cmocka_unit_test(what_comes_by_another_interface_is_judged_by_its_rules),
        cmocka_unit_test(odd_rules_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
