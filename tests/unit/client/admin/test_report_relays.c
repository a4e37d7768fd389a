/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list that `ziglan relays` shows: which relays stand in it, in which order, and until when. */
#include "client/admin/report.h"
#include "client/core/homing.h"
#include "client/core/pinning.h"

#include "tests/support/fixture.h"
#include "tests/support/town.h"

static const uint8_t *key_of(const struct town *town, size_t relay)
{
    return town->relays[relay].identity.public_key;
}

/* The list of anna. The caller frees it. */
static json_t *list_of(struct town *town)
{
    json_t *answer = report_relays(town->hosts[0].core, town->now);
    json_t *list = json_incref(json_object_get(answer, "relays"));

    assert_true(json_is_array(list));
    json_decref(answer);
    return list;
}

/* The place of a relay in the list; it stands there once at most. json_array_size: it does not. */
static size_t place_of(const struct town *town, const json_t *list, size_t relay)
{
    char text[KEY_TEXT_SIZE];
    size_t count = json_array_size(list), found = count;

    (void)key_text(key_of(town, relay), text);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(json_string_value(json_object_get(json_array_get(list, i), "key")), text) == 0) {
            assert_int_equal(found, count);
            found = i;
        }
    }
    return found;
}

static bool is_listed(struct town *town, size_t relay)
{
    json_t *list = list_of(town);
    bool listed = place_of(town, list, relay) < json_array_size(list);

    json_decref(list);
    return listed;
}

/* What the list says of a relay in this field: a text, or "true" or "false". */
static const char *said_of(struct town *town, size_t relay, const char *field)
{
    static char text[64];
    json_t *list = list_of(town);
    const json_t *value = json_object_get(json_array_get(list, place_of(town, list, relay)), field);

    assert_non_null(value);
    (void)snprintf(text, sizeof(text), "%s",
                   json_is_boolean(value) ? (json_is_true(value) ? "true" : "false")
                                          : json_string_value(value));
    json_decref(list);
    return text;
}

static size_t size_of(struct town *town)
{
    json_t *list = list_of(town);
    size_t size = json_array_size(list);

    json_decref(list);
    return size;
}

static int pin(struct town *town, size_t relay)
{
    char error[URL_ERROR_SIZE], text[URL_SIZE_MAX];
    struct url url;

    town_relay_url(town, relay, &url);
    assert_int_equal(url_print(&url, text, sizeof(text)), ERR_OK);
    return pinning_add(town->hosts[0].core, text, error, sizeof(error), town->now);
}

static void entry_points_stand_first_and_each_relay_once(void **state)
{
    struct town *town = town_new();
    json_t *list = list_of(town);

    (void)state;
    assert_int_equal(json_array_size(list), TOWN_RELAYS);
    assert_int_equal(place_of(town, list, 0), 0);
    for (size_t i = 1; i < TOWN_RELAYS; i++) {
        assert_true(place_of(town, list, i) < TOWN_RELAYS);
    }
    json_decref(list);
    assert_string_equal(said_of(town, 0, "ziglan"), "home");
    assert_string_equal(said_of(town, 1, "ziglan"), "home");
    assert_string_equal(said_of(town, 2, "ziglan"), "");
    assert_string_equal(said_of(town, 2, "state"), "connected");
    assert_string_equal(said_of(town, 2, "pinned"), "false");
    (void)pin(town, 2); /* there is a session to it */
    street_run_ms(&town->street, 2000);
    assert_int_equal(size_of(town), TOWN_RELAYS);
    assert_string_equal(said_of(town, 2, "pinned"), "true");
    assert_string_equal(said_of(town, 2, "home"), "true");
    town_free(town);
}

static void two_are_homes_and_they_work(void **state)
{
    struct town *town = town_new();
    size_t homes = 0;

    (void)state;
    street_run_ms(&town->street, 5000);
    for (size_t i = 0; i < TOWN_RELAYS; i++) {
        if (strcmp(said_of(town, i, "home"), "true") == 0) {
            homes++;
            assert_string_equal(said_of(town, i, "state"), "connected");
        }
    }
    assert_int_equal(homes, HOME_RELAYS);
    town_free(town);
}

