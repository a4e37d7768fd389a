/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay sessions of a host: how many there may be, to which one a connection or an answer of
 * the resolver belongs, and which names are to be resolved. */
#include "client/stun2/relay_set.h"

#include "tests/support/endpoints.h"
#include "tests/support/fixture.h"
#include "tests/support/relay_set_fixture.h"

static int fixture_new(void **state)
{
    struct relay_set_fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    relay_set_fixture_init(fixture);
    *state = fixture;
    return 0;
}

static int fixture_free(void **state)
{
    relay_set_fixture_fini(*state);
    free(*state);
    return 0;
}

/* Adds a session to a relay with these hosts, separated by blanks. A host that begins with a digit
 * is an address. */
static struct relay_session *add(struct relay_set_fixture *fixture, const char *hosts)
{
    struct url url = {.kind = URL_KIND_RELAY, .key = {9}};

    while (*hosts != '\0') {
        struct url_host *host = &url.hosts[url.hosts_count++];
        size_t size = strcspn(hosts, " ");

        assert_true(url.hosts_count <= URL_HOSTS_MAX && size < sizeof(host->name));
        memcpy(host->name, hosts, size);
        host->numeric = hosts[0] >= '0' && hosts[0] <= '9';
        hosts += size + (hosts[size] == ' ' ? 1 : 0);
    }
    return relay_set_add(&fixture->set, &url, fixture->now);
}

/* ---- how many ---- */

static void the_set_has_a_bound_and_no_number_comes_twice(void **state)
{
    struct relay_set_fixture *fixture = *state;
    struct relay_session *relays[RELAY_SET_MAX];
    uint64_t last = 0;

    for (size_t i = 0; i < RELAY_SET_MAX; i++) {
        relays[i] = add(fixture, "relay.example");
        assert_non_null(relays[i]);
        assert_true(relays[i]->number > last); /* and so never 0 */
        last = relays[i]->number;
        assert_ptr_equal(relay_set_find(&fixture->set, last), relays[i]);
    }
    assert_null(add(fixture, "relay.example"));
    assert_int_equal(fixture->set.count, RELAY_SET_MAX);
    assert_null(relay_set_find(&fixture->set, 0));
    assert_null(relay_set_find(&fixture->set, last + 1));

    uint64_t gone = relays[5]->number;
    relay_set_remove(&fixture->set, relays[5], fixture->now);
    relay_set_remove(&fixture->set, NULL, fixture->now);
    assert_null(relay_set_find(&fixture->set, gone));
    struct relay_session *next = add(fixture, "relay.example");
    assert_non_null(next);
    assert_int_equal(next->number, last + 1);
    assert_int_equal(fixture->set.count, RELAY_SET_MAX);
    assert_ptr_equal(TAILQ_LAST(&fixture->set.list, relay_session_list), next);
    assert_ptr_equal(TAILQ_FIRST(&fixture->set.list), relays[0]);
}

static void a_set_of_zeros_may_be_freed(void **state)
{
    struct relay_set set = {0};

    (void)state;
    relay_set_fini(&set);
}

/* ---- connections ---- */

static void a_connection_leads_to_the_session_that_dialled_it(void **state)
{
    struct relay_set_fixture *fixture = *state;
    struct relay_session *relays[2] = {add(fixture, "203.0.113.1"), add(fixture, "203.0.113.2")};
    struct handle handles[2];

    assert_true(relays[0] != NULL && relays[1] != NULL);
    assert_true(mono_due(relay_set_deadline(&fixture->set), fixture->now));
    relay_set_expire(&fixture->set, fixture->now);
    for (size_t i = 0; i < 2; i++) {
        assert_true(relays[i]->dials.list[0].used);
        handles[i] = relays[i]->dials.list[0].handle;
        assert_ptr_equal(relay_set_of(&fixture->set, handles[i]), relays[i]);
    }
    assert_false(
        mono_due(relay_set_deadline(&fixture->set), fixture->now)); /* both wait for an answer */
    relay_set_remove(&fixture->set, relays[0], fixture->now);
    assert_null(relay_set_of(&fixture->set, handles[0]));
    assert_ptr_equal(relay_set_of(&fixture->set, handles[1]), relays[1]);
    relay_set_shutdown(&fixture->set, fixture->now);
    assert_null(relay_set_of(&fixture->set, handles[1]));
    assert_int_equal(relay_set_deadline(&fixture->set).ns, MONO_NEVER.ns);
}

