/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An application finds out for how long its NAT remembers mappings, and keeps its ways by that. */
#include "client/stun2/stun2.h"

#include "tests/support/app_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* As Linux, with a shorter timeout of streams. */
static const struct nat_kind linux_like = {.translates = true,
                                           .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                           .port_preserving = true,
                                           .lifetime_s = 60,
                                           .quiet_lifetime_s = 30,
                                           .inbound_refreshes = true};

static int begin(struct app_guest *app)
{
    const struct stun2_lifetime_options options = {.size = sizeof(options),
                                                   .sockets = &app->local[APP_GUEST_LIFETIME]};
    int rc = stun2_lifetime_begin(app->agent, &options, app_guest_now(app));

    app_guest_settle(app);
    return rc;
}

static struct stun2_lifetime read_it(const struct app_guest *app)
{
    struct stun2_lifetime lifetime;

    assert_int_equal(
        stun2_lifetime_read(app->agent, &lifetime, sizeof(lifetime), app_guest_now(app)), STUN2_OK);
    return lifetime;
}

/* How many packets it sends in a while in which nothing happens. */
static size_t sent_in(struct app_guest *app, uint64_t ms)
{
    size_t before = app->sent;

    relay_net_run(app->net, ms);
    return app->sent - before;
}

static void both_lifetimes_are_told(void **state)
{
    struct app_pair pair;
    struct stun2_lifetime lifetime;

    (void)state;
    app_pair_init(&pair, &linux_like, &linux_like, 1);
    assert_int_equal(stun2_lifetime_read(pair.one.agent, &lifetime, sizeof(lifetime), 0),
                     STUN2_ERROR_STATE);
    assert_int_equal(begin(&pair.one), STUN2_OK);
    assert_int_equal(begin(&pair.one), STUN2_ERROR_STATE); /* one at a time */
    relay_net_run(pair.net, 15000);
    lifetime = read_it(&pair.one);
    assert_int_equal(lifetime.running, 1);
    assert_in_range(lifetime.age_ms, 14000, 15000);
    assert_in_range(lifetime.kept.alive_ms, 6000, 15000);
    relay_net_run(pair.net, 55000); /* 10 s after the longer one is over */
    assert_int_equal(app_guest_count(&pair.one, STUN2_EVENT_LIFETIME), 1);
    assert_int_equal(app_guest_event(&pair.one, STUN2_EVENT_LIFETIME)->code, 1);
    lifetime = read_it(&pair.one);
    assert_int_equal(lifetime.running, 0);
    assert_int_equal(lifetime.unable, 0);
    assert_in_range(lifetime.kept.ms, 57000, 63000);
    assert_in_range(lifetime.unanswered.ms, 27000, 33000);
    assert_true(lifetime.kept.alive_ms < lifetime.kept.gone_ms);
    assert_int_equal(lifetime.answered_once, STUN2_ANSWERED_AS_UNANSWERED);
    assert_int_equal(lifetime.inbound_keeps, 1);
    assert_int_equal(lifetime.keepalive_ms, 30000);
    app_pair_fini(&pair);
}

static void ways_are_kept_by_what_was_measured(void **state)
{
    const struct nat_kind kind = {.translates = true,
                                  .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                  .port_preserving = true,
                                  .lifetime_s = 10};
    struct app_pair pair;

    (void)state;
    /* Where mappings live shorter than the usual interval, the way and the session die of it ... */
    app_pair_init(&pair, &kind, &app_pair_restricted, 2);
    app_pair_meet(&pair);
    assert_int_equal(begin(&pair.one), STUN2_OK);
    relay_net_run(pair.net, 25000);
    assert_int_equal(app_guest_event(&pair.one, STUN2_EVENT_LIFETIME)->code, 1);
    assert_in_range(read_it(&pair.one).keepalive_ms, 5000, 9000);
    relay_net_run(pair.net, 60000); /* ... and what was lost meanwhile is back */
    app_guest_forget(&pair.one);
    app_guest_forget(&pair.other);
    /* ... and then they do not die any more. */
    relay_net_run(pair.net, 300000);
    assert_null(app_guest_event(&pair.one, STUN2_EVENT_LOST));
    assert_null(app_guest_event(&pair.one, STUN2_EVENT_ADDRESS));
    assert_null(app_guest_event(&pair.other, STUN2_EVENT_MOVED));
    app_pair_fini(&pair);
}

