/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who a host is: four fields, also if it has no name. */
#include "client/admin/whoami.h"

#include "tests/support/fixture.h"
#include "tests/support/identities.h"

static void the_key_stands_in_both_of_its_texts(void **state)
{
    static const char *const names[] = {"anna", ""};
    struct identity identity = fixture_identity('h');
    uint8_t key[KEY_SIZE];
    char base58[KEY_BASE58_SIZE];

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(names); i++) {
        json_t *fields = whoami_fields(identity.public_key, names[i]);
        const char *text = json_string_value(json_object_get(fields, "key"));

        assert_non_null(text);
        assert_int_equal(key_parse(key, text, strlen(text)), ERR_OK);
        assert_memory_equal(key, identity.public_key, KEY_SIZE);
        assert_string_equal(json_string_value(json_object_get(fields, "solana")),
                            key_base58(identity.public_key, base58));
        assert_string_equal(json_string_value(json_object_get(fields, "name")), names[i]);
        assert_int_equal(json_integer_value(json_object_get(fields, "schema")), WHOAMI_SCHEMA);
        assert_int_equal(json_object_size(fields), 4); /* a running host adds its addresses */
        json_decref(fields);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_stands_in_both_of_its_texts),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
