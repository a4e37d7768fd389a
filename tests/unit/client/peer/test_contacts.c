/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys that the user named: by the command line, in the configuration, or both. */
#include "client/peer/contacts.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/env.h"
#include "tests/support/fixture.h"

struct fixture {
    struct test_env ports;
    struct store *store;
    struct contacts contacts;
};

static int fixture_new(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    test_env_init(&f->ports, 7);
    assert_int_equal(store_memory_new(&f->store), ERR_OK);
    assert_int_equal(contacts_init(&f->contacts, f->store, &f->ports.env), ERR_OK);
    *state = f;
    return 0;
}

static int fixture_free(void **state)
{
    struct fixture *f = *state;

    contacts_fini(&f->contacts);
    store_close(f->store);
    free(f);
    return 0;
}

static void restart(struct fixture *f)
{
    contacts_fini(&f->contacts);
    assert_int_equal(contacts_init(&f->contacts, f->store, &f->ports.env), ERR_OK);
}

static void named(struct contacts *contacts, uint8_t key, const char *name)
{
    const uint8_t bytes[KEY_SIZE] = {key};
    const struct contact *contact = contacts_find(contacts, bytes);

    assert_non_null(contact);
    assert_string_equal(contact_name(contact), name);
}

static void what_the_command_line_names_survives_a_restart(void **state)
{
    struct fixture *f = *state;
    struct contact *contact;
    bool gone;

    assert_int_equal(contacts_add(&f->contacts, (const uint8_t[KEY_SIZE]){1}, "nas", &contact),
                     ERR_OK);
    assert_int_equal(contacts_add(&f->contacts, (const uint8_t[KEY_SIZE]){2}, "", &contact),
                     ERR_OK);
    assert_int_equal(contacts_add(&f->contacts, (const uint8_t[KEY_SIZE]){1}, "disk", &contact),
                     ERR_OK);
    restart(f);
    assert_int_equal(f->contacts.count, 2);
    named(&f->contacts, 1, "disk");
    named(&f->contacts, 2, "");
    assert_ptr_equal(contacts_find_name(&f->contacts, "DISK", 4),
                     contacts_find(&f->contacts, (const uint8_t[KEY_SIZE]){1}));
    assert_null(contacts_find_name(&f->contacts, "nas", 3));
    assert_null(contacts_find_name(&f->contacts, "", 0));
    contact = contacts_find_name(&f->contacts, "disk", 4);
    assert_int_equal(contacts_forget(&f->contacts, contact, &gone), ERR_OK);
    assert_true(gone);
    contacts_drop(&f->contacts, contact);
    restart(f);
    assert_int_equal(f->contacts.count, 1);
}

static void the_configuration_is_not_stored_and_its_name_goes_first(void **state)
{
    struct fixture *f = *state;
    struct contact *contact;
    bool gone;

    assert_non_null(contacts_configure(&f->contacts, (const uint8_t[KEY_SIZE]){1}, "box"));
    assert_non_null(contacts_configure(&f->contacts, (const uint8_t[KEY_SIZE]){2}, ""));
    assert_int_equal(contacts_add(&f->contacts, (const uint8_t[KEY_SIZE]){1}, "nas", &contact),
                     ERR_OK);
    named(&f->contacts, 1, "box");
    assert_int_equal(contacts_forget(&f->contacts, contact, &gone), ERR_OK);
    assert_false(gone);
    assert_int_equal(contacts_add(&f->contacts, (const uint8_t[KEY_SIZE]){1}, "nas", &contact),
                     ERR_OK);
    restart(f);
    assert_int_equal(f->contacts.count, 1);
    named(&f->contacts, 1, "nas");
}

static void a_full_disk_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct contact *contact;
    bool gone;

    store_memory_fail_write(f->store, 1);
    assert_int_equal(contacts_add(&f->contacts, (const uint8_t[KEY_SIZE]){1}, "nas", &contact),
                     ERR_SYSTEM);
    assert_null(contact);
    assert_int_equal(f->contacts.count, 0);
    assert_int_equal(contacts_add(&f->contacts, (const uint8_t[KEY_SIZE]){1}, "nas", &contact),
                     ERR_OK);
    store_memory_fail_write(f->store, 1);
    assert_int_equal(contacts_forget(&f->contacts, contact, &gone), ERR_SYSTEM);
    assert_false(gone);
    named(&f->contacts, 1, "nas");
}

/* Somebody else wrote to the store, or a bit fell over. */
static void what_is_no_name_is_passed_over(void **state)
{
    struct fixture *f = *state;
    const uint8_t key[KEY_SIZE] = {3};

    assert_int_equal(store_write(f->store, STORE_TABLE_CONTACTS, key, KEY_SIZE, "a.b", 3), ERR_OK);
    assert_int_equal(store_write(f->store, STORE_TABLE_CONTACTS, "short", 5, "a", 1), ERR_OK);
    restart(f);
    assert_int_equal(f->contacts.count, 0);
    assert_int_equal(f->ports.errors, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_the_command_line_names_survives_a_restart, fixture_new,
                                        fixture_free),
        cmocka_unit_test_setup_teardown(the_configuration_is_not_stored_and_its_name_goes_first,
                                        fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(a_full_disk_changes_nothing, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(what_is_no_name_is_passed_over, fixture_new, fixture_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
