/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many addresses of a relay are dialled at once, how soon, and what is sent there in vain. */
#include "client/stun2/relay_set.h"
#include "proto/base/bytes.h"

#include "tests/support/fixture.h"
#include "tests/support/relay_set_fixture.h"

enum { STEP_MS = 5, OUTBOX_SIZE = 1 << 20, OUTBOX_ITEMS = 1024 };

struct fixture {
    struct relay_set_fixture base;
    struct relay_session *relay;
    struct outbox box;
    size_t sent;        /* bytes */
    size_t at_once_max; /* dials, at any time so far */
};

static int fixture_new(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    relay_set_fixture_init(&fixture->base);
    assert_int_equal(outbox_init(&fixture->box, OUTBOX_SIZE, OUTBOX_ITEMS), ERR_OK);
    *state = fixture;
    return 0;
}

static int fixture_free(void **state)
{
    struct fixture *fixture = *state;

    relay_set_fixture_fini(&fixture->base);
    outbox_fini(&fixture->box);
    free(fixture);
    return 0;
}

/* A session to a relay of hosts_count names with addrs_count addresses each, none of which ever
 * answers. */
static void begin(struct fixture *fixture, size_t hosts_count, size_t addrs_count)
{
    struct url url = {.kind = URL_KIND_RELAY, .key = {9}, .hosts_count = hosts_count};

    for (size_t i = 0; i < hosts_count; i++) {
        (void)snprintf(url.hosts[i].name, sizeof(url.hosts[i].name), "%u.example", (unsigned)i);
    }
    fixture->relay = relay_set_add(&fixture->base.set, &url, fixture->base.now);
    assert_non_null(fixture->relay);
    for (size_t i = 0; i < hosts_count; i++) {
        struct endpoint list[RELAY_TARGETS_PER_HOST_MAX];

        for (size_t k = 0; k < addrs_count; k++) {
            const uint8_t ip[4] = {198, 51, u8_of(i), u8_of(k)};

            list[k] = endpoint_v4(ip, 0);
        }
        relay_session_resolved(fixture->relay, i, list, addrs_count, fixture->base.now);
    }
}

/* How many dials there are: to one IP address, the most; and to all together. */
static size_t count_there(const struct relay_dials *dials, size_t *all)
{
    size_t most = 0;

    *all = 0;
    for (size_t i = 0; i < RELAY_DIALS_MAX; i++) {
        size_t there = 0;

        for (size_t k = 0; dials->list[i].used && k < RELAY_DIALS_MAX; k++) {
            there += dials->list[k].used &&
                     endpoint_same_ip(&dials->list[k].remote, &dials->list[i].remote);
        }
        *all += dials->list[i].used;
        most = there > most ? there : most;
    }
    return most;
}

static void run_ms(struct fixture *fixture, uint64_t ms)
{
    struct mono end = mono_add_ms(fixture->base.now, ms);
    size_t at_once;

    while (mono_before(fixture->base.now, end)) {
        struct link_event event;

        relay_set_expire(&fixture->base.set, fixture->base.now);
        link_hub_expire(fixture->base.set.hub, fixture->base.now);
        link_hub_transmit(fixture->base.set.hub, &fixture->box, fixture->base.now);
        for (size_t i = 0; i < fixture->box.items_count; i++) {
            fixture->sent += fixture->box.items[i].size;
        }
        outbox_clear(&fixture->box);
        while (link_hub_event(fixture->base.set.hub, &event)) {
            struct relay_session *relay;

            TAILQ_FOREACH(relay, &fixture->base.set.list, in_set)
            {
                (void)relay_session_on_closed(relay, &event, fixture->base.now);
            }
        }
        assert_true(count_there(&fixture->relay->dials, &at_once) <= RELAY_DIALS_PER_IP_MAX);
        fixture->at_once_max = at_once > fixture->at_once_max ? at_once : fixture->at_once_max;
        fixture->base.now = mono_add_ms(fixture->base.now, STEP_MS);
    }
}

/* ---- how soon ---- */

