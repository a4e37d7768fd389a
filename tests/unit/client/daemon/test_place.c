/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the files of an interface lie. */
#include "client/daemon/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void the_default_interface_needs_no_flag(void **state)
{
    static struct place place;
    struct fault fault = {0};

    (void)state;
    assert_int_equal(unsetenv("ZIGLAN_ROOT"), 0);
    assert_true(place_fill(&place, "zig0", NULL, &fault));
    assert_string_equal(place.flag, "");
    assert_false(place.config_named);
    assert_string_equal(place.config, "/etc/ziglan/zig0.yaml");
    assert_string_equal(place.state, "/var/lib/ziglan/zig0");
    assert_string_equal(place.key, "/var/lib/ziglan/zig0/key");
    assert_string_equal(place.store, "/var/lib/ziglan/zig0/store");
    assert_string_equal(place.lock, "/var/lib/ziglan/zig0/lock");
    assert_string_equal(place.run, "/run/ziglan");
    assert_string_equal(place.socket, "/run/ziglan/zig0.sock");
    assert_string_equal(place.log, "/run/ziglan/zig0.log");
}

static void everything_but_a_named_configuration_is_below_the_root(void **state)
{
    static struct place place;
    struct fault fault = {0};

    (void)state;
    assert_int_equal(setenv("ZIGLAN_ROOT", "/tmp/x", 1), 0);
    assert_true(place_fill(&place, "zig1", "/home/me/zig1.yaml", &fault));
    assert_string_equal(place.flag, " -i zig1");
    assert_true(place.config_named);
    assert_string_equal(place.config, "/home/me/zig1.yaml");
    assert_string_equal(place.key, "/tmp/x/var/lib/ziglan/zig1/key");
    assert_string_equal(place.socket, "/tmp/x/run/ziglan/zig1.sock");
    assert_true(place_fill(&place, "zig1", NULL, &fault));
    assert_string_equal(place.config, "/tmp/x/etc/ziglan/zig1.yaml");
    assert_int_equal(unsetenv("ZIGLAN_ROOT"), 0);
}

static void names_that_no_interface_has_are_refused(void **state)
{
    static const char *const names[] = {"", "-x", "../x", "a/b", "a.b", "a b", "sixteen_letters_"};
    static struct place place;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct fault fault = {0};

        if (place_fill(&place, names[i], NULL, &fault)) {
            fail_msg("'%s' was taken", names[i]);
        }
        assert_int_equal(fault.exit_code, EXIT_CODE_USAGE);
        assert_non_null(strstr(fault.text, "no interface name"));
    }
}

static void a_root_that_is_too_long_is_refused(void **state)
{
    static struct place place;
    static char root[PLACE_PATH_SIZE];
    struct fault fault = {0};

    (void)state;
    memset(root, 'x', sizeof(root) - 8);
    root[0] = '/';
    assert_int_equal(setenv("ZIGLAN_ROOT", root, 1), 0);
    assert_false(place_fill(&place, "zig0", NULL, &fault));
    assert_int_equal(fault.exit_code, EXIT_CODE_USAGE);
    assert_int_equal(unsetenv("ZIGLAN_ROOT"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_interface_needs_no_flag),
        cmocka_unit_test(everything_but_a_named_configuration_is_below_the_root),
        cmocka_unit_test(names_that_no_interface_has_are_refused),
        cmocka_unit_test(a_root_that_is_too_long_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
