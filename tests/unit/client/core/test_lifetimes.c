/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lifetimes that were measured are remembered by network, and sessions and paths follow them. */
#include "client/core/lifetimes.h"

#include "client/core/core_internal.h"
#include "tests/support/host_fixture.h"

static struct lifetime_found found_of(uint32_t quiet_s, uint32_t kept_s)
{
    return (struct lifetime_found){
        .quiet = {.alive_ms = quiet_s * 1000 - 1000, .dead_ms = quiet_s * 1000 + 1000},
        .kept = {.alive_ms = kept_s * 1000 - 1000, .dead_ms = kept_s * 1000 + 1000},
        .answered = LIFETIME_ANSWERED_AS_QUIET,
        .inbound = LIFETIME_INBOUND_YES};
}

static struct host_core *core_of(struct lab *lab)
{
    return lab->hosts[0].core;
}

static void a_lifetime_is_remembered_over_a_restart(void **state)
{
    struct lab *lab = lab_joined();
    const struct lifetime_found found = found_of(20, 60);
    const struct lifetimes_known *known;

    (void)state;
    assert_null(host_core_lifetime(core_of(lab)));
    assert_int_equal(host_core_keepalive(core_of(lab))->kept_ms, KEEPALIVE_MS_UNMEASURED);
    assert_false(host_core_lifetime_wanted(core_of(lab), lab->now)); /* it came a moment ago */
    run_ms(lab, LIFETIMES_SETTLE_MS + 1000);
    assert_true(host_core_lifetime_wanted(core_of(lab), lab->now));
    host_core_lifetime_begins(core_of(lab), lab->now);
    assert_false(host_core_lifetime_wanted(core_of(lab), lab->now));
    host_core_lifetime_measured(core_of(lab), &found, lab->now);
    lab_restart(lab, 0);
    run_ms(lab, LIFETIMES_SETTLE_MS + 4000);
    known = host_core_lifetime(core_of(lab));
    assert_non_null(known);
    assert_memory_equal(&known->found, &found, sizeof(found));
    assert_int_equal(host_core_keepalive(core_of(lab))->young_ms, 14000);
    assert_int_equal(host_core_keepalive(core_of(lab))->kept_ms, KEEPALIVE_MS_MAX);
    assert_false(host_core_lifetime_wanted(core_of(lab), lab->now));
    lab_free(lab);
}

static void what_says_nothing_is_not_remembered(void **state)
{
    struct lab *lab = lab_joined();
    struct lifetime_found found = found_of(20, 60);

    (void)state;
    found.unable = true;
    host_core_lifetime_measured(core_of(lab), &found, lab->now);
    assert_null(host_core_lifetime(core_of(lab)));
    lab_free(lab);
}

/* Where the relay sees it: another address is another network, another port a mapping that died. */
static void see_at(struct lab *lab, uint8_t last, uint16_t port)
{
    struct relay_session *relay = TAILQ_FIRST(&core_of(lab)->relays.list);
    struct endpoint seen = relay->observed;

    seen.ip[15] = last;
    seen.port = port;
    relay_session_on_observed(relay, &seen, lab->now);
    lifetimes_look(core_of(lab), lab->now);
    run_ms(lab, KEEPALIVE_MS_MAX + LIFETIMES_CHANGE_MS);
}

static void each_network_has_its_own(void **state)
{
    struct lab *lab = lab_joined();
    const struct lifetime_found here = found_of(10, 10), there = found_of(300, 300);

    (void)state;
    host_core_lifetime_measured(core_of(lab), &here, lab->now);
    assert_int_equal(host_core_keepalive(core_of(lab))->kept_ms, 7000);
    see_at(lab, 77, 4000);
    assert_null(host_core_lifetime(core_of(lab)));
    assert_int_equal(host_core_keepalive(core_of(lab))->kept_ms, KEEPALIVE_MS_UNMEASURED);
    host_core_lifetime_measured(core_of(lab), &there, lab->now);
    for (uint8_t i = 0; i < LIFETIMES_MAX - 1; i++) {
        see_at(lab, (uint8_t)(100 + i), 4000);
        host_core_lifetime_measured(core_of(lab), &here, lab->now);
    }
    assert_int_equal(core_of(lab)->lifetimes.count, LIFETIMES_MAX);
    see_at(lab, 77, 4000); /* it is still known, and the first one not any more */
    assert_int_equal(host_core_keepalive(core_of(lab))->kept_ms, KEEPALIVE_MS_MAX);
    see_at(lab, 100, 4000);
    assert_int_equal(host_core_keepalive(core_of(lab))->kept_ms, 7000);
    lab_free(lab);
}

