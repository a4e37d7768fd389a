/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Leaving a ziglan: its entry point knows it at once, or when it can be told. */
#include "client/core/core_internal.h"
#include "relayd/core/core.h"
#include "tests/support/host_fixture.h"

static size_t members(struct lab *lab)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(lab->relay.core, &snapshot, lab->now);
    return snapshot.members;
}

static void leave(struct lab *lab, size_t host)
{
    char key[KEY_TEXT_SIZE];
    const struct ziglan *ziglan = ziglan_at(lab, host);

    assert_int_equal(
        host_core_leave(lab->hosts[host].core, key_text(ziglan->record.url.key, key), lab->now),
        ERR_OK);
}

static void the_relay_knows_at_once_who_left(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    assert_int_equal(members(lab), 2);
    leave(lab, 0);
    assert_false(host_core_said_farewell(lab->hosts[0].core));
    run_ms(lab, 200);
    assert_int_equal(members(lab), 1);
    assert_true(host_core_said_farewell(lab->hosts[0].core));
    assert_int_equal(lab->hosts[0].core->relays.count, 0);
    lab_restart(lab, 0); /* nothing of it is left in the store */
    assert_true(host_core_said_farewell(lab->hosts[0].core));
    assert_int_equal(lab->hosts[0].core->ziglans.count, 0);
    lab_free(lab);
}

static void a_relay_that_was_away_is_told_later_over_restarts_too(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    for (int restart = 0; restart < 2; restart++) {
        size_t host = (size_t)restart;

        relay_node_stop(&lab->relay);
        run_ms(lab, 100);
        leave(lab, host);
        run_ms(lab, 5000);
        assert_false(host_core_said_farewell(lab->hosts[host].core));
        assert_int_equal(lab->hosts[host].core->ziglans.count, 0);
        assert_int_equal(
            lab->hosts[host].core->peers.count - lab->hosts[host].core->peers.places_free_count, 0);
        if (restart == 1) {
            lab_restart(lab, host);
            assert_int_equal(lab->hosts[host].core->ziglans.count, 0);
        }
        start_relay(lab);
        assert_int_equal(members(lab), 2 - host);
        run_ms(lab, 60000);
        assert_int_equal(members(lab), 1 - host);
        assert_true(host_core_said_farewell(lab->hosts[host].core));
    }
    lab_free(lab);
}

static void who_joins_again_does_not_leave_later(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    relay_node_stop(&lab->relay);
    run_ms(lab, 100);
    leave(lab, 0);
    start_relay(lab);
    join(lab, 0);
    assert_true(host_core_said_farewell(lab->hosts[0].core));
    run_ms(lab, 60000);
    assert_int_equal(ziglan_at(lab, 0)->state, ZIGLAN_STATE_JOINED);
    assert_int_equal(members(lab), 2);
    lab_free(lab);
}

/* The relay is gone for good: who leaves once more drops it. */
static void a_farewell_can_be_dropped(void **state)
{
    struct lab *lab = lab_joined();
    char key[KEY_TEXT_SIZE];

    (void)state;
    (void)key_text(ziglan_at(lab, 0)->record.url.key, key);
    relay_node_stop(&lab->relay);
    run_ms(lab, 100);
    leave(lab, 0);
    assert_int_equal(host_core_leave(lab->hosts[0].core, key, lab->now), ERR_OK);
    assert_true(host_core_said_farewell(lab->hosts[0].core));
    assert_int_equal(host_core_leave(lab->hosts[0].core, key, lab->now), ERR_DROP);
    lab_restart(lab, 0);
    assert_true(host_core_said_farewell(lab->hosts[0].core));
    lab_free(lab);
}

/* A URL to a wrong relay was joined first: its ziglan has the name that the URL claims. */
static void of_two_ziglans_with_one_name_none_is_left_by_it(void **state)
{
    struct lab *lab = lab_joined();
    struct host_core *core = lab->hosts[0].core;
    struct identity other;
    struct url url = ziglan_at(lab, 0)->record.url;
    char text[URL_SIZE_MAX];
    char name[NAME_TEXT_SIZE];
    char key[KEY_TEXT_SIZE];
    char error[200];

    (void)state;
    identity_from_seed(&other, (const uint8_t[IDENTITY_SEED_SIZE]){7});
    memcpy(url.key, other.public_key, KEY_SIZE);
    memcpy(name, ziglan_at(lab, 0)->record.name, sizeof(name));
    memcpy(url.name, name, sizeof(name));
    assert_int_equal(url_print(&url, text, sizeof(text)), ERR_OK);
    assert_int_equal(host_core_join(core, text, NULL, error, sizeof(error), lab->now), ERR_OK);
    assert_int_equal(host_core_leave(core, name, lab->now), ERR_LIMIT);
    assert_int_equal(host_core_leave(core, key_text(url.key, key), lab->now), ERR_OK);
    assert_int_equal(host_core_leave(core, name, lab->now), ERR_OK);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_relay_knows_at_once_who_left),
        cmocka_unit_test(a_relay_that_was_away_is_told_later_over_restarts_too),
        cmocka_unit_test(who_joins_again_does_not_leave_later),
        cmocka_unit_test(a_farewell_can_be_dropped),
        cmocka_unit_test(of_two_ziglans_with_one_name_none_is_left_by_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
