/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that lead to addresses, and back. */
#include "client/core/core_internal.h"
#include "client/names/names.h"
#include "relayd/core/core.h"

#include "tests/support/host_fixture.h"

/* An address has only a name that leads back to it: not one that means somebody of another ziglan.
 */
static void a_name_of_another_ziglan_is_nobody_elses_in_reverse(void **state)
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
    struct ziglan *other =
        join_another(lab); /* in which we are "nas" ourselves, and looked up first */
    (void)snprintf(other->record.granted, sizeof(other->record.granted), "nas");
    struct ziglan_order order = {.count = 1};
    memcpy(order.keys[0], other->record.url.key, KEY_SIZE);
    assert_int_equal(host_core_order(core, &order), ERR_OK);
    assert_true(host_core_lookup_address(core, nas.v4, 4, name, sizeof(name)));
    assert_string_equal(name, "nas.home");
    (void)snprintf(other->record.name, sizeof(other->record.name),
                   "home"); /* not even that tells them apart */
    assert_true(host_core_lookup_address(core, nas.v6, 16, name, sizeof(name)));
    assert_string_equal(name, key_text(lab->hosts[1].identity.public_key, key));
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_of_another_ziglan_is_nobody_elses_in_reverse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
