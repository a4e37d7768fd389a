/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lifetimes that were measured are remembered by network, and sessions and paths follow them. */
#include "client/core/lifetimes.h"

#include "client/core/core_internal.h"
#include "tests/support/host_fixture.h"
#include "tests/support/nat.h"

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
    const struct network_lifetime *known;

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
    for (uint8_t i = 0; i < NETWORKS_MAX - 1; i++) {
        see_at(lab, (uint8_t)(100 + i), 4000);
        host_core_lifetime_measured(core_of(lab), &here, lab->now);
    }
    assert_int_equal(core_of(lab)->networks.count, NETWORKS_MAX);
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

/* Host 0 behind a NAT that forgets soon, and gives another port then. */
struct forgetful {
    struct lab *lab;
    struct nat nat;
    struct rng rng;
    struct endpoint outside; /* where the relay sees the host */
    size_t changes;          /* of it */
};

static bool through_the_nat(void *context, struct wire_packet *packet)
{
    struct forgetful *f = context;
    const struct endpoint *inside = &f->lab->hosts[0].address;

    if (endpoint_equal(&packet->from, inside)) {
        if (nat_outbound(&f->nat, inside, &packet->to, &packet->from, f->lab->now) != NAT_PASSED) {
            return false;
        }
        f->changes += endpoint_equal(&packet->from, &f->outside) ? 0 : 1;
        f->outside = packet->from;
    } else if (endpoint_same_ip(&packet->to, &f->nat.address)) {
        return nat_inbound(&f->nat, &packet->to, &packet->from, &packet->to, f->lab->now) ==
               NAT_PASSED;
    }
    return true;
}

static void forgetful_init(struct forgetful *f, struct lab *lab, uint32_t lifetime_s)
{
    static const uint8_t outside[4] = {203, 0, 113, 9};
    const struct nat_kind kind = {.translates = true,
                                  .mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                  .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                  .inbound_refreshes = true,
                                  .lifetime_s = lifetime_s};
    const struct endpoint address = endpoint_v4(outside, 0);

    *f = (struct forgetful){.lab = lab, .rng = rng_stream(lifetime_s, "nat")};
    nat_init(&f->nat, &kind, &address, &f->rng);
    lab->wire.hook = through_the_nat;
    lab->wire.hook_context = f;
}

static void what_was_measured_holds_at_once_and_is_not_doubted(void **state)
{
    static struct forgetful f;

    (void)state;
    for (uint32_t s = 10; s <= 14; s++) {
        struct lab *lab = lab_joined();
        const struct lifetime_found found = found_of(s, s);

        forgetful_init(&f, lab, s);
        run_ms(lab, 61000 + 1000 * s); /* ... at any instant of a keepalive */
        assert_true(f.changes > 1);    /* one packet in 15 s is too seldom */
        host_core_lifetime_measured(core_of(lab), &found, lab->now);
        run_ms(lab, 100);
        f.changes = 0;
        run_ms(lab, 300 * 1000);
        assert_int_equal(f.changes, 0);
        assert_int_equal(host_core_keepalive(core_of(lab))->kept_ms, s * 700);
        assert_false(core_of(lab)->lifetimes.doubted);
        lab_free(lab);
    }
}

/* As one whose machine was suspended, or has other things to do. */
static void a_host_that_was_late_itself_does_not_doubt_its_nat(void **state)
{
    struct lab *lab = lab_joined();
    const struct lifetime_found found = found_of(20, 20);
    static struct forgetful f;

    (void)state;
    forgetful_init(&f, lab, 20);
    run_ms(lab, 60000);
    host_core_lifetime_measured(core_of(lab), &found, lab->now);
    run_ms(lab, 60000);
    f.changes = 0;
    lab->now = mono_add_ms(lab->now, 22000);
    run_ms(lab, 60000);
    assert_int_equal(f.changes, 1);
    assert_false(core_of(lab)->lifetimes.doubted);
    assert_int_equal(host_core_keepalive(core_of(lab))->kept_ms, 14000);
    lab_free(lab);
}

/* The NAT was measured in a better hour. */
static void a_nat_that_forgets_earlier_than_it_did_is_doubted(void **state)
{
    struct lab *lab = lab_joined();
    const struct lifetime_found found = found_of(30, 30);
    static struct forgetful f;

    (void)state;
    forgetful_init(&f, lab, 12);
    host_core_lifetime_begins(core_of(lab), lab->now);
    host_core_lifetime_measured(core_of(lab), &found, lab->now);
    run_ms(lab, 60000); /* what it was before counts for the first 20 s */
    assert_true(core_of(lab)->lifetimes.doubted);
    assert_true(host_core_keepalive(core_of(lab))->kept_ms < 12000);
    f.changes = 0;
    run_ms(lab, 300 * 1000);
    assert_int_equal(f.changes, 0);
    assert_false(host_core_lifetime_wanted(core_of(lab), lab->now));
    run_ms(lab, LIFETIMES_AGAIN_MS);
    assert_true(host_core_lifetime_wanted(core_of(lab), lab->now));
    lab_free(lab);
}

/* The first packet of host 0 after a silence gets lost, and then all is well, as when its NAT, or
 * that of nas, had forgotten the mapping. */
static void lose_the_first_after(struct lab *lab, uint64_t silence_ms)
{
    send_ping(lab, 84);
    run_ms(lab, silence_ms);
    lab->cut_direct = true;
    send_ping(lab, 84);
    run_ms(lab, 2500);
    lab->cut_direct = false;
    run_ms(lab, 20000);
    assert_string_equal(state_of_nas(lab), "direct");
}

static void first_packets_that_are_lost_after_silences_are_no_accident(void **state)
{
    struct lab *lab = lab_joined();
    const struct lifetime_found found = found_of(120, 120);
    const struct lifetimes *lifetimes = &core_of(lab)->lifetimes;

    (void)state;
    host_core_lifetime_begins(core_of(lab), lab->now);
    host_core_lifetime_measured(core_of(lab), &found, lab->now);
    send_ping(lab, 84);
    run_ms(lab, 60000);
    assert_string_equal(state_of_nas(lab), "direct");
    lose_the_first_after(lab, 2000); /* that was no silence */
    lose_the_first_after(lab, 2000);
    assert_int_equal(core_of(lab)->dataplane.counters.silences_lost, 0);
    lose_the_first_after(lab, 9000); /* once may be an accident */
    assert_int_equal(core_of(lab)->dataplane.counters.silences_lost, 1);
    assert_false(lifetimes->doubted);
    lose_the_first_after(lab, 9000);
    run_ms(lab, 1000);
    assert_int_equal(core_of(lab)->dataplane.counters.silences_lost, LIFETIMES_SILENCES);
    assert_true(lifetimes->doubted);
    assert_int_equal(host_core_keepalive(core_of(lab))->kept_ms, KEEPALIVE_MS_UNMEASURED);
    run_ms(lab, LIFETIMES_AGAIN_MS);
    assert_true(host_core_lifetime_wanted(core_of(lab), lab->now));
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
        cmocka_unit_test(what_was_measured_holds_at_once_and_is_not_doubted),
        cmocka_unit_test(a_host_that_was_late_itself_does_not_doubt_its_nat),
        cmocka_unit_test(a_nat_that_forgets_earlier_than_it_did_is_doubted),
        cmocka_unit_test(first_packets_that_are_lost_after_silences_are_no_accident),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
