/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom a host blocks hears nothing of it, wherever their relays are: real relay cores, real
 * sessions. */
#include "tests/support/far_punches.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = FAR_FRAME_SIZE };

static void a_block_acts_at_the_receivers_relay_and_is_told_to_the_senders(void **state)
{
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 2);
    far_hosts_talk(&town, 2);
    size_t before = town.b.frames;
    far_block(&town.b, town.a_key, true);
    assert_true(net_host_done(&town.b));
    far_hosts_talk(&town, 1);
    assert_int_equal(town.b.frames, before);
    assert_int_equal(far_hosts_counters(&town, 1)->drop_blocked, 1);
    far_hosts_talk(&town, 10); /* its own relay drops them, and it hears so */
    assert_int_equal(far_hosts_counters(&town, 1)->drop_blocked, 1);
    assert_int_equal(far_hosts_counters(&town, 0)->drop_blocked, 10);
    assert_int_equal(town.a.gone_reason, GONE_NOT_ALLOWED);
    assert_true(town.a.frames >= 10);      /* the other direction is another matter */
    far_block(&town.b, town.a_key, false); /* which its own relay hears at once */
    net_host_frame(&town.a, town.b_key, 1, SIZE);
    relay_net_run(town.net, 100);
    assert_int_equal(town.b.frames, before + 1);
    far_block(&town.b, town.a_key, true); /* and a new block, too */
    far_hosts_talk(&town, 2);
    assert_int_equal(town.b.frames, before + 1);
    assert_int_equal(far_hosts_counters(&town, 1)->drop_blocked, 2);
    assert_int_equal(far_hosts_counters(&town, 0)->drop_blocked, 11);
    far_hosts_fini(&town);
}

static void a_block_is_believed_of_the_receivers_relay_only(void **state)
{
    struct far_hosts town;
    Ziglan__Blocked body = ZIGLAN__BLOCKED__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    (void)state;
    far_hosts_init(&town, 3);
    far_hosts_talk(&town, 2);
    body.src = control_bytes(town.a_key, KEY_SIZE);
    body.dst = control_bytes(town.b_key, KEY_SIZE);
    message.body_case = ZIGLAN__CONTROL__BODY_BLOCKED;
    message.blocked = &body;
    for (size_t i = 1; i <= 2; i++) {
        assert_int_equal(neighbour_send_to(relay_net_neighbours(town.net, i),
                                           relay_net_key(town.net, 0), &message, town.net->now),
                         ERR_OK);
        relay_net_run(town.net, 500);
        far_hosts_talk(&town, 1);
        assert_int_equal(far_hosts_counters(&town, 0)->drop_blocked, i - 1);
    }
    body.over = true; /* the same of its end */
    for (size_t i = 1; i <= 2; i++) {
        assert_int_equal(neighbour_send_to(relay_net_neighbours(town.net, i),
                                           relay_net_key(town.net, 0), &message, town.net->now),
                         ERR_OK);
        relay_net_run(town.net, 500);
        far_hosts_talk(&town, 1);
        assert_int_equal(far_hosts_counters(&town, 0)->drop_blocked, 2);
    }
    far_hosts_fini(&town);
}

static void a_block_acts_between_hosts_of_one_relay_and_has_a_bound(void **state)
{
    struct far_hosts town;
    uint8_t key[KEY_SIZE] = {1};

    (void)state;
    far_hosts_init(&town, 2);
    net_host_attach(&town.b, 0, 9);
    net_host_dial(&town.b, 0);
    far_hosts_talk(&town, 1);
    assert_int_equal(town.b.frames, 1);
    far_block(&town.b, town.a_key, true);
    far_hosts_talk(&town, 1);
    assert_int_equal(town.b.frames, 1);
    assert_int_equal(far_hosts_counters(&town, 0)->drop_blocked, 1);
    for (uint8_t i = 1; i < BLOCK_TABLE_PER_STRANGER_MAX; i++) {
        key[1] = i;
        far_block(&town.b, key, true);
        assert_true(net_host_done(&town.b));
    }
    key[1] = BLOCK_TABLE_PER_STRANGER_MAX;
    far_block(&town.b, key, true);
    assert_false(net_host_done(&town.b));
    net_host_dial(&town.b, 0); /* a new session says it anew */
    far_hosts_talk(&town, 1);
    assert_int_equal(town.b.frames, 2);
    far_hosts_fini(&town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_acts_at_the_receivers_relay_and_is_told_to_the_senders),
        cmocka_unit_test(a_block_is_believed_of_the_receivers_relay_only),
        cmocka_unit_test(a_block_acts_between_hosts_of_one_relay_and_has_a_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