static void a_change_of_the_network_dials_all_but_those_that_are_left_alone(void **state)
{
    struct relay_set_fixture *fixture = *state;
    struct relay_session *dialled = add(fixture, "203.0.113.1");
    struct relay_session *left_alone = add(fixture, "203.0.113.2");

    assert_true(dialled != NULL && left_alone != NULL);
    relay_set_expire(&fixture->set, fixture->now);
    relay_session_close(left_alone, RELAY_SESSION_GO_AWAY_MS, fixture->now);
    struct mono alone_until = mono_add_ms(fixture->now, RELAY_SESSION_GO_AWAY_MS);
    fixture->now = mono_add_ms(fixture->now, 1);
    relay_set_on_network(&fixture->set, NULL, fixture->now);
    assert_int_equal(dialled->dial_at.ns, fixture->now.ns);
    assert_int_equal(left_alone->dial_at.ns, alone_until.ns);
}

/* ---- names ---- */

static void each_name_is_resolved_for_its_session(void **state)
{
    static const char *const names[] = {"one.example", "two.example", "three.example"};
    struct relay_set_fixture *fixture = *state;
    struct relay_session *first = add(fixture, "one.example 203.0.113.9 two.example");
    struct relay_session *numeric = add(fixture, "203.0.113.8");
    struct relay_session *last = add(fixture, "three.example");
    struct relay_session *const owners[] = {first, first, last};
    struct relay_resolve wanted[3], more;
    struct endpoint addr = test_endpoint(1, 0);
    const char *failed = "";

    assert_true(first != NULL && numeric != NULL && last != NULL);
    for (size_t i = 0; i < 3; i++) {
        assert_true(relay_set_resolve_wanted(&fixture->set, &wanted[i], fixture->now));
        assert_string_equal(wanted[i].host, names[i]);
    }
    assert_false(relay_set_resolve_wanted(&fixture->set, &more, fixture->now));
    for (size_t i = 3; i-- > 0;) { /* answers come in any order */
        assert_ptr_equal(
            relay_set_resolved(&fixture->set, wanted[i].ticket, &addr, 1, &failed, fixture->now),
            owners[i]);
        assert_null(failed);
    }
    assert_int_equal(numeric->targets.count, 2); /* without a port both are tried */
    assert_int_equal(last->targets.count, 2);
    assert_int_equal(first->targets.count, 4); /* both names lead to the same address */
}

static void a_name_that_fails_is_reported_unless_the_session_is_open(void **state)
{
    static const struct {
        const char *name;
        uint32_t host;
        size_t count;
        bool open;
        const char *want;
    } cases[] = {
        {"an address", 1, 1, false, NULL},
        {"no address", 1, 0, false, "two.example"},
        {"no address, but open by another", 1, 0, true, NULL},
        {"no such host", 2, 0, false, NULL},
        {"no such host, and an address", 255, 1, false, NULL},
    };
    struct relay_set_fixture *fixture = *state;
    struct relay_session *relay = add(fixture, "one.example two.example");
    struct endpoint addr = test_endpoint(1, 0);
    struct relay_resolve wanted;

    assert_non_null(relay);
    assert_true(relay_set_resolve_wanted(&fixture->set, &wanted, fixture->now));
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        const char *failed = "";

        relay->open = cases[i].open;
        assert_ptr_equal(relay_set_resolved(&fixture->set, wanted.ticket + cases[i].host, &addr,
                                            cases[i].count, &failed, fixture->now),
                         relay);
        relay->open = false;
        if ((failed == NULL) != (cases[i].want == NULL) ||
            (failed != NULL && strcmp(failed, cases[i].want) != 0)) {
            fail_msg("%s: %s", cases[i].name, failed);
        }
        assert_int_equal(relay->targets.count, 2); /* the addresses known before stay */
    }
    fixture->now = mono_add_ms(fixture->now, RELAY_SESSION_RESOLVE_RETRY_MS - 1);
    assert_false(relay_set_resolve_wanted(&fixture->set, &wanted, fixture->now));
    fixture->now = mono_add_ms(fixture->now, 1); /* what failed is tried again */
    assert_true(relay_set_resolve_wanted(&fixture->set, &wanted, fixture->now));
    assert_string_equal(wanted.host, "two.example");
}

