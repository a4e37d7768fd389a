/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Members are looked up. */
#include "proto/crypto/identity.h"

#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

static void lookup_finds_by_name_key_and_address(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    const uint8_t *key = w->clients[1].identity.public_key;
    uint8_t address[16];
    uint8_t nobody[KEY_SIZE] = {9};
    Ziglan__Found *found;

    (void)state;
    world_members(w, 2);
    client_lookup(w, c, NULL, "HOST1", NULL);
    found = client_got(w, c, ZIGLAN__CONTROL__BODY_FOUND)->found;
    assert_true(found->member->online);
    assert_true(found->member->member_part.len > 0 && found->member->admission.len > 0);
    client_lookup(w, c, key, NULL, NULL);
    assert_int_equal(client_count(w, c, ZIGLAN__CONTROL__BODY_FOUND), 2);
    key_ip6(address, key);
    client_lookup(w, c, NULL, NULL, address);
    assert_int_equal(client_count(w, c, ZIGLAN__CONTROL__BODY_FOUND), 3);
    client_lookup(w, c, nobody, NULL, NULL);
    assert_int_equal(client_error(w, c), VERDICT_NOT_FOUND);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookup_finds_by_name_key_and_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