static void a_nat_that_remembers_long_is_used_seldom(void **state)
{
    struct nat_kind kind = app_pair_restricted;
    struct app_pair pair;
    size_t before;

    (void)state;
    kind.lifetime_s = 40;
    app_pair_init(&pair, &kind, &kind, 3);
    app_pair_meet(&pair);
    relay_net_run(pair.net, 30000);
    before = sent_in(&pair.one, 300000);
    assert_int_equal(begin(&pair.one), STUN2_OK);
    assert_int_equal(begin(&pair.other), STUN2_OK); /* it is asked by the other one, too */
    relay_net_run(pair.net, 60000);
    assert_int_equal(read_it(&pair.one).keepalive_ms, read_it(&pair.one).kept.ms * 7 / 10);
    assert_in_range(read_it(&pair.one).keepalive_ms, 25000, 30000);
    assert_true(sent_in(&pair.one, 300000) * 10 < before * 7);
    app_pair_check_talk(&pair);
    app_pair_fini(&pair);
}

static void another_address_makes_it_unknown_again(void **state)
{
    struct nat_kind kind = app_pair_restricted;
    struct app_pair pair;

    (void)state;
    kind.lifetime_s = 40;
    app_pair_init(&pair, &kind, &kind, 4);
    assert_int_equal(begin(&pair.one), STUN2_OK);
    relay_net_run(pair.net, 60000);
    assert_true(read_it(&pair.one).keepalive_ms > 15000);
    nat_reboot(&pair.one.nat);
    relay_net_run(pair.net, 60000);
    assert_non_null(app_guest_event(&pair.one, STUN2_EVENT_ADDRESS));
    assert_int_equal(read_it(&pair.one).keepalive_ms, 15000);
    app_pair_fini(&pair);
}

static void so_does_another_address_of_a_session_that_is_opened_anew(void **state)
{
    struct nat_kind kind = app_pair_restricted;
    struct app_pair pair;

    (void)state;
    kind.lifetime_s = 40;
    app_pair_init(&pair, &kind, &kind, 10);
    assert_int_equal(begin(&pair.one), STUN2_OK);
    relay_net_run(pair.net, 60000);
    assert_true(read_it(&pair.one).keepalive_ms > 15000);
    pair.one.blocked = true;
    relay_net_run(pair.net, 90000);
    assert_non_null(app_guest_event(&pair.one, STUN2_EVENT_RELAY_CLOSED));
    nat_reboot(&pair.one.nat);
    pair.one.blocked = false;
    relay_net_run(pair.net, 120000);
    assert_int_equal(app_guest_count(&pair.one, STUN2_EVENT_RELAY_OPEN), 2);
    assert_null(app_guest_event(&pair.one, STUN2_EVENT_ADDRESS));
    assert_int_equal(read_it(&pair.one).keepalive_ms, 15000);
    app_pair_fini(&pair);
}

static void what_the_application_says_counts(void **state)
{
    struct app_pair pair;
    size_t before;

    (void)state;
    app_pair_init(&pair, &app_pair_restricted, &app_pair_restricted, 5);
    app_pair_meet(&pair);
    stun2_set_keepalive(pair.one.agent, 600000);
    stun2_set_keepalive(pair.other.agent, 600000);
    relay_net_run(pair.net, 30000);
    before = sent_in(&pair.one, 60000);
    stun2_set_keepalive(pair.one.agent, 1000); /* at once, whatever it was before */
    assert_true(sent_in(&pair.one, 60000) >= before + 50);
    stun2_network_changed(pair.one.agent, app_guest_now(&pair.one)); /* and it stays */
    assert_true(sent_in(&pair.one, 60000) >= before + 50);
    app_pair_fini(&pair);
}