/* Neither an address nor a failure that is told for this ticket means anything to anybody. */
static void assert_ignored(struct relay_set_fixture *fixture, uint64_t ticket)
{
    struct endpoint addr = test_endpoint(1, 0);
    const char *failed = "";

    for (size_t count = 0; count < 2; count++) {
        assert_null(relay_set_resolved(&fixture->set, ticket, &addr, count, &failed, fixture->now));
        assert_null(failed);
    }
}

static void an_answer_for_a_removed_session_is_ignored(void **state)
{
    struct relay_set_fixture *fixture = *state;
    struct relay_session *relay = add(fixture, "one.example");
    struct relay_resolve wanted;

    assert_non_null(relay);
    assert_true(relay_set_resolve_wanted(&fixture->set, &wanted, fixture->now));
    relay_set_remove(&fixture->set, relay, fixture->now);
    struct relay_session *next = add(fixture, "other.example");
    assert_non_null(next);
    assert_ignored(fixture, wanted.ticket);
    assert_int_equal(next->targets.count, 0);
}

/* As after so many redirects that a ticket of 32 bits would come again. */
static void an_answer_is_never_taken_for_a_much_younger_one(void **state)
{
    static const uint64_t redirects[] = {UINT64_C(1) << 24, UINT64_C(1) << 32};
    struct relay_set_fixture *fixture = *state;

    for (size_t i = 0; i < TEST_COUNT(redirects); i++) {
        struct relay_session *relay = add(fixture, "one.example");
        struct relay_resolve wanted;

        assert_non_null(relay);
        assert_true(relay_set_resolve_wanted(&fixture->set, &wanted, fixture->now));
        struct url url = relay->url;
        fixture->set.number_last += redirects[i] - 1;
        relay_set_redirect(&fixture->set, relay, &url, fixture->now);
        assert_ignored(fixture, wanted.ticket);
        relay_set_remove(&fixture->set, relay, fixture->now);
    }
}

/* A URL with other hosts: what was asked about the former ones says nothing about these. */
static void an_answer_about_a_former_url_is_ignored(void **state)
{
    struct relay_set_fixture *fixture = *state;
    struct relay_session *relay = add(fixture, "one.example");
    struct endpoint addr = test_endpoint(1, 0);
    struct relay_resolve wanted;
    const char *failed = "";

    assert_non_null(relay);
    assert_true(relay_set_resolve_wanted(&fixture->set, &wanted, fixture->now));
    struct url url = relay->url;
    (void)snprintf(url.hosts[0].name, sizeof(url.hosts[0].name), "other.example");
    relay_set_redirect(&fixture->set, relay, &url, fixture->now);
    assert_ignored(fixture, wanted.ticket);
    assert_int_equal(relay->targets.count, 0);
    assert_true(relay_set_resolve_wanted(&fixture->set, &wanted, fixture->now));
    assert_string_equal(wanted.host, "other.example");
    assert_ptr_equal(
        relay_set_resolved(&fixture->set, wanted.ticket, &addr, 1, &failed, fixture->now), relay);
    assert_int_equal(relay->targets.count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_set_has_a_bound_and_no_number_comes_twice, fixture_new,
                                        fixture_free),
        cmocka_unit_test(a_set_of_zeros_may_be_freed),
        cmocka_unit_test_setup_teardown(a_connection_leads_to_the_session_that_dialled_it,
                                        fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(
            a_change_of_the_network_dials_all_but_those_that_are_left_alone, fixture_new,
            fixture_free),
        cmocka_unit_test_setup_teardown(each_name_is_resolved_for_its_session, fixture_new,
                                        fixture_free),
        cmocka_unit_test_setup_teardown(a_name_that_fails_is_reported_unless_the_session_is_open,
                                        fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(an_answer_for_a_removed_session_is_ignored, fixture_new,
                                        fixture_free),
        cmocka_unit_test_setup_teardown(an_answer_is_never_taken_for_a_much_younger_one,
                                        fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(an_answer_about_a_former_url_is_ignored, fixture_new,
                                        fixture_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
