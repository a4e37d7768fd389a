/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a measured NAT means is said for every kind, in words and in JSON. */
#include "client/admin/netcheck_report.h"
#include "client/admin/netcheck_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct netcheck_found found_of(enum nat_name name)
{
    return (struct netcheck_found){.facts = {.answered = name != NAT_NAME_BLOCKED,
                                             .mapping = NAT_DEPENDS_ON_NOTHING,
                                             .filtering = NAT_DEPENDS_ON_ADDRESS_AND_PORT,
                                             .name = name},
                                   .lent = true};
}

static void every_kind_has_a_name_and_a_sentence(void **state)
{
    static const struct {
        enum nat_name name;
        const char *word, *part;
    } rows[] = {
        {NAT_NAME_PUBLIC, "Public", "everybody"},
        {NAT_NAME_PUBLIC_FW, "Public-FW", "FullC, RC or P-RC"},
        {NAT_NAME_FULL_CONE, "FullC", "everybody"},
        {NAT_NAME_RC, "RC", "everybody"},
        {NAT_NAME_P_RC, "P-RC", "FullC, RC or P-RC"},
        {NAT_NAME_SYM, "Sym", "FullC or RC"},
        {NAT_NAME_SYM_STEP, "Sym", "FullC or RC"},
        {NAT_NAME_SYM_RANGE, "Sym", "FullC or RC"},
        {NAT_NAME_BLOCKED, "Blocked", "nobody"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct netcheck_found found = found_of(rows[i].name);
        const struct netcheck_words words = netcheck_words_of(&found);

        assert_string_equal(netcheck_name_word(rows[i].name), rows[i].word);
        assert_non_null(strstr(words.direct, rows[i].part));
        assert_true(words.what[0] != '\0');
        assert_string_equal(words.not_known, "");
        /* Who is not reached by everybody is told what to change. */
        assert_true((strcmp(words.direct, "everybody") == 0) == (words.advice[0] == '\0'));
    }
}

/* Who becomes direct by guessed ports is told, and who stays relayed all the same. */
static void who_is_reached_by_guessed_ports_is_told(void **state)
{
    static const struct {
        enum nat_name name;
        uint32_t addresses;
        const char *direct, *relayed;
    } rows[] = {
        {NAT_NAME_P_RC, 1, "symmetric NAT, too, after", "that guess no ports"},
        {NAT_NAME_PUBLIC_FW, 1, "symmetric NAT, too, after", "that guess no ports"},
        {NAT_NAME_SYM, 1, "P-RC NAT or a firewall, too, after",
         "hosts behind a symmetric NAT, and"},
        {NAT_NAME_SYM_RANGE, 1, "P-RC NAT or a firewall, too, after", "that guess no ports"},
        {NAT_NAME_SYM_STEP, 1, "symmetric NAT that goes by steps, too", "without steps"},
        {NAT_NAME_SYM, 3, "or behind a FullC NAT", "most others"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct netcheck_found found = found_of(rows[i].name);

        found.facts.mapping = NAT_DEPENDS_ON_ADDRESS_AND_PORT;
        found.facts.addresses = rows[i].addresses;
        assert_non_null(strstr(netcheck_words_of(&found).direct, rows[i].direct));
        assert_non_null(strstr(netcheck_words_of(&found).relayed, rows[i].relayed));
    }
}

static void what_is_not_known_is_said_with_the_reason(void **state)
{
    struct netcheck_found found = found_of(NAT_NAME_UNKNOWN);

    (void)state;
    found.facts.filtering = NAT_DEPENDS_UNKNOWN;
    assert_non_null(strstr(netcheck_words_of(&found).not_known, "no relay could send"));
    found.facts.filtering = NAT_DEPENDS_NOT_ON_PORT;
    found.one_address = true;
    assert_non_null(strstr(netcheck_words_of(&found).not_known, "only one relay's address"));
    found.one_address = found.lent = false;
    assert_non_null(strstr(netcheck_words_of(&found).not_known, "no other relay lent"));
    found.facts.filtering = NAT_DEPENDS_ON_NOTHING; /* somebody came in who must have been lent */
    assert_string_equal(netcheck_words_of(&found).not_known, "");
    found.lent = true;
    found.facts.mapping = NAT_DEPENDS_UNKNOWN;
    found.facts.addresses = 2;
    assert_non_null(strstr(netcheck_words_of(&found).not_known, "several addresses"));
}

static void a_family_that_was_not_tried_is_null(void **state)
{
    struct netcheck_result result = {.families = {[NETCHECK_IPV4] = {.tried = true}}};
    json_t *report;

    (void)state;
    result.families[NETCHECK_IPV4].found = found_of(NAT_NAME_P_RC);
    report = netcheck_report(&result, 40);
    assert_non_null(report);
    assert_true(json_is_null(json_object_get(report, "ipv6")));
    assert_true(json_is_true(json_object_get(report, "pending")));
    assert_int_equal(json_integer_value(json_object_get(report, "nat_kind")), NAT_NAME_P_RC);
    assert_string_equal(json_string_value(json_object_get(json_object_get(report, "ipv4"), "name")),
                        "P-RC");
    json_decref(report);
}

/* Before anything had the time to come, no UDP would seem to pass. */
static void an_early_result_has_no_name_and_no_verdict(void **state)
{
    struct netcheck_result result = {.early = true, .families = {{.tried = true}}};
    json_t *report;

    (void)state;
    result.families[NETCHECK_IPV4].found = found_of(NAT_NAME_BLOCKED);
    report = netcheck_report(&result, 3);
    assert_string_equal(json_string_value(json_object_get(report, "name")), "unknown");
    assert_int_equal(json_integer_value(json_object_get(report, "nat_kind")), 0);
    assert_string_equal(json_string_value(json_object_get(report, "direct")), "");
    assert_string_equal(json_string_value(json_object_get(report, "change")), "");
    json_decref(report);
    result.early = false;
    assert_int_equal(netcheck_result_name(&result), NAT_NAME_BLOCKED);
}

static void ipv6_counts_where_ipv4_is_blocked(void **state)
{
    struct netcheck_result result = {.families = {{.tried = true}, {.tried = true}}};

    (void)state;
    result.families[NETCHECK_IPV4].found = found_of(NAT_NAME_BLOCKED);
    result.families[NETCHECK_IPV6].found = found_of(NAT_NAME_PUBLIC_FW);
    assert_int_equal(netcheck_result_name(&result), NAT_NAME_PUBLIC_FW);
    result.families[NETCHECK_IPV6].tried = false;
    assert_int_equal(netcheck_result_name(&result), NAT_NAME_BLOCKED);
    result.families[NETCHECK_IPV4].tried = false;
    assert_int_equal(netcheck_result_name(&result), NAT_NAME_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_a_name_and_a_sentence),
        cmocka_unit_test(who_is_reached_by_guessed_ports_is_told),
        cmocka_unit_test(what_is_not_known_is_said_with_the_reason),
        cmocka_unit_test(a_family_that_was_not_tried_is_null),
        cmocka_unit_test(an_early_result_has_no_name_and_no_verdict),
        cmocka_unit_test(ipv6_counts_where_ipv4_is_blocked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