static void another_network_ends_a_measurement(void **state)
{
    struct app_pair pair;

    (void)state;
    app_pair_init(&pair, &linux_like, &linux_like, 6);
    assert_int_equal(begin(&pair.one), STUN2_OK);
    relay_net_run(pair.net, 10000);
    stun2_network_changed(pair.one.agent, app_guest_now(&pair.one));
    app_guest_settle(&pair.one);
    assert_int_equal(app_guest_event(&pair.one, STUN2_EVENT_LIFETIME)->code, 0);
    assert_int_equal(read_it(&pair.one).unable, 1);
    assert_int_equal(read_it(&pair.one).keepalive_ms, 15000);
    assert_int_equal(begin(&pair.one), STUN2_OK); /* once more */
    app_pair_fini(&pair);
}

static void one_that_is_not_wanted_ends_without_a_word(void **state)
{
    struct stun2_lifetime lifetime;
    struct app_pair pair;

    (void)state;
    app_pair_init(&pair, &linux_like, &linux_like, 7);
    assert_int_equal(begin(&pair.one), STUN2_OK);
    relay_net_run(pair.net, 5000);
    stun2_lifetime_end(pair.one.agent);
    stun2_lifetime_end(pair.one.agent);
    relay_net_run(pair.net, 60000);
    assert_null(app_guest_event(&pair.one, STUN2_EVENT_LIFETIME));
    assert_int_equal(stun2_lifetime_read(pair.one.agent, &lifetime, sizeof(lifetime), 0),
                     STUN2_ERROR_STATE);
    app_pair_fini(&pair);
}

/* Only the relay that is asked first is silent on everything but its session. */
static bool is_not_asked(struct relay_net *net, const struct endpoint *from,
                         const struct endpoint *to)
{
    const uint16_t first = 50000 + APP_GUEST_LIFETIME;

    return from->port < first || from->port >= first + STUN2_LIFETIME_SOCKETS ||
           !endpoint_same_ip(to, &net->nodes[0].address);
}

static void a_relay_that_is_silent_makes_room_for_the_next(void **state)
{
    struct relay_net *net = app_net_new(2, 8);
    struct app_guest app;

    (void)state;
    app_guest_init(&app, net, 1, &linux_like);
    app_guest_relay(&app, 0);
    app_guest_relay(&app, 1);
    relay_net_run(net, 500);
    net->lets = is_not_asked;
    assert_int_equal(begin(&app), STUN2_OK);
    relay_net_run(net, 80000);
    assert_int_equal(app_guest_event(&app, STUN2_EVENT_LIFETIME)->code, 1);
    assert_in_range(read_it(&app).kept.ms, 57000, 63000);
    app_guest_fini(&app);
    app_net_free(net);
}

static void it_needs_sockets_and_a_relay(void **state)
{
    const struct stun2_lifetime_options none = {.size = sizeof(none)};
    struct app_pair pair;

    (void)state;
    app_pair_place(&pair, &linux_like, &linux_like, 9);
    assert_int_equal(stun2_lifetime_begin(pair.one.agent, NULL, 0), STUN2_ERROR_ARGUMENT);
    assert_int_equal(stun2_lifetime_begin(pair.one.agent, &none, 0), STUN2_ERROR_ARGUMENT);
    assert_int_equal(begin(&pair.one), STUN2_ERROR_STATE);
    assert_null(app_guest_event(&pair.one, STUN2_EVENT_LIFETIME));
    app_pair_fini(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_lifetimes_are_told),
        cmocka_unit_test(ways_are_kept_by_what_was_measured),
        cmocka_unit_test(a_nat_that_remembers_long_is_used_seldom),
        cmocka_unit_test(another_address_makes_it_unknown_again),
        cmocka_unit_test(so_does_another_address_of_a_session_that_is_opened_anew),
        cmocka_unit_test(what_the_application_says_counts),
        cmocka_unit_test(another_network_ends_a_measurement),
        cmocka_unit_test(one_that_is_not_wanted_ends_without_a_word),
        cmocka_unit_test(a_relay_that_is_silent_makes_room_for_the_next),
        cmocka_unit_test(it_needs_sockets_and_a_relay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
