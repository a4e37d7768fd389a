/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relays that the user of a host named. */
#include "client/core/core_internal.h"
#include "client/core/pinning.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/fixture.h"
#include "tests/support/town.h"

static int pin(struct town *town, size_t host, const char *text)
{
    char error[URL_ERROR_SIZE] = "";
    int rc = pinning_add(town->hosts[host].core, text, error, sizeof(error), town->now);

    assert_true((rc == ERR_OK) == (error[0] == '\0'));
    return rc;
}

static int unpin(struct town *town, size_t host, const char *text)
{
    char error[URL_ERROR_SIZE] = "";
    int rc = pinning_remove(town->hosts[host].core, text, error, sizeof(error), town->now);

    assert_true((rc == ERR_OK) == (error[0] == '\0'));
    return rc;
}

static const char *url_of(struct town *town, size_t relay, char text[URL_SIZE_MAX])
{
    struct url url;

    town_relay_url(town, relay, &url);
    assert_int_equal(url_print(&url, text, URL_SIZE_MAX), ERR_OK);
    return text;
}

static const char *key_of(struct town *town, size_t relay, char text[KEY_TEXT_SIZE])
{
    return key_text(town->relays[relay].identity.public_key, text);
}

/* The host was restarted: what the town added by hand is gone. */
static struct host_core *restarted(struct town *town)
{
    host_node_start(&town->hosts[0], town->now);
    return town->hosts[0].core;
}

static void a_pinned_relay_is_used_until_it_is_let_go(void **state)
{
    struct town *town = town_new();
    char text[URL_SIZE_MAX];
    char key[KEY_TEXT_SIZE];

    (void)state;
    (void)restarted(town);
    assert_int_equal(pin(town, 0, url_of(town, 2, text)), ERR_OK);
    assert_int_equal(pin(town, 0, text), ERR_OK); /* once more changes nothing */
    street_run_ms(&town->street, 2000);
    assert_int_equal(town_sessions_open(town->hosts[0].core), 2); /* that of the ziglan, and it */
    struct host_core *core = restarted(town);
    street_run_ms(&town->street, 2000);
    assert_int_equal(town_sessions_open(core), 2);
    assert_int_equal(unpin(town, 0, key_of(town, 2, key)), ERR_OK);
    street_run_ms(&town->street, 1000);
    assert_int_equal(town_sessions_open(core), 1);
    assert_int_equal(unpin(town, 0, key), ERR_DROP);
    core = restarted(town);
    assert_int_equal(core->relays.count, 1);
    town_free(town);
}

/* The relay of a ziglan is pinned by its key: there is one session, and it outlives the ziglan. */
static void the_relay_of_a_ziglan_that_is_left_stays_if_it_is_pinned(void **state)
{
    struct town *town = town_new();
    char key[KEY_TEXT_SIZE];
    uint8_t left[KEY_SIZE];

    (void)state;
    struct host_core *core = restarted(town);
    street_run_ms(&town->street, 2000);
    assert_int_equal(pin(town, 0, key_of(town, 0, key)), ERR_OK);
    street_run_ms(&town->street, 2000);
    assert_int_equal(core->relays.count, 1);
    assert_int_equal(host_core_leave(core, "home", left, town->now), ERR_OK);
    street_run_ms(&town->street, 200);
    const struct relay_session *relay = TAILQ_LAST(&core->relays.list, relay_session_list);
    assert_int_equal(relay->url.kind, URL_KIND_RELAY);
    assert_memory_equal(relay->url.key, town->relays[0].identity.public_key, KEY_SIZE);
    town_free(town);
}

static void what_is_no_relay_is_refused(void **state)
{
    struct town *town = town_new();
    char key[KEY_TEXT_SIZE];
    char text[URL_SIZE_MAX];

    (void)state;
    (void)restarted(town);
    assert_int_equal(pin(town, 0, "nonsense"), ERR_DROP);
    (void)key_of(town, 3, key);
    (void)snprintf(text, sizeof(text), "ziglan://%s@192.0.2.1", key);
    assert_int_equal(pin(town, 0, text), ERR_DROP);
    assert_int_equal(town->hosts[0].core->pins.count, 0);
    town_free(town);
}

static void so_many_relays_are_pinned_and_no_more(void **state)
{
    struct town *town = town_new();
    struct host_core *core = restarted(town);
    char text[URL_SIZE_MAX];
    char key[KEY_TEXT_SIZE];

    (void)state;
    for (uint8_t i = 0; i < PINS_MAX + 1; i++) {
        const uint8_t seed[IDENTITY_SEED_SIZE] = {90, i};
        struct identity identity;

        identity_from_seed(&identity, seed);
        (void)snprintf(text, sizeof(text), "relay://%s@192.0.2.99",
                       key_text(identity.public_key, key));
        assert_int_equal(pin(town, 0, text), i < PINS_MAX ? ERR_OK : ERR_LIMIT);
    }
    assert_int_equal(core->pins.count, PINS_MAX);
    assert_int_equal(core->relays.count, PINS_MAX + 1);
    town_free(town);
}

static void the_configuration_names_relays_until_it_does_not(void **state)
{
    struct town *town = town_new();
    struct host_core *core = restarted(town);
    char text[2][URL_SIZE_MAX];
    char key[KEY_TEXT_SIZE];
    char *urls[2] = {text[0], text[1]};

    (void)state;
    (void)url_of(town, 2, text[0]);
    (void)url_of(town, 3, text[1]);
    pinning_configure(core, urls, 2, town->now);
    street_run_ms(&town->street, 2000);
    assert_int_equal(town_sessions_open(core), 3);
    assert_int_equal(unpin(town, 0, key_of(town, 3, key)), ERR_DROP);
    pinning_configure(core, urls, 1, town->now);
    street_run_ms(&town->street, 1000);
    assert_int_equal(town_sessions_open(core), 2);
    assert_int_equal(core->pins.count, 1);
    core = restarted(town); /* nothing of it is stored */
    assert_int_equal(core->pins.count, 0);
    town_free(town);
}

static void a_full_disk_pins_nothing_and_lets_nothing_go(void **state)
{
    struct town *town = town_new();
    struct host_core *core = restarted(town);
    char text[URL_SIZE_MAX];

    (void)state;
    store_memory_fail_write(town->hosts[0].store, 1);
    assert_int_equal(pin(town, 0, url_of(town, 2, text)), ERR_SYSTEM);
    assert_int_equal(core->pins.count, 0);
    assert_int_equal(pin(town, 0, text), ERR_OK);
    store_memory_fail_write(town->hosts[0].store, 1);
    assert_int_equal(unpin(town, 0, text), ERR_SYSTEM);
    assert_int_equal(core->pins.count, 1);
    assert_true(core->pins.list[0].stored);
    town_free(town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pinned_relay_is_used_until_it_is_let_go),
        cmocka_unit_test(the_relay_of_a_ziglan_that_is_left_stays_if_it_is_pinned),
        cmocka_unit_test(what_is_no_relay_is_refused),
        cmocka_unit_test(so_many_relays_are_pinned_and_no_more),
        cmocka_unit_test(the_configuration_names_relays_until_it_does_not),
        cmocka_unit_test(a_full_disk_pins_nothing_and_lets_nothing_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
