/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The NAT of simulator and lab (tests/support/nat.h), and its kinds as text. */
#include "tests/support/endpoints.h"
#include "tests/support/fixture.h"
#include "tests/support/nat.h"
#include "tests/support/nat_text.h"

static struct nat nat;
static struct mono now;

static struct endpoint at(const char *text)
{
    struct endpoint e;

    assert_true(endpoint_parse(&e, text, 0));
    return e;
}

static void make(const char *kind_text)
{
    struct nat_kind kind;
    struct endpoint address = at("198.51.100.1:0");
    struct rng rng = {7};

    assert_true(nat_kind_parse(&kind, kind_text));
    nat_init(&nat, &kind, &address, &rng);
    now = (struct mono){NS_PER_S};
}

static struct endpoint out(const char *inside, const char *remote)
{
    struct endpoint from = at(inside), to = at(remote), external = {0};

    assert_int_equal(nat_outbound(&nat, &from, &to, &external, now), NAT_PASSED);
    return external;
}

static enum nat_verdict in(const struct endpoint *external, const char *remote)
{
    struct endpoint from = at(remote), inside;

    return nat_inbound(&nat, external, &from, &inside, now);
}

static void mapping_depends_on_what_the_rule_says(void **state)
{
    static const struct {
        const char *kind;
        bool other_port, other_address; /* the same mapping */
    } rows[] = {{"map=EI", true, true}, {"map=AD", true, false}, {"map=APD", false, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        make(rows[i].kind);
        struct endpoint first = out("10.0.0.2:4000", "192.0.2.1:1");
        struct endpoint port = out("10.0.0.2:4000", "192.0.2.1:2");
        struct endpoint address = out("10.0.0.2:4000", "192.0.2.2:1");
        struct endpoint again = out("10.0.0.2:4000", "192.0.2.1:1");

        assert_true(endpoint_equal(&first, &again));
        assert_int_equal(endpoint_equal(&first, &port), rows[i].other_port);
        assert_int_equal(endpoint_equal(&first, &address), rows[i].other_address);
    }
}

static void filtering_depends_on_what_the_rule_says(void **state)
{
    static const struct {
        const char *kind;
        bool port, address;
    } rows[] = {
        {"filter=EI", true, true}, {"filter=AD", true, false}, {"filter=APD", false, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        make(rows[i].kind);
        struct endpoint external = out("10.0.0.2:4000", "192.0.2.1:1");

        assert_int_equal(in(&external, "192.0.2.1:1"), NAT_PASSED);
        assert_int_equal(in(&external, "192.0.2.1:2"), rows[i].port ? NAT_PASSED : NAT_FILTERED);
        assert_int_equal(in(&external, "192.0.2.2:1"), rows[i].address ? NAT_PASSED : NAT_FILTERED);
        external.port++;
        assert_int_equal(in(&external, "192.0.2.1:1"), NAT_UNMAPPED);
    }
}

static void ports_are_chosen_by_the_rule(void **state)
{
    (void)state;
    make("map=APD,ports=keep");
    assert_int_equal(out("10.0.0.2:4000", "192.0.2.1:1").port, 4000);
    assert_int_equal(out("10.0.0.2:4000", "192.0.2.1:2").port, 4000);
    assert_int_not_equal(out("10.0.0.3:4000", "192.0.2.1:1").port, 4000);

    make("map=APD,ports=step:3");
    uint16_t port = out("10.0.0.2:4000", "192.0.2.1:1").port;
    assert_int_equal(out("10.0.0.2:4000", "192.0.2.1:2").port, port + 3);
    assert_int_equal(out("10.0.0.2:4001", "192.0.2.1:2").port, port + 6);

    make("map=APD,ports=range:512");
    for (int i = 1; i < 200; i++) {
        char remote[ENDPOINT_TEXT_SIZE];

        (void)snprintf(remote, sizeof(remote), "192.0.2.1:%d", i);
        port = out("10.0.0.2:4000", remote).port;
        assert_in_range(port, 20000, 20511);
    }
}

/* 100 ports a second, so about 50 in half a second, give or take what chance does. */
static void other_users_take_ports_meanwhile(void **state)
{
    (void)state;
    make("map=APD,ports=step:2,others=100");
    uint16_t first = out("10.0.0.2:4000", "192.0.2.1:1").port;
    now = mono_add_ms(now, 500);
    uint16_t later = out("10.0.0.2:4000", "192.0.2.1:2").port;
    assert_in_range((later - first) / 2, 30, 75);
}

static void several_addresses_are_paired_or_not(void **state)
{
    struct endpoint first, other;
    unsigned different = 0;

    (void)state;
    for (int paired = 0; paired < 2; paired++) {
        make(paired ? "map=APD,addresses=4:paired" : "map=APD,addresses=4");
        first = out("10.0.0.2:4000", "192.0.2.1:1");
        different = 0;
        for (int i = 2; i < 30; i++) {
            char remote[ENDPOINT_TEXT_SIZE];

            (void)snprintf(remote, sizeof(remote), "192.0.2.1:%d", i);
            other = out("10.0.0.2:4000", remote);
            assert_true(nat_owns(&nat, &other));
            different += endpoint_same_ip(&first, &other) ? 0 : 1;
        }
        assert_int_equal(different > 0, !paired);
    }
    other = at("198.51.100.5:0");
    assert_false(nat_owns(&nat, &other));
}

static void a_mapping_lives_from_its_last_packet_out(void **state)
{
    (void)state;
    make("map=EI,filter=APD,life=15");
    struct endpoint external = out("10.0.0.2:4000", "192.0.2.1:1");
    now = mono_add_ms(now, 10000);
    assert_int_equal(in(&external, "192.0.2.1:1"), NAT_PASSED); /* which does not refresh it */
    (void)out("10.0.0.2:4000", "192.0.2.2:1");
    now = mono_add_ms(now, 10000);
    assert_int_equal(in(&external, "192.0.2.2:1"), NAT_PASSED);
    assert_int_equal(in(&external, "192.0.2.1:1"), NAT_FILTERED); /* the contact is older */
    now = mono_add_ms(now, 5000);
    assert_int_equal(in(&external, "192.0.2.2:1"), NAT_UNMAPPED);
    nat_reboot(&nat);
    (void)out("10.0.0.2:4000", "192.0.2.2:1");
    assert_int_equal(nat.mappings_count, 1);
}

/* An early packet takes the port for its remote; others keep it. */
static void a_router_that_answers_itself_moves_who_comes_later(void **state)
{
    (void)state;
    make("map=APD,filter=APD,ports=keep,early");
    struct endpoint external = out("10.0.0.2:4000", "192.0.2.1:1");
    assert_int_equal(external.port, 4000);
    assert_int_equal(in(&external, "203.0.113.1:5"), NAT_FILTERED);
    assert_int_not_equal(out("10.0.0.2:4000", "203.0.113.1:5").port, 4000);
    assert_int_equal(out("10.0.0.2:4000", "192.0.2.1:1").port, 4000);
}

/* As many as one who tries ports at random makes. */
static void it_remembers_thousands_of_remotes(void **state)
{
    struct endpoint from = at("10.0.0.2:4000"), to = at("203.0.113.1:0"), external;

    (void)state;
    make("map=EI,filter=APD");
    for (uint16_t port = 1; port <= 3000; port++) {
        to.port = port;
        assert_int_equal(nat_outbound(&nat, &from, &to, &external, now), NAT_PASSED);
    }
    assert_int_equal(in(&external, "203.0.113.1:1"), NAT_PASSED);
    assert_int_equal(in(&external, "203.0.113.1:3000"), NAT_PASSED);
    assert_int_equal(in(&external, "203.0.113.1:3001"), NAT_FILTERED);
    assert_int_equal(nat.mappings_count, 1);
}

static void a_kind_is_read_as_it_is_written(void **state)
{
    static const char *const texts[] = {
        "map=EI,filter=APD,ports=keep,life=30",
        "map=APD,filter=AD,ports=step:7,life=15,addresses=4:paired,others=20,hairpin,early,"
        "prohibits",
        "map=AD,filter=EI,ports=range:1024,life=300,addresses=3",
        "map=APD,filter=APD,ports=random,life=120",
        "firewall,filter=AD,life=60",
    };
    static const char *const wrong[] = {
        "",
        "map",
        "map=X",
        "ports=step:0",
        "ports=step:x",
        "life=0",
        "life=12s",
        "nothing",
        "addresses=17",
        "hairpin,",
        "others=-1",
        "map=EI;filter=EI",
        "addresses=11111111111111111111111111111111111",
    };
    char text[NAT_KIND_TEXT_SIZE];
    struct nat_kind kind;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_true(nat_kind_parse(&kind, texts[i]));
        assert_string_equal(nat_kind_text(&kind, text), texts[i]);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        memset(&kind, 0x55, sizeof(kind));
        struct nat_kind before = kind;

        if (nat_kind_parse(&kind, wrong[i])) {
            fail_msg("\"%s\" is taken", wrong[i]);
        }
        assert_memory_equal(&kind, &before, sizeof(kind));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mapping_depends_on_what_the_rule_says),
        cmocka_unit_test(filtering_depends_on_what_the_rule_says),
        cmocka_unit_test(ports_are_chosen_by_the_rule),
        cmocka_unit_test(other_users_take_ports_meanwhile),
        cmocka_unit_test(several_addresses_are_paired_or_not),
        cmocka_unit_test(a_mapping_lives_from_its_last_packet_out),
        cmocka_unit_test(a_router_that_answers_itself_moves_who_comes_later),
        cmocka_unit_test(it_remembers_thousands_of_remotes),
        cmocka_unit_test(a_kind_is_read_as_it_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
