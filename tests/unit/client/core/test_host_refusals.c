/* SPDX-License-Identifier: GPL-3.0-or-later */
/* URLs that a host does not take, and what it says of them. */
#include "client/core/core_internal.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/town.h"

/* The keys of 0 and of 1 have a small order: whoever asks gets signatures of them for nothing. */
static void a_url_with_a_key_of_nobody_is_refused(void **state)
{
    struct town *town = town_new();
    struct host_core *core = town->hosts[0].core;

    (void)state;
    for (uint8_t i = 0; i < 2; i++) {
        struct url url;
        char text[URL_SIZE_MAX];
        char error[200] = "";

        town_relay_url(town, TOWN_ENTRY_POINTS, &url);
        memset(url.key, 0, sizeof(url.key));
        url.key[0] = i;
        assert_int_equal(host_core_add_relay(core, &url, town->now), 0);
        url.kind = URL_KIND_ZIGLAN;
        assert_int_equal(url_print(&url, text, sizeof(text)), ERR_OK);
        assert_int_equal(host_core_join(core, text, NULL, error, sizeof(error), town->now),
                         ERR_DROP);
        assert_non_null(strstr(error, "nobody can have the key of this URL"));
    }
    assert_int_equal(core->relays.count, TOWN_RELAYS);
    assert_int_equal(core->ziglans.count, 1);
    town_free(town);
}

static void a_join_that_finds_no_room_for_a_relay_says_so(void **state)
{
    struct town *town = town_new();
    struct host_core *core = town->hosts[0].core;
    struct url url;
    char key[KEY_TEXT_SIZE];
    char text[URL_SIZE_MAX];
    char error[200] = "";

    (void)state;
    town_relay_url(town, TOWN_ENTRY_POINTS, &url);
    for (uint8_t i = 1; core->relays.count < RELAY_SET_MAX; i++) {
        struct identity identity = fixture_identity((char)i);

        memcpy(url.key, identity.public_key, KEY_SIZE);
        assert_int_not_equal(host_core_add_relay(core, &url, town->now), 0);
    }
    (void)snprintf(text, sizeof(text), "ziglan://%s@192.0.2.99", key_text(url.key, key));
    assert_int_equal(host_core_join(core, text, NULL, error, sizeof(error), town->now), ERR_LIMIT);
    assert_non_null(strstr(error, "at most 32 relays"));
    town_free(town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_with_a_key_of_nobody_is_refused),
        cmocka_unit_test(a_join_that_finds_no_room_for_a_relay_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
