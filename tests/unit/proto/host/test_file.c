/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proto/host/file: atomic writes, caps, key files, directories, locks. */
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

struct place {
    char dir[64];
    char path[96];
    struct os_env *os;
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    (void)snprintf(p->dir, sizeof(p->dir), "/tmp/ziglan-files-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    (void)snprintf(p->path, sizeof(p->path), "%s/file", p->dir);
    assert_int_equal(os_env_new(&p->os, TRACE_LEVEL_ERROR), ERR_OK);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;

    (void)unlink(p->path);
    if (rmdir(p->dir) != 0) {
        return -1; /* something was left behind, such as a temporary file */
    }
    os_env_free(p->os);
    free(p);
    return 0;
}

static void a_written_file_reads_back_with_its_mode(void **state)
{
    struct place *p = *state;
    struct fault fault = {0};
    struct stat info;
    uint8_t *data;
    size_t size;

    assert_int_equal(file_write_atomic(p->path, "first", 5, 0640, &fault), ERR_OK);
    assert_int_equal(file_write_atomic(p->path, "second!", 7, 0600, &fault), ERR_OK);
    assert_int_equal(stat(p->path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(file_read(p->path, 7, &data, &size, &fault), ERR_OK);
    assert_int_equal(size, 7);
    assert_string_equal((char *)data, "second!");
    free(data);
    assert_int_equal(file_read(p->path, 6, &data, &size, &fault), ERR_LIMIT);
    assert_null(data);
    assert_int_equal(file_read(p->dir, 6, &data, &size, &fault), ERR_SYSTEM);
    assert_non_null(strstr(fault.text, "not a regular file"));
}

static void a_failed_write_names_the_file(void **state)
{
    struct fault fault = {0};

    (void)state;
    assert_int_equal(file_write_atomic("/nonexistent/x", "a", 1, 0600, &fault), ERR_SYSTEM);
    assert_non_null(strstr(fault.text, "/nonexistent/x"));
}

static void a_key_file_is_created_once_and_loads_back(void **state)
{
    struct place *p = *state;
    const struct env *env = os_env_port(p->os);
    struct fault fault = {0};
    uint8_t made[32];
    uint8_t loaded[32];
    uint8_t other[32];
    struct stat info;

    assert_int_equal(key_file_load(loaded, p->path, &fault), ERR_SYSTEM);
    assert_int_equal(fault.exit_code, EXIT_CODE_USAGE);
    assert_int_equal(key_file_load_or_create(made, p->path, env, &fault), ERR_OK);
    assert_int_equal(stat(p->path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(info.st_size, 53);
    assert_int_equal(key_file_load_or_create(loaded, p->path, env, &fault), ERR_OK);
    assert_memory_equal(made, loaded, 32);
    assert_int_equal(key_file_create(other, p->path, env, &fault), ERR_LIMIT);
    assert_int_equal(key_file_load(loaded, p->path, &fault), ERR_OK);
    assert_memory_equal(made, loaded, 32);
}

static void a_key_file_that_others_can_read_is_refused(void **state)
{
    struct place *p = *state;
    struct fault fault = {0};
    uint8_t seed[32];

    assert_int_equal(key_file_create(seed, p->path, os_env_port(p->os), &fault), ERR_OK);
    assert_int_equal(chmod(p->path, 0640), 0);
    assert_int_equal(key_file_load(seed, p->path, &fault), ERR_SYSTEM);
    assert_non_null(strstr(fault.text, "chmod 600"));
    assert_int_equal(fault.exit_code, EXIT_CODE_USAGE);
}

static void a_key_file_with_other_content_is_refused(void **state)
{
    static char too_long[1000];
    static const char *const contents[] = {
        "",
        "\n",
        "hello\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
        too_long};
    struct place *p = *state;
    struct fault fault = {0};
    uint8_t seed[32];

    memset(too_long, 'a', sizeof(too_long) - 1);
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        assert_int_equal(file_write_atomic(p->path, contents[i], strlen(contents[i]), 0600, &fault),
                         ERR_OK);
        assert_int_equal(key_file_load(seed, p->path, &fault), ERR_SYSTEM);
        assert_non_null(strstr(fault.text, "is not a key file"));
        assert_int_equal(fault.exit_code, EXIT_CODE_USAGE);
    }
}

static void directories_are_made_with_parents(void **state)
{
    struct place *p = *state;
    struct fault fault = {0};
    char deep[128];
    char middle[128];
    struct stat info;
    mode_t before;

    (void)snprintf(middle, sizeof(middle), "%s/a", p->dir);
    (void)snprintf(deep, sizeof(deep), "%s/a/b", p->dir);
    assert_int_equal(file_dir_create(deep, 0700, &fault), ERR_OK);
    assert_int_equal(file_dir_create(deep, 0700, &fault), ERR_OK);
    assert_int_equal(stat(deep, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    assert_int_equal(rmdir(deep), 0);
    before = umask(077);
    assert_int_equal(file_dir_create(deep, 0755, &fault), ERR_OK);
    (void)umask(before);
    assert_int_equal(stat(deep, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0755);
    assert_int_equal(rmdir(deep), 0);
    assert_int_equal(rmdir(middle), 0);
}

static void a_lock_is_held_once(void **state)
{
    struct place *p = *state;
    struct fault fault = {0};
    int first;
    int second;

    assert_false(file_lock_held(p->path));
    assert_int_equal(file_lock(&first, p->path, &fault), ERR_OK);
    assert_int_equal(file_lock(&second, p->path, &fault), ERR_LIMIT);
    assert_true(file_lock_held(p->path));
    assert_int_equal(close(first), 0);
    assert_false(file_lock_held(p->path));
    assert_int_equal(file_lock(&second, p->path, &fault), ERR_OK);
    assert_int_equal(close(second), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_written_file_reads_back_with_its_mode, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_write_names_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_file_is_created_once_and_loads_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_key_file_that_others_can_read_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_key_file_with_other_content_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(directories_are_made_with_parents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lock_is_held_once, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
