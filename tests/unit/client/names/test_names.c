/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The name that the address of a peer has. */
#include "client/core/core_internal.h"
#include "client/names/names.h"

#include "tests/support/host_fixture.h"

/* The name of an address must lead back to it. A name that means a host of another ziglan, which is
 * looked up first, does not. */
static void the_name_of_an_address_leads_back_to_it(void **state)
{
    struct lab *lab = lab_joined();
    struct host_core *core = lab->hosts[0].core;
    char name[128];
    char key[KEY_TEXT_SIZE];
    struct host_name_record nas;

    (void)state;
    assert_true(host_core_lookup_name(core, "nas", &nas));
    assert_true(host_core_lookup_address(core, nas.v4, 4, name, sizeof(name)));
    assert_string_equal(name, "nas");
    struct ziglan *other = join_another(lab); /* there we are "nas" ourselves */
    (void)snprintf(other->record.granted, sizeof(other->record.granted), "nas");
    struct ziglan_order order = {.count = 1};
    memcpy(order.keys[0], other->record.url.key, KEY_SIZE);
    assert_int_equal(host_core_order(core, &order), ERR_OK);
    assert_true(host_core_lookup_address(core, nas.v4, 4, name, sizeof(name)));
    assert_string_equal(name, "nas.home");
    /* Now the names of the two ziglans are the same as well. */
    (void)snprintf(other->record.name, sizeof(other->record.name), "home");
    assert_true(host_core_lookup_address(core, nas.v6, 16, name, sizeof(name)));
    assert_string_equal(name, key_text(lab->hosts[1].identity.public_key, key));
    lab_free(lab);
}

/* A pool can be too small for an address of its own. */
static void who_has_no_ipv4_address_is_told_without_one(void **state)
{
    struct lab *lab = lab_joined();
    struct host_core *core = lab->hosts[0].core;
    struct host_name_record record;

    (void)state;
    assert_true(host_core_lookup_name(core, "anna", &record));
    assert_true(record.has_v4 && record.has_v6);
    memset(core->own.v4, 0, sizeof(core->own.v4));
    assert_true(host_core_lookup_name(core, "anna", &record));
    assert_false(record.has_v4);
    assert_true(record.has_v6);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_of_an_address_leads_back_to_it),
        cmocka_unit_test(who_has_no_ipv4_address_is_told_without_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
