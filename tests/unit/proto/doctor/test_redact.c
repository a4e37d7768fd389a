/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proto/doctor/redact: what of a text is taken out, and what stays. */
#include "proto/doctor/redact.h"

#include "tests/support/fixture.h"

#include <stdlib.h>
#include <string.h>

#define KEY "jsguphzuwy6b6j25js3ehwlzrdbpr6vkpox7lf6dmwblwwtzhjha"

static void secrets_are_taken_out_and_the_rest_stays(void **state)
{
    static const struct {
        const char *text, *clean;
    } cases[] = {
        {"ziglan://" KEY "@vps.example.org?invite=plzihjtcdvlvyw55cgpuvhkspe&name=home",
         "ziglan://<key-1>@<name-2>?invite=<key-2>&name=home"},
        {"key: " KEY " peer=jsguphzuwy other=6tlijh5hwd",
         "key: <key-1> peer=<key-1> other=<key-2>"},
        {"connection everything 6tlijh5hwd", "connection everything 6tlijh5hwd"},
        {"at 192.0.2.10:4433, [2001:db8::1]:443. 192.0.2.10",
         "at <address-1>:4433, [<address-2>]:443. <address-1>"},
        {"listen=\"[::]:4433\" 0.0.0.0:80 version=0.1.0 12:00:00.000Z",
         "listen=\"[::]:4433\" 0.0.0.0:80 version=0.1.0 12:00:00.000Z"},
        {"fe80::1%eth0 10.0.0.0/8 02:00:00:00:00:01", "<address-1>%eth0 <address-2>/8 <address-3>"},
        {"anna.zignet is anna, not annabel", "<name-1>.zignet is <name-1>, not annabel"},
        {"7dFqZgTvdmtMzgAhPwVfQkS5bBYpHwgQ3oTDDmYtk1Us", "<key-1>"}, /* base58 */
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct redaction *redaction = redaction_new();
        char *clean;

        assert_non_null(redaction);
        assert_true(redaction_name(redaction, "anna"));
        assert_true(redaction_name(redaction, "vps.example.org"));
        assert_true(redaction_name(redaction, "at")); /* too short for a name */
        clean = redaction_apply(redaction, cases[i].text);
        assert_string_equal(clean, cases[i].clean);
        free(clean);
        redaction_free(redaction);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_taken_out_and_the_rest_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
