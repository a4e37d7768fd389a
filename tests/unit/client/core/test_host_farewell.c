/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Leaving a ziglan: its entry point knows it at once, or when it can be told. */
#include "client/admin/host_admin.h"
#include "client/core/core_internal.h"
#include "relayd/core/core.h"
#include "tests/support/host_fixture.h"

static size_t members(struct lab *lab)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(lab->relay.core, &snapshot, lab->now);
    return snapshot.members;
}

/* A ziglan is left by this text; it must be the one with this key. */
static void leave_by(struct host_core *core, const char *text, const uint8_t key[KEY_SIZE],
                     struct mono now)
{
    uint8_t left[KEY_SIZE];

    assert_int_equal(host_core_leave(core, text, left, now), ERR_OK);
    assert_memory_equal(left, key, KEY_SIZE);
}

static void leave(struct lab *lab, size_t host)
{
    char text[KEY_TEXT_SIZE];
    uint8_t key[KEY_SIZE];

    memcpy(key, ziglan_at(lab, host)->record.url.key, KEY_SIZE);
    leave_by(lab->hosts[host].core, key_text(key, text), key, lab->now);
}

/* Whether the relay knows that the host left its ziglan. */
static bool is_told(struct lab *lab, size_t host)
{
    return host_core_said_farewell(lab->hosts[host].core, lab->relay.ziglan_identity.public_key);
}

static void the_relay_knows_at_once_who_left(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    assert_int_equal(members(lab), 2);
    leave(lab, 0);
    assert_false(is_told(lab, 0));
    run_ms(lab, 200);
    assert_int_equal(members(lab), 1);
    assert_true(is_told(lab, 0));
    assert_int_equal(lab->hosts[0].core->relays.count, 0);
    lab_restart(lab, 0); /* nothing of it is left in the store */
    assert_true(is_told(lab, 0));
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
        assert_false(is_told(lab, host));
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
        assert_true(is_told(lab, host));
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
    assert_true(is_told(lab, 0));
    run_ms(lab, 60000);
    assert_int_equal(ziglan_at(lab, 0)->state, ZIGLAN_STATE_JOINED);
    assert_int_equal(members(lab), 2);
    lab_free(lab);
}

/* The relay is gone for good: who leaves once more drops it. */
static void a_farewell_can_be_dropped(void **state)
{
    struct lab *lab = lab_joined();
    uint8_t key[KEY_SIZE];
    uint8_t left[KEY_SIZE];
    char text[KEY_TEXT_SIZE];

    (void)state;
    memcpy(key, ziglan_at(lab, 0)->record.url.key, KEY_SIZE);
    relay_node_stop(&lab->relay);
    run_ms(lab, 100);
    leave(lab, 0);
    leave_by(lab->hosts[0].core, key_text(key, text), key, lab->now);
    assert_true(is_told(lab, 0));
    assert_int_equal(host_core_leave(lab->hosts[0].core, text, left, lab->now), ERR_DROP);
    lab_restart(lab, 0);
    assert_true(is_told(lab, 0));
    lab_free(lab);
}

/* A URL to a wrong relay was joined first: its ziglan has the name that the URL claims. */
/* The relay is gone for good, and nobody drops it: that has an end, however often the host starts.
 */
static void a_farewell_is_given_up_after_a_month(void **state)
{
    struct lab *lab = lab_joined();
    const uint64_t day_ms = UINT64_C(24) * 3600 * 1000;

    (void)state;
    relay_node_stop(&lab->relay);
    run_ms(lab, 100);
    leave(lab, 0);
    for (uint64_t days = 0; days < FAREWELL_DAYS_MAX; days += 10) {
        run_ms(lab, 1000);
        assert_false(is_told(lab, 0));
        lab->ports.wall_ms += 10 * day_ms;
        lab_restart(lab, 0);
    }
    run_ms(lab, 1000);
    assert_true(is_told(lab, 0));
    assert_int_equal(lab->hosts[0].core->relays.count, 0);
    lab_restart(lab, 0); /* nothing of it is left in the store */
    assert_true(is_told(lab, 0));
    lab_free(lab);
}

static void of_two_ziglans_with_one_name_none_is_left_by_it(void **state)
{
    struct lab *lab = lab_joined();
    struct host_core *core = lab->hosts[0].core;
    struct identity other;
    struct url url = ziglan_at(lab, 0)->record.url;
    char text[URL_SIZE_MAX];
    char name[NAME_TEXT_SIZE];
    uint8_t own[KEY_SIZE];
    uint8_t left[KEY_SIZE];
    char key[KEY_TEXT_SIZE];
    char error[200];

    (void)state;
    memcpy(own, url.key, KEY_SIZE);
    identity_from_seed(&other, (const uint8_t[IDENTITY_SEED_SIZE]){7});
    memcpy(url.key, other.public_key, KEY_SIZE);
    memcpy(name, ziglan_at(lab, 0)->record.name, sizeof(name));
    memcpy(url.name, name, sizeof(name));
    assert_int_equal(url_print(&url, text, sizeof(text)), ERR_OK);
    assert_int_equal(host_core_join(core, text, NULL, error, sizeof(error), lab->now), ERR_OK);
    assert_int_equal(host_core_leave(core, name, left, lab->now), ERR_LIMIT);
    leave_by(core, key_text(url.key, key), url.key, lab->now);
    leave_by(core, name, own, lab->now);
    lab_free(lab);
}

/* Whoever waits for the one relay does not wait for the other, which is gone for good. */
static void of_two_farewells_each_is_told_by_itself(void **state)
{
    struct lab *lab = lab_joined();
    struct ziglan *other = join_another(lab);
    uint8_t key[KEY_SIZE];
    char text[KEY_TEXT_SIZE];

    (void)state;
    memcpy(key, other->record.url.key, KEY_SIZE);
    other->record.admitted = true; /* once; its entry point never answers now */
    leave_by(lab->hosts[0].core, key_text(key, text), key, lab->now);
    leave(lab, 0);
    assert_false(is_told(lab, 0));
    run_ms(lab, 200);
    assert_true(is_told(lab, 0));
    assert_false(host_core_said_farewell(lab->hosts[0].core, key));
    lab_free(lab);
}

/* The command line asks by the key that it was answered, not by what its user typed. */
static void who_leaves_by_a_shortened_key_is_told_which_it_was(void **state)
{
    struct lab *lab = lab_joined();
    char key[KEY_TEXT_SIZE];
    json_t *answer;

    (void)state;
    (void)key_text(ziglan_at(lab, 0)->record.url.key, key);
    json_t *request = json_pack("{s:s, s:s%}", "do", "leave", "ziglan", key, KEY_SHORT_SIZE - 1);
    answer = host_admin_request(lab->hosts[0].core, request, lab->now);
    assert_string_equal(json_string_value(json_object_get(answer, "key")), key);
    json_decref(answer);
    json_decref(request);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_relay_knows_at_once_who_left),
        cmocka_unit_test(a_relay_that_was_away_is_told_later_over_restarts_too),
        cmocka_unit_test(who_joins_again_does_not_leave_later),
        cmocka_unit_test(a_farewell_can_be_dropped),
        cmocka_unit_test(a_farewell_is_given_up_after_a_month),
        cmocka_unit_test(of_two_ziglans_with_one_name_none_is_left_by_it),
        cmocka_unit_test(of_two_farewells_each_is_told_by_itself),
        cmocka_unit_test(who_leaves_by_a_shortened_key_is_told_which_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
