/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Configuration, identity and wanted name, from the files of a place. */
#include "client/daemon/setup.h"

#include "proto/host/file.h"
#include "proto/host/os_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/ziglan-setup-XXXXXX";
static struct place place;

static int root_make(void **state)
{
    struct fault fault = {0};

    (void)state;
    if (mkdtemp(root) == NULL || setenv("ZIGLAN_ROOT", root, 1) != 0) {
        return -1;
    }
    return place_fill(&place, "zig0", NULL, &fault) ? 0 : -1;
}

static int root_remove(void **state)
{
    static const char *const names[] = {"/var/lib/ziglan/zig0/key",
                                        "/var/lib/ziglan/zig0",
                                        "/var/lib/ziglan",
                                        "/var/lib",
                                        "/var",
                                        "/etc/ziglan",
                                        "/etc",
                                        "/named.yaml",
                                        ""};
    char path[256];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s%s", root, names[i]);
        (void)remove(path);
    }
    return access(root, F_OK) == 0 ? -1 : 0;
}

static void a_configuration_may_be_missing_unless_it_was_named(void **state)
{
    struct client_config *config = NULL;
    struct fault fault = {0};
    static struct place named;
    char path[256];

    (void)state;
    assert_int_equal(setup_config_load(&config, &place, &fault), ERR_OK);
    assert_true(config->dns_enabled);
    client_config_free(config);

    /* A link that leads to nothing: it was there, and its disk is not. */
    (void)snprintf(path, sizeof(path), "%s/etc/ziglan", root);
    assert_int_equal(file_dir_create(path, 0755, &fault), ERR_OK);
    assert_int_equal(symlink("not-mounted/zig0.yaml", place.config), 0);
    assert_int_not_equal(setup_config_load(&config, &place, &fault), ERR_OK);
    assert_int_equal(fault.exit_code, EXIT_CODE_USAGE);
    assert_int_equal(unlink(place.config), 0);

    (void)snprintf(path, sizeof(path), "%s/named.yaml", root);
    assert_true(place_fill(&named, "zig0", path, &fault));
    assert_int_not_equal(setup_config_load(&config, &named, &fault), ERR_OK);
    assert_null(config);
    assert_int_equal(fault.exit_code, EXIT_CODE_USAGE);

    assert_int_equal(file_write_atomic(path, "mtu: 1400\n", 10, 0644, &fault), ERR_OK);
    assert_int_equal(setup_config_load(&config, &named, &fault), ERR_OK);
    assert_int_equal(config->mtu, 1400);
    client_config_free(config);
}

static void a_key_is_made_once_and_only_when_asked_for(void **state)
{
    struct client_config config = {0};
    struct os_env *os = NULL;
    struct identity first;
    struct identity second;
    struct fault fault = {0};
    struct stat info;

    (void)state;
    assert_int_equal(os_env_new(&os, TRACE_LEVEL_ERROR), ERR_OK);
    assert_int_not_equal(setup_identity_load(&first, &place, &config, NULL, false, &fault), ERR_OK);
    assert_int_equal(setup_identity_load(&first, &place, &config, os_env_port(os), true, &fault),
                     ERR_OK);
    assert_int_equal(stat(place.key, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(setup_identity_load(&second, &place, &config, NULL, false, &fault), ERR_OK);
    assert_memory_equal(first.public_key, second.public_key, KEY_SIZE);
    identity_wipe(&first);
    identity_wipe(&second);
    os_env_free(os);
}

static void the_asked_name_goes_before_that_of_the_configuration(void **state)
{
    struct client_config config = {.name = "laptop"};
    char name[NAME_TEXT_SIZE];

    (void)state;
    setup_wanted_name(name, "My NAS", &config);
    assert_string_equal(name, "my-nas");
    setup_wanted_name(name, NULL, &config);
    assert_string_equal(name, "laptop");
    config.name[0] = '\0';
    setup_wanted_name(name, NULL, &config); /* the machine's */
    assert_true(name[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configuration_may_be_missing_unless_it_was_named),
        cmocka_unit_test(a_key_is_made_once_and_only_when_asked_for),
        cmocka_unit_test(the_asked_name_goes_before_that_of_the_configuration),
    };

    return cmocka_run_group_tests(tests, root_make, root_remove);
}