static void a_mapping_that_dies_early_makes_packets_more_frequent_at_once(void **state)
{
    struct lab *lab = lab_joined();
    const struct lifetime_found found = found_of(120, 120);
    struct mono end;

    (void)state;
    host_core_lifetime_begins(core_of(lab), lab->now);
    host_core_lifetime_measured(core_of(lab), &found, lab->now);
    see_at(lab, TAILQ_FIRST(&core_of(lab)->relays.list)->observed.ip[15], 3999);
    /* That mapping was not kept as often as it is now. */
    assert_int_equal(host_core_keepalive(core_of(lab))->kept_ms, KEEPALIVE_MS_MAX);
    see_at(lab, TAILQ_FIRST(&core_of(lab)->relays.list)->observed.ip[15], 4000);
    assert_int_equal(host_core_keepalive(core_of(lab))->kept_ms, KEEPALIVE_MS_UNMEASURED);
    see_at(lab, TAILQ_FIRST(&core_of(lab)->relays.list)->observed.ip[15], 4001);
    assert_int_equal(host_core_keepalive(core_of(lab))->kept_ms, KEEPALIVE_MS_UNMEASURED / 2);
    for (uint16_t i = 0; i < 5; i++) {
        see_at(lab, TAILQ_FIRST(&core_of(lab)->relays.list)->observed.ip[15], (uint16_t)(4010 + i));
    }
    assert_int_equal(host_core_keepalive(core_of(lab))->kept_ms, KEEPALIVE_MS_MIN);
    /* It is measured again, but not before an hour is over since the last time. */
    end = mono_add_ms(lab->now, LIFETIMES_AGAIN_MS);
    assert_false(host_core_lifetime_wanted(core_of(lab), lab->now));
    assert_true(host_core_lifetime_wanted(core_of(lab), end));
    lab_restart(lab, 0); /* and so often also after a restart */
    run_ms(lab, 10000);
    assert_int_equal(host_core_keepalive(core_of(lab))->kept_ms, KEEPALIVE_MS_MIN);
    host_core_lifetime_measured(core_of(lab), &found, lab->now);
    assert_int_equal(host_core_keepalive(core_of(lab))->kept_ms, KEEPALIVE_MS_MAX);
    lab_free(lab);
}

/* How many datagrams cross the wire in so many seconds; both hosts have a session. */
static size_t sent_in(struct lab *lab, uint64_t s)
{
    uint64_t before = lab->wire.sent;

    run_ms(lab, s * 1000);
    return (size_t)(lab->wire.sent - before);
}

static void idle_sessions_follow_what_was_measured(void **state)
{
    struct lab *lab = lab_joined();
    const struct lifetime_found shortest = found_of(10, 10), longest = found_of(300, 300);
    size_t unmeasured, often, seldom;

    (void)state;
    run_ms(lab, 60000);
    unmeasured = sent_in(lab, 300);
    for (size_t i = 0; i < HOSTS; i++) {
        host_core_lifetime_measured(lab->hosts[i].core, &shortest, lab->now);
    }
    run_ms(lab, 60000);
    often = sent_in(lab, 300);
    for (size_t i = 0; i < HOSTS; i++) {
        host_core_lifetime_measured(lab->hosts[i].core, &longest, lab->now);
    }
    run_ms(lab, 60000);
    seldom = sent_in(lab, 300);
    print_message("datagrams in 5 minutes: %zu before, %zu with 10 s, %zu with 300 s\n", unmeasured,
                  often, seldom);
    assert_true(often > unmeasured * 3 / 2);
    assert_true(seldom < unmeasured * 3 / 4);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lifetime_is_remembered_over_a_restart),
        cmocka_unit_test(what_says_nothing_is_not_remembered),
        cmocka_unit_test(each_network_has_its_own),
        cmocka_unit_test(a_mapping_that_dies_early_makes_packets_more_frequent_at_once),
        cmocka_unit_test(idle_sessions_follow_what_was_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