/* It is shown as what it is as long as the host wants it, and not a moment longer. */
static void a_relay_stays_while_it_is_wanted_and_says_that_it_is_gone(void **state)
{
    struct town *town = town_new();
    char error[URL_ERROR_SIZE], key[KEY_TEXT_SIZE];

    (void)state;
    host_node_start(&town->hosts[0], town->now);
    homing_use(town->hosts[0].core, false, town->now);
    street_run_ms(&town->street, 3000);
    assert_int_equal(size_of(town), 1); /* added relays are not stored */
    assert_int_equal(pin(town, 3), ERR_OK);
    street_run_ms(&town->street, 1000);
    assert_string_equal(said_of(town, 3, "state"), "connected");
    relay_node_stop(&town->relays[3]);
    street_run_ms(&town->street, LINK_KEEPALIVE_MS + 2000);
    assert_string_equal(said_of(town, 3, "state"), "stalled");
    street_run_ms(&town->street, 2 * LINK_IDLE_MS);
    assert_string_equal(said_of(town, 3, "state"), "connecting");
    street_run_ms(&town->street, 1800 * 1000);
    assert_true(is_listed(town, 3));
    assert_int_equal(pinning_remove(town->hosts[0].core, key_text(key_of(town, 3), key), error,
                                    sizeof(error), town->now),
                     ERR_OK);
    assert_false(is_listed(town, 3));
    assert_int_equal(size_of(town), 1);
    town_free(town);
}

/* Those that only are asked where others are, and those that hear a goodbye, are not listed. */
static void sessions_for_a_question_or_a_goodbye_are_not_shown(void **state)
{
    struct town *town = town_new();
    struct host_core *core = town->hosts[0].core;
    uint8_t left[KEY_SIZE];
    char key[KEY_TEXT_SIZE];
    struct relay_session *relay;

    (void)state;
    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        if (relay->open && memcmp(relay->relay_key, key_of(town, 3), KEY_SIZE) == 0) {
            relay_session_detach(relay);
        }
    }
    assert_false(is_listed(town, 3));
    assert_int_equal(size_of(town), TOWN_RELAYS - 1);
    relay_node_stop(&town->relays[0]);
    (void)key_text(town_ziglan(town, 0)->record.url.key, key);
    assert_int_equal(host_core_leave(core, key, left, town->now), ERR_OK);
    assert_int_equal(size_of(town), 1); /* the other relay of no ziglan */
    assert_true(is_listed(town, 2));
    town_free(town);
}

static void a_host_has_no_more_relays_than_there_is_room(void **state)
{
    struct town *town = town_new();
    struct url url;

    (void)state;
    town_relay_url(town, 2, &url);
    for (unsigned i = 0; i < 2 * RELAY_SET_MAX; i++) {
        const uint8_t seed[IDENTITY_SEED_SIZE] = {200, (uint8_t)i};
        struct identity nobody;

        identity_from_seed(&nobody, seed);
        memcpy(url.key, nobody.public_key, KEY_SIZE);
        (void)host_core_add_relay(town->hosts[0].core, &url, town->now);
    }
    assert_int_equal(size_of(town), RELAY_SET_MAX);
    street_run_ms(&town->street, 5000);
    assert_int_equal(size_of(town), RELAY_SET_MAX);
    for (size_t i = 0; i < TOWN_RELAYS; i++) {
        assert_string_equal(said_of(town, i, "state"), "connected");
    }
    town_free(town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entry_points_stand_first_and_each_relay_once),
        cmocka_unit_test(two_are_homes_and_they_work),
        cmocka_unit_test(a_relay_stays_while_it_is_wanted_and_says_that_it_is_gone),
        cmocka_unit_test(sessions_for_a_question_or_a_goodbye_are_not_shown),
        cmocka_unit_test(a_host_has_no_more_relays_than_there_is_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
