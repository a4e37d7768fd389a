/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A relay that moves or has many addresses: what members are told, keep, and dial. */
#include "client/core/core_internal.h"
#include "client/core/homing.h"
#include "client/ziglan/ziglan.h"
#include "proto/base/bytes.h"
#include "relayd/core/core.h"
#include "relayd/service/operator.h"

#include "tests/support/host_fixture.h"

/* ---- what relay and hosts do ---- */

/* `public:` of the relay is this from now on, as after a reload. */
static void relay_says(struct lab *lab, const char *hosts)
{
    struct relay_config cfg = lab->relay.cfg;

    cfg.public_hosts = hosts;
    relay_core_reload(lab->relay.core, &cfg, lab->now);
    (void)relay_node_pump(&lab->relay, lab->now);
    run_ms(lab, 200);
}

/* The relay is at this address now, and gone from the former one. */
static void relay_moves(struct lab *lab, const char *address)
{
    assert_true(endpoint_parse(&lab->relay.address, address, 4433));
}

/* The hosts that a host knows for its entry point, as they stand in a URL. */
static const char *hosts_of(struct lab *lab, size_t host)
{
    static char text[URL_SIZE_MAX + 1];
    const struct url *url = &ziglan_at(lab, host)->record.url;

    assert_true(url_same_places(url, &ziglan_at(lab, host)->entry_point->url));
    assert_int_equal(url_print(url, text, sizeof(text)), ERR_OK);
    text[strcspn(text, "?")] = '\0';
    return strchr(text, '@') + 1;
}

static bool is_joined(struct lab *lab, size_t host)
{
    return ziglan_at(lab, host)->state == ZIGLAN_STATE_JOINED;
}

/* Host 0 joins by a URL with these hosts and a new invite. */
static void join_at(struct lab *lab, const char *hosts)
{
    struct directory_terms terms = {.uses = 1};
    struct url url;
    char text[URL_SIZE_MAX + 1];
    char error[URL_ERROR_SIZE];

    assert_int_equal(operator_invite(relay_core_operator(lab->relay.core), &terms, text),
                     VERDICT_OK);
    assert_int_equal(url_parse(&url, text, strlen(text), error), ERR_OK);
    assert_int_equal(url_set_hosts(&url, hosts, strlen(hosts)), ERR_OK);
    assert_int_equal(url_print(&url, text, sizeof(text)), ERR_OK);
    assert_int_equal(host_core_join(lab->hosts[0].core, text, NULL, error, sizeof(error), lab->now),
                     ERR_OK);
}

/* Answer the names that host 0 wants resolved with these addresses, separated by blanks. */
static void resolve(struct lab *lab, const char *addresses)
{
    struct endpoint list[40];
    size_t count = 0;
    struct host_resolve wanted;
    char text[ENDPOINT_TEXT_SIZE];

    while (*addresses != '\0') {
        size_t size = strcspn(addresses, " ");

        assert_true(count < TEST_COUNT(list) && size < sizeof(text));
        memcpy(text, addresses, size);
        text[size] = '\0';
        assert_true(endpoint_parse(&list[count++], text, 0));
        addresses += size + (addresses[size] == ' ' ? 1 : 0);
    }
    while (host_core_resolve_wanted(lab->hosts[0].core, &wanted, lab->now)) {
        host_core_resolved(lab->hosts[0].core, wanted.ticket, list, count, lab->now);
    }
}

/* How long host 0 takes to have a session, if all names have these addresses; at most limit_ms. */
static uint64_t time_to_session_ms(struct lab *lab, const char *addresses, uint64_t limit_ms)
{
    struct mono begin = lab->now;

    while (!ziglan_at(lab, 0)->entry_point->open && mono_ms_between(begin, lab->now) < limit_ms) {
        resolve(lab, addresses);
        run_ms(lab, 10);
    }
    assert_true(ziglan_at(lab, 0)->entry_point->open);
    return mono_ms_between(begin, lab->now);
}

/* ---- a relay that moves ---- */

static void members_come_back_to_a_relay_that_told_where_it_goes(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    assert_string_equal(hosts_of(lab, 0), "192.0.2.1:4433");
    relay_says(lab, "192.0.2.9,192.0.2.1:4433");
    for (size_t i = 0; i < HOSTS; i++) {
        assert_string_equal(hosts_of(lab, i), "192.0.2.9,192.0.2.1:4433");
    }
    run_ms(lab, 60000); /* the old address answers for a while */
    assert_true(is_joined(lab, 0) && is_joined(lab, 1));
    relay_moves(lab, "192.0.2.9");
    run_ms(lab, 60000); /* a silent host notices at its next keepalive */
    for (size_t i = 0; i < HOSTS; i++) {
        const struct relay_session *relay = ziglan_at(lab, i)->entry_point;

        assert_true(is_joined(lab, i) && relay->open && !relay->stalled);
        assert_true(endpoint_equal(&relay->remote, &lab->relay.address));
    }
    next_ping_arrives(lab, 84, 1000);
    lab_free(lab);
}