static void the_first_round_has_a_length_and_later_ones_have_time(void **state)
{
    static const struct {
        size_t count;
        uint32_t rounds;
        uint64_t want_ms;
    } cases[] = {
        {0, 0, RELAY_DIAL_STAGGER_MS},
        {1, 0, RELAY_DIAL_STAGGER_MS},
        {40, 0, RELAY_DIAL_STAGGER_MS},
        {100, 0, 100},
        {RELAY_TARGETS_MAX, 0, RELAY_DIAL_ROUND_MS / RELAY_TARGETS_MAX},
        {100000, 0, RELAY_DIAL_STAGGER_MS_MIN},
        {RELAY_TARGETS_MAX, 1, RELAY_DIAL_STAGGER_MS},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        assert_int_equal(relay_dials_stagger_ms(cases[i].count, cases[i].rounds), cases[i].want_ms);
    }
}

/* ---- how many ---- */

static void the_largest_set_of_dead_addresses_is_dialled_within_bounds(void **state)
{
    struct fixture *fixture = *state;

    begin(fixture, URL_HOSTS_MAX, RELAY_TARGETS_PER_HOST_MAX);
    run_ms(fixture, RELAY_DIAL_ROUND_MS + URL_HOSTS_MAX * RELAY_TARGETS_PER_HOST_MAX);
    assert_int_equal(fixture->relay->rounds, 1); /* each step of 19 ms takes 20 here */
    print_message("first round: %zu bytes/s, %zu at once\n",
                  fixture->sent / (RELAY_DIAL_ROUND_MS / 1000), fixture->at_once_max);
    assert_true(fixture->at_once_max > 32 && fixture->sent < 2500 * 1000);
    run_ms(fixture, 10000); /* what is on its way ends */
    fixture->sent = 0;
    run_ms(fixture, 10000);
    print_message("later: %zu bytes/s\n", fixture->sent / 10);
    assert_true(fixture->sent < 300 * 1000);
}

/* Also if the URL names no port, and the address answers nothing: 3 of the 4 that a relay takes
 * without a Retry. */
static void one_address_is_not_dialled_oftener_than_a_relay_takes_it(void **state)
{
    struct fixture *fixture = *state;

    begin(fixture, 1, 1);
    assert_int_equal(fixture->relay->targets.count, 2);
    assert_true((int)RELAY_DIALS_PER_IP_MAX < (int)LINK_HALF_OPEN_PER_ADDR);
    run_ms(fixture, 60000);
    print_message("one address: %zu bytes/s, %zu at once\n", fixture->sent / 60,
                  fixture->at_once_max);
    assert_int_equal(fixture->at_once_max, RELAY_DIALS_PER_IP_MAX);
}

/* Other relays may take all connections of the host: an address waits then, and is not left out. */
static void an_address_for_which_there_is_no_connection_waits(void **state)
{
    struct fixture *fixture = *state;
    struct relay_session *first;

    for (size_t i = 0; i < 8; i++) {
        begin(fixture, URL_HOSTS_MAX, RELAY_TARGETS_PER_HOST_MAX);
    }
    first = TAILQ_FIRST(&fixture->base.set.list);
    run_ms(fixture, 3000);
    assert_true(link_hub_stats(fixture->base.set.hub)->refused_connections > 0);
    assert_true(link_hub_stats(fixture->base.set.hub)->connections <= RELAY_SET_CONNECTIONS_MAX);
    size_t next = first->targets.next;
    uint64_t dialled = link_hub_stats(fixture->base.set.hub)->dialled;
    run_ms(fixture, 5000);
    assert_true(first->targets.next > next);
    size_t advanced = 0;
    struct relay_session *relay;
    TAILQ_FOREACH(relay, &fixture->base.set.list, in_set)
    {
        advanced += relay->targets.next;
    }
    assert_int_equal(advanced, link_hub_stats(fixture->base.set.hub)->dialled);
    assert_true(link_hub_stats(fixture->base.set.hub)->dialled > dialled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_round_has_a_length_and_later_ones_have_time),
        cmocka_unit_test_setup_teardown(the_largest_set_of_dead_addresses_is_dialled_within_bounds,
                                        fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(one_address_is_not_dialled_oftener_than_a_relay_takes_it,
                                        fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(an_address_for_which_there_is_no_connection_waits,
                                        fixture_new, fixture_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
