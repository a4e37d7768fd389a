/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proto/doctor/legacy_rules: rules as iptables-legacy-save prints them, in
 * tests/vectors/firewall/legacy.txt, judged like those of nft. */
#include "proto/doctor/legacy_rules.h"

#include "proto/doctor/firewall_rules.h"
#include "tests/support/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 4096 };

static void vector_read(char text[TEXT_SIZE])
{
    FILE *file = fopen(TESTS_DIR "/vectors/firewall/legacy.txt", "re");
    size_t size;

    assert_non_null(file);
    size = fread(text, 1, TEXT_SIZE - 1, file);
    text[size] = '\0';
    assert_int_equal(fclose(file), 0);
}

static void each_port_is_judged(void **state)
{
    static const struct {
        uint16_t port;
        bool ipv6;
        enum firewall_verdict verdict;
        const char *chain;
    } cases[] = {
        {443, false, FIREWALL_PASSES, ""},
        {4433, false, FIREWALL_DROPS, "INPUT"}, /* by the policy */
        {4433, true, FIREWALL_PASSES, ""},      /* these are rules of IPv4 */
        {5005, false, FIREWALL_PASSES, ""},     /* of a range, by wan+ */
        {5011, false, FIREWALL_DROPS, "INPUT"},
        {6000, false, FIREWALL_DROPS, "INPUT"},   /* by any but wan0 */
        {7000, false, FIREWALL_PASSES, ""},       /* of a list, by another chain */
        {7012, false, FIREWALL_DROPS, "INPUT"},   /* that one gives it back */
        {8000, false, FIREWALL_PERHAPS, "INPUT"}, /* five a second get in */
        {9000, false, FIREWALL_DROPS, "INPUT"},   /* only a network that is named gets in */
    };
    char text[TEXT_SIZE];
    json_t *rules;

    (void)state;
    vector_read(text);
    rules = legacy_rules(text, false);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct firewall_packet packet = {
            .protocol = "udp", .port = cases[i].port, .interface = "wan0", .ipv6 = cases[i].ipv6};
        struct firewall_found found;

        firewall_judge(&found, rules, &packet);
        assert_int_equal(found.verdict, cases[i].verdict);
        assert_string_equal(found.chain, cases[i].chain);
        assert_string_equal(found.place,
                            cases[i].verdict == FIREWALL_PASSES ? "" : "ip filter INPUT");
    }
    json_decref(rules);
}

static enum firewall_verdict verdict_of(const char *text, bool ipv6)
{
    const struct firewall_packet packet = {
        .protocol = "udp", .port = 4433, .interface = "wan0", .ipv6 = ipv6};
    json_t *rules = legacy_rules(text, ipv6);
    struct firewall_found found;

    firewall_judge(&found, rules, &packet);
    json_decref(rules);
    return found.verdict;
}

static void other_tables_and_families_do_not_count(void **state)
{
    (void)state;
    assert_int_equal(verdict_of("*filter\n:INPUT DROP [0:0]\nCOMMIT\n", true), FIREWALL_DROPS);
    assert_int_equal(verdict_of("*mangle\n:INPUT DROP [0:0]\nCOMMIT\n", false), FIREWALL_PASSES);
    assert_int_equal(
        verdict_of("*filter\n:INPUT ACCEPT [0:0]\n-A FORWARD -j DROP\nCOMMIT\n", false),
        FIREWALL_PASSES);
}

static void what_is_not_known_is_never_certain(void **state)
{
    static const char *const rules[] = {
        "-A INPUT -m owner --uid-owner 0 -j ACCEPT",
        "-A INPUT -p udp -m udp --sport 53 -j ACCEPT",
        "-A INPUT -m u32 --u32 \"0>>22&0x3C @ 0=1\" -j ACCEPT",
        "-A INPUT -p udp -m socket --transparent -j ACCEPT",
        "-A INPUT -d 192.0.2.10/32 -j ACCEPT",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        char text[512];

        (void)snprintf(text, sizeof(text), "*filter\n:INPUT DROP [0:0]\n%s\nCOMMIT\n", rules[i]);
        print_message("%s\n", rules[i]);
        assert_int_equal(verdict_of(text, false), FIREWALL_PERHAPS);
    }
}

static void any_beginning_of_a_text_is_read(void **state)
{
    char text[TEXT_SIZE];

    (void)state;
    vector_read(text);
    for (size_t size = strlen(text); size > 0; size--) {
        text[size] = '\0';
        json_decref(legacy_rules(text, false));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_port_is_judged),
        cmocka_unit_test(other_tables_and_families_do_not_count),
        cmocka_unit_test(what_is_not_known_is_never_certain),
        cmocka_unit_test(any_beginning_of_a_text_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