/* They need neither the URL that they joined by nor a resolver. */
static void a_restarted_member_knows_where_the_relay_was_last(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    homing_use(lab->hosts[1].core, false, lab->now); /* it says nothing, and misses nobody */
    relay_says(lab, "vps.example.org");
    relay_moves(lab, "192.0.2.9");
    lab_restart(lab, 0);
    assert_string_equal(hosts_of(lab, 0), "vps.example.org,192.0.2.1:4433");
    assert_true(time_to_session_ms(lab, "192.0.2.9", 5000) < 1000);
    run_ms(lab, 1000);
    assert_true(is_joined(lab, 0));
    lab_restart(lab, 0); /* and the name does not resolve any more */
    assert_true(time_to_session_ms(lab, "", 1000) < 200);
    lab_free(lab);
}

static void a_new_member_is_told_at_once(void **state)
{
    struct lab *lab = lab_new();

    (void)state;
    relay_says(lab, "192.0.2.1:4433,[2001:db8::1]:443,vps.example.org");
    join_at(lab, "192.0.2.1:4433");
    run_ms(lab, 1500);
    assert_true(is_joined(lab, 0));
    assert_string_equal(hosts_of(lab, 0), "192.0.2.1:4433,[2001:db8::1]:443,vps.example.org");
    lab_free(lab);
}

static void hosts_that_are_told_have_a_bound_and_push_out_the_oldest(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    relay_says(lab, "a.example,b.example,c.example,d.example");
    relay_says(lab, "e.example,f.example,g.example,a.example,h.example");
    assert_string_equal(hosts_of(lab, 0), "e.example,f.example,g.example,a.example,h.example,"
                                          "b.example,c.example,d.example");
    assert_true(ziglan_at(lab, 0)->entry_point->open);
    lab_free(lab);
}

static void what_is_no_list_of_hosts_changes_nothing(void **state)
{
    static const char *const lists[] = {"",
                                        ",",
                                        "a.example,",
                                        "a.example b.example",
                                        "0.0.0.0",
                                        "a.example,224.0.0.1",
                                        "[::]",
                                        "a.example:0",
                                        "a,b,c,d,e,f,g,h,i"};
    struct lab *lab = lab_joined();
    struct ziglan *ziglan = ziglan_at(lab, 0);
    uint64_t number = ziglan->entry_point->number;

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(lists); i++) {
        ziglan_on_hosts(ziglan, lists[i], lab->now);
        assert_string_equal(hosts_of(lab, 0), "192.0.2.1:4433");
    }
    assert_int_equal(ziglan->entry_point->number, number);
    lab_free(lab);
}

/* ---- joining again ---- */

static void a_url_of_old_hosts_adds_them_and_drops_no_session(void **state)
{
    struct lab *lab = lab_joined();
    struct handle before = ziglan_at(lab, 0)->entry_point->active;

    (void)state;
    join_at(lab, "198.51.100.200");
    run_ms(lab, 3000);
    join_at(lab, "vps.example.org:443,192.0.2.1:4433");
    run_ms(lab, 3000);
    assert_true(is_joined(lab, 0) && ziglan_at(lab, 0)->entry_point->open);
    assert_memory_equal(&ziglan_at(lab, 0)->entry_point->active, &before, sizeof(before));
    assert_string_equal(hosts_of(lab, 0), "192.0.2.1:4433,198.51.100.200,vps.example.org:443");
    assert_false(ziglan_at(lab, 0)->record.url.has_invite);
    lab_free(lab);
}

/* Without a session the URL of now goes first, and the known hosts are tried all the same. */
static void a_url_of_old_hosts_does_not_hide_the_relay_from_a_host_without_session(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    lab_restart(lab, 0);
    join_at(lab, "198.51.100.200:4433");
    assert_string_equal(hosts_of(lab, 0), "198.51.100.200:4433,192.0.2.1:4433");
    assert_true(time_to_session_ms(lab, "", 5000) < 500);
    lab_free(lab);
}

/* As at each start of a host whose configuration has the URL. */
static void a_url_of_dead_hosts_does_not_hide_where_the_relay_answered_last(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    lab_restart(lab, 0);
    join_at(lab, "198.51.100.200,198.51.100.201,198.51.100.202");
    assert_true(time_to_session_ms(lab, "", 5000) < 200);
    lab_free(lab);
}

/* ---- many addresses ---- */

/* The last one is the relay's. */
static const char twelve[] = "192.0.2.11 192.0.2.12 192.0.2.13 192.0.2.14 192.0.2.15 192.0.2.16 "
                             "192.0.2.17 192.0.2.18 192.0.2.19 192.0.2.20 192.0.2.21 192.0.2.1";

static void dead_addresses_of_one_family_do_not_hide_the_good_one_of_the_other(void **state)
{
    struct lab *lab = lab_new();

    (void)state;
    join_at(lab, "vps.example.org");
    assert_true(time_to_session_ms(lab, "2001:db8::1 2001:db8::2 2001:db8::3 2001:db8::4 192.0.2.1",
                                   30000) < 500);
    lab_free(lab);
}

static void every_address_of_a_name_is_tried(void **state)
{
    struct lab *lab = lab_new();

    (void)state;
    join_at(lab, "vps.example.org:4433");
    assert_true(time_to_session_ms(lab, twelve, 60000) < 3500);
    lab_free(lab);
}

