/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts that watch where relays are (relayd/service/node_watch.h). */
#include "tests/support/fixture.h"

#include "relayd/service/node_watch.h"

static void a_host_watches_so_many_relays_and_no_more(void **state)
{
    struct relay_client one = {.handle = {1, 1}}, other = {.handle = {2, 1}};
    struct node_watches watches;
    uint8_t key[KEY_SIZE] = {0};

    (void)state;
    node_watches_init(&watches);
    for (uint8_t i = 0; i < 3 * NODE_WATCH_MAX; i++) {
        key[0] = i / 2; /* each twice */
        node_watch_add(&watches, &one, key, i);
    }
    node_watch_add(&watches, &other, key, 0);
    assert_int_equal(one.node_watch->count, NODE_WATCH_MAX);
    assert_int_equal(one.node_watch->rows[0].sequence, 1); /* the later one */
    assert_int_equal(other.node_watch->count, 1);
    assert_int_equal(watches.count, 2);
    node_watch_gone(&watches, &one);
    node_watch_gone(&watches, &one);
    assert_null(one.node_watch);
    assert_int_equal(watches.count, 1);
    node_watches_fini(&watches);
}

static void all_are_looked_at_when_something_changed_but_not_all_the_time(void **state)
{
    struct relay_client client = {.handle = {1, 1}};
    const uint8_t key[KEY_SIZE] = {1};
    struct node_watches watches;
    struct mono now = {NS_PER_S};

    (void)state;
    node_watches_init(&watches);
    assert_false(node_watches_due(&watches, 1, now)); /* nobody watches */
    node_watch_add(&watches, &client, key, 0);
    assert_true(node_watches_due(&watches, 2, now));
    assert_false(node_watches_due(&watches, 2, mono_add_ms(now, 60000)));
    assert_false(node_watches_due(&watches, 3, mono_add_ms(now, NODE_WATCH_LOOK_MS - 1)));
    assert_int_equal(node_watches_deadline(&watches, 3).ns,
                     mono_add_ms(now, NODE_WATCH_LOOK_MS).ns);
    assert_true(node_watches_due(&watches, 3, mono_add_ms(now, NODE_WATCH_LOOK_MS)));
    node_watches_fini(&watches);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_watches_so_many_relays_and_no_more),
        cmocka_unit_test(all_are_looked_at_when_something_changed_but_not_all_the_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
