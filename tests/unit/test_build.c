/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is the program built with the libraries that it must be built with? A libsodium of the running
 * release may be installed too; headers of one and code of the other would be a silent disaster.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "ziglan_version.h"

static void libsodium_headers_and_code_are_of_one_version(void **state)
{
    (void)state;
    assert_string_equal(SODIUM_VERSION_STRING, sodium_version_string());
    assert_int_equal(SODIUM_LIBRARY_VERSION_MAJOR, sodium_library_version_major());
    assert_int_equal(SODIUM_LIBRARY_VERSION_MINOR, sodium_library_version_minor());
}

static void libsodium_is_at_least_1_0_18(void **state)
{
    char *end = NULL;
    const char *version = sodium_version_string();
    unsigned long major = strtoul(version, &end, 10);
    assert_int_equal(*end, '.');
    unsigned long minor = strtoul(end + 1, &end, 10);
    assert_int_equal(*end, '.');
    unsigned long patch = strtoul(end + 1, &end, 10);

    (void)state;
    assert_true(major * 1000000 + minor * 1000 + patch >= 1000018);
}

static void version_names_the_libsodium_that_is_linked(void **state)
{
    char wanted[64] = "libsodium ";

    (void)state;
    strncat(wanted, sodium_version_string(), sizeof(wanted) - strlen(wanted) - 1);
    assert_non_null(strstr(ZIGLAN_LIBRARIES, wanted));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libsodium_headers_and_code_are_of_one_version),
        cmocka_unit_test(libsodium_is_at_least_1_0_18),
        cmocka_unit_test(version_names_the_libsodium_that_is_linked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