/* Most of what a person who joins waits for, JOIN_WAIT_MS, must be left. */
static void dead_addresses_before_the_good_one_do_not_end_a_join(void **state)
{
    static const struct {
        int dead;
        uint64_t within_ms;
    } cases[] = {{4, 1300}, {15, 4100}, {30, 8000}};

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct lab *lab = lab_new();
        char list[1024] = "";
        uint64_t took_ms;

        for (int k = 0; k < cases[i].dead; k++) {
            size_t used = strlen(list);

            (void)snprintf(list + used, sizeof(list) - used, "203.0.113.%d ", k + 1);
        }
        (void)snprintf(list + strlen(list), sizeof(list) - strlen(list), "192.0.2.1");
        join_at(lab, "vps.example.org:4433");
        took_ms = time_to_session_ms(lab, list, 60000);
        print_message("%d dead: %u ms\n", cases[i].dead, (unsigned)took_ms);
        assert_true(took_ms < cases[i].within_ms);
        lab_free(lab);
    }
}

/* Eight names of 32 addresses each, dialled at two ports; the relay's is the very last. */
static void resolve_largest_set(struct lab *lab)
{
    struct host_resolve wanted;

    while (host_core_resolve_wanted(lab->hosts[0].core, &wanted, lab->now)) {
        struct endpoint list[RELAY_TARGETS_PER_HOST_MAX];
        uint8_t host = u8_of((size_t)(wanted.host[0] - 'a'));

        for (uint8_t i = 0; i < TEST_COUNT(list); i++) {
            const uint8_t ip[4] = {198, 51, host, i};

            list[i] = endpoint_v4(ip, 0);
        }
        if (host == URL_HOSTS_MAX - 1) {
            list[TEST_COUNT(list) - 1] = lab->relay.address;
        }
        host_core_resolved(lab->hosts[0].core, wanted.ticket, list, TEST_COUNT(list), lab->now);
    }
}

static void the_largest_set_of_addresses_is_tried_within_the_time_of_a_join(void **state)
{
    struct lab *lab = lab_new();
    struct mono begin = lab->now;

    (void)state;
    join_at(lab, "a.example,b.example,c.example,d.example,e.example,f.example,g.example,h.example");
    while (!ziglan_at(lab, 0)->entry_point->open && mono_ms_between(begin, lab->now) < 60000) {
        resolve_largest_set(lab);
        run_ms(lab, 10);
    }
    assert_int_equal(ziglan_at(lab, 0)->entry_point->targets.count,
                     RELAY_TARGETS_MAX - RELAY_TARGETS_FOUND_MAX - 1);
    print_message("%u ms\n", (unsigned)mono_ms_between(begin, lab->now));
    assert_true(mono_ms_between(begin, lab->now) < 12000);
    lab_free(lab);
}

/* While one round lasts, names are resolved again. */
static void names_that_resolve_as_before_do_not_begin_the_round_anew(void **state)
{
    struct lab *lab = lab_new();

    (void)state;
    join_at(lab, "vps.example.org:4433");
    for (int i = 0; i < 4; i++) {
        resolve(lab, twelve);
        run_ms(lab, 3000);
        ziglan_at(lab, 0)->entry_point->targets.resolve_at[0] = lab->now;
    }
    assert_true(ziglan_at(lab, 0)->entry_point->open);
    lab_free(lab);
}

static void the_address_that_answered_last_goes_first(void **state)
{
    struct lab *lab = lab_new();

    (void)state;
    join_at(lab, "one.example:4433,192.0.2.30:4433");
    (void)time_to_session_ms(lab, twelve, 30000);
    relay_session_close(ziglan_at(lab, 0)->entry_point, 0, lab->now);
    assert_true(time_to_session_ms(lab, twelve, 30000) < 200);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_back_to_a_relay_that_told_where_it_goes),
        cmocka_unit_test(a_restarted_member_knows_where_the_relay_was_last),
        cmocka_unit_test(a_new_member_is_told_at_once),
        cmocka_unit_test(hosts_that_are_told_have_a_bound_and_push_out_the_oldest),
        cmocka_unit_test(what_is_no_list_of_hosts_changes_nothing),
        cmocka_unit_test(a_url_of_old_hosts_adds_them_and_drops_no_session),
        cmocka_unit_test(a_url_of_old_hosts_does_not_hide_the_relay_from_a_host_without_session),
        cmocka_unit_test(a_url_of_dead_hosts_does_not_hide_where_the_relay_answered_last),
        cmocka_unit_test(dead_addresses_of_one_family_do_not_hide_the_good_one_of_the_other),
        cmocka_unit_test(every_address_of_a_name_is_tried),
        cmocka_unit_test(dead_addresses_before_the_good_one_do_not_end_a_join),
        cmocka_unit_test(the_largest_set_of_addresses_is_tried_within_the_time_of_a_join),
        cmocka_unit_test(names_that_resolve_as_before_do_not_begin_the_round_anew),
        cmocka_unit_test(the_address_that_answered_last_goes_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
