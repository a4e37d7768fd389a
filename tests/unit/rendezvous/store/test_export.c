/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole state as one text, and back: rendezvous/store/backup. */
#include "rendezvous/store/backup/copy_request.h"
#include "rendezvous/store/backup/export_file.h"
#include "rendezvous/store/backup/import_file.h"

#include "proto/host/file.h"
#include "rendezvous/store/lmdb/store_lmdb.h"
#include "tests/support/fixture.h"
#include "tests/support/store_subject.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 128 };

/* A folder with a configuration, a key and a store; and what an import into "to" is to fill. */
struct setting {
    struct subject store;
    char root[PATH_SIZE], config[PATH_SIZE], key[PATH_SIZE], text[PATH_SIZE];
    char to_config[PATH_SIZE], to_key[PATH_SIZE], to_store[PATH_SIZE], making[PATH_SIZE];
    struct state_parts parts;
    struct fault fault;
};

static void path_set(char out[PATH_SIZE], const struct setting *s, const char *name)
{
    (void)snprintf(out, PATH_SIZE, "%.40s/%s", s->root, name);
}

static void parts_set(struct state_parts *out, const char *config, const char *key,
                      const char *store)
{
    *out = (struct state_parts){.program = "relayd",
                                .files = {{"relayd.yaml", config, 0644, false},
                                          {"relay.key", key, 0600, false},
                                          {"ziglan.key", "/nonexistent/key", 0600, true}},
                                .files_count = 3,
                                .store = store,
                                .store_name = "state"};
}

static int begin(void **state)
{
    struct setting *s = calloc(1, sizeof(*s));

    subject_init(&s->store, true);
    (void)snprintf(s->root, sizeof(s->root), "/tmp/ziglan-export-XXXXXX");
    assert_non_null(mkdtemp(s->root));
    path_set(s->config, s, "config");
    path_set(s->key, s, "key");
    path_set(s->text, s, "text");
    path_set(s->to_config, s, "to.config");
    path_set(s->to_key, s, "to.key");
    path_set(s->to_store, s, "to.store");
    path_set(s->making, s, "making");
    assert_int_equal(file_write_atomic(s->config, "name: home\n", 11, 0644, NULL), ERR_OK);
    assert_int_equal(file_write_atomic(s->key, "secret\n", 7, 0600, NULL), ERR_OK);
    parts_set(&s->parts, s->config, s->key, s->store.path);
    *state = s;
    return 0;
}

static void to_clear(const struct setting *s)
{
    state_copy_remove(s->to_store);
    (void)unlink(s->to_config);
    (void)unlink(s->to_key);
}

static int end(void **state)
{
    struct setting *s = *state;
    int left;

    to_clear(s);
    (void)unlink(s->config);
    (void)unlink(s->key);
    (void)unlink(s->text);
    left = rmdir(s->root); /* nothing else was left */
    subject_fini(&s->store);
    free(s);
    return left;
}

/* The daemon that has the store open. */
static int daemon_asks(void *context, const char *name, struct fault *fault)
{
    struct setting *s = context;
    json_t *request = json_pack("{s:s, s:s}", "do", "copy", "name", name);
    json_t *answer;
    bool ok;

    assert_true(copy_request_is(request));
    answer = copy_request_answer(s->store.store, s->store.path, request);
    ok = json_is_true(json_object_get(answer, "ok"));
    json_decref(answer);
    json_decref(request);
    fault_set(fault, EXIT_CODE_FAILURE, "refused");
    return ok ? ERR_OK : ERR_SYSTEM;
}

static int nobody_asks(void *context, const char *name, struct fault *fault)
{
    (void)context;
    (void)name;
    fault_set(fault, EXIT_CODE_NO_DAEMON, "nobody runs");
    return ERR_SYSTEM;
}

static int place(void *context, struct state_parts *out, const char *text, size_t size,
                 struct fault *fault)
{
    struct setting *s = context;

    (void)fault;
    assert_int_equal(size, 11);
    assert_memory_equal(text, "name: home\n", size);
    parts_set(out, s->to_config, s->to_key, s->to_store);
    return ERR_OK;
}

static int import_it(struct setting *s)
{
    const struct import_order order = {.from = s->text,
                                       .program = "relayd",
                                       .config = "relayd.yaml",
                                       .making = s->making,
                                       .place = place,
                                       .context = s,
                                       .env = &s->store.ports.env};

    return import_file_read(&order, &s->fault);
}

static void export_it(struct setting *s)
{
    assert_int_equal(
        export_file_write(s->text, &s->parts, daemon_asks, s, &s->store.ports.env, &s->fault),
        ERR_OK);
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static void nothing_is_in_place(const struct setting *s)
{
    assert_false(is_there(s->to_config));
    assert_false(is_there(s->to_key));
    assert_false(is_there(s->to_store));
    assert_false(is_there(s->making));
}

static void text_put(const struct setting *s, const char *bytes, size_t size)
{
    assert_int_equal(file_write_atomic(s->text, bytes, size, 0600, NULL), ERR_OK);
}

static void fill(struct setting *s)
{
    subject_put(&s->store, STORE_TABLE_MEMBERS, "anna", "one");
    subject_put(&s->store, STORE_TABLE_MEMBERS, "bert", "");
    subject_put(&s->store, STORE_TABLE_INVITES, "x", "\x01\x80\xff");
}

static void all_comes_back(void **state)
{
    struct setting *s = *state;
    struct subject other = {.lmdb = true};
    struct stat st;
    uint8_t *key;
    size_t size;

    fill(s);
    export_it(s);
    assert_int_equal(stat(s->text, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    subject_put(&s->store, STORE_TABLE_MEMBERS, "later", "1"); /* the daemon goes on */
    assert_int_equal(import_it(s), ERR_OK);
    assert_false(is_there(s->making));
    assert_int_equal(file_read(s->to_key, 100, &key, &size, NULL), ERR_OK);
    assert_string_equal((const char *)key, "secret\n");
    free(key);
    assert_int_equal(stat(s->to_key, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    (void)snprintf(other.path, sizeof(other.path), "%.60s", s->to_store);
    test_env_init(&other.ports, 0);
    subject_open(&other);
    assert_keys(&other, STORE_TABLE_MEMBERS, "", "anna bert");
    assert_value(&other, STORE_TABLE_MEMBERS, "anna", "one");
    assert_value(&other, STORE_TABLE_MEMBERS, "bert", "");
    assert_value(&other, STORE_TABLE_INVITES, "x", "\x01\x80\xff");
    store_close(other.store);
}

/* Without a daemon the store is opened for a moment, and the text is the same. */
static void the_text_is_the_same_without_a_daemon(void **state)
{
    struct setting *s = *state;
    uint8_t *first, *second;
    size_t size_first, size_second;

    fill(s);
    export_it(s);
    assert_int_equal(file_read(s->text, 1 << 20, &first, &size_first, NULL), ERR_OK);
    assert_int_equal(
        export_file_write(s->text, &s->parts, nobody_asks, s, &s->store.ports.env, &s->fault),
        ERR_SYSTEM); /* there is such a file */
    assert_int_equal(unlink(s->text), 0);
    assert_int_equal(
        export_file_write(s->text, &s->parts, nobody_asks, s, &s->store.ports.env, &s->fault),
        ERR_SYSTEM); /* the store is open here */
    assert_non_null(strstr(s->fault.text, "in use by another process"));
    store_close(s->store.store);
    assert_int_equal(
        export_file_write(s->text, &s->parts, nobody_asks, s, &s->store.ports.env, &s->fault),
        ERR_OK);
    assert_int_equal(file_read(s->text, 1 << 20, &second, &size_second, NULL), ERR_OK);
    assert_int_equal(size_first, size_second);
    assert_memory_equal(first, second, size_first);
    free(first);
    free(second);
    subject_open(&s->store);
}

static void a_text_that_was_cut_or_changed_puts_nothing_in_place(void **state)
{
    struct setting *s = *state;
    uint8_t *text;
    size_t size;

    fill(s);
    export_it(s);
    assert_int_equal(file_read(s->text, 1 << 20, &text, &size, NULL), ERR_OK);
    for (size_t cut = 0; cut + 1 < size; cut += 7) { /* the last newline may be missing */
        text_put(s, (const char *)text, cut);
        assert_int_not_equal(import_it(s), ERR_OK);
        assert_int_equal(s->fault.exit_code, EXIT_CODE_USAGE);
        nothing_is_in_place(s);
    }
    for (size_t at = 0; at + 1 < size; at += 11) {
        text[at] ^= 4;
        text_put(s, (const char *)text, size);
        assert_int_not_equal(import_it(s), ERR_OK);
        nothing_is_in_place(s);
        text[at] ^= 4;
    }
    text_put(s, (const char *)text, size);
    assert_int_equal(import_it(s), ERR_OK);
    free(text);
}

static void other_texts_are_refused_with_a_sentence(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "line 1: the end is missing"},
        {"hello\n", "line 1: this is not an export of ours"},
        {"{\"file\":\"relay.key\",\"bytes\":\"\"}\n", "line 1: this is not an export of ours"},
        {"{\"export\":2,\"program\":\"relayd\"}\n", "of a newer version"},
        {"{\"export\":1,\"program\":\"ziglan\"}\n", "use: ziglan import"},
        {"{\"export\":1,\"program\":\"relayd\"}\n{\"table\":\"songs\",\"key\":\"YQ==\",\"value\":"
         "\"\"}\n",
         "line 2: this version does not know that table"},
        {"{\"export\":1,\"program\":\"relayd\"}\n{\"export\":1,\"program\":\"relayd\"}\n",
         "line 2: this is not an export of ours"},
        {"{\"export\":1,\"program\":\"relayd\"}\n{\"table\":\"meta\",\"key\":\"\",\"value\":\"\"}"
         "\n",
         "line 2: the export is damaged"},
        {"{\"export\":1,\"program\":\"relayd\"}\n{\"end\":1,\"sum\":\"AAAA\"}\n",
         "line 2: the export is damaged"},
    };
    struct setting *s = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text_put(s, cases[i].text, strlen(cases[i].text));
        assert_int_not_equal(import_it(s), ERR_OK);
        assert_non_null(strstr(s->fault.text, cases[i].says));
        assert_int_equal(s->fault.exit_code, EXIT_CODE_USAGE);
        nothing_is_in_place(s);
    }
}

static void nothing_is_overwritten(void **state)
{
    struct setting *s = *state;
    uint8_t *key;
    size_t size;

    fill(s);
    export_it(s);
    assert_int_equal(file_write_atomic(s->to_key, "mine\n", 5, 0600, NULL), ERR_OK);
    assert_int_equal(import_it(s), ERR_LIMIT);
    assert_non_null(strstr(s->fault.text, s->to_key));
    assert_int_equal(file_read(s->to_key, 100, &key, &size, NULL), ERR_OK);
    assert_string_equal((const char *)key, "mine\n");
    free(key);
    assert_int_equal(unlink(s->to_key), 0);
    assert_int_equal(import_it(s), ERR_OK);
    assert_int_equal(import_it(s), ERR_LIMIT);
}

/* What an import that was cut off left is replaced by its repetition: with its folder there, and
 * without a configuration. */
static void an_import_that_was_cut_off_can_be_repeated(void **state)
{
    struct setting *s = *state;

    fill(s);
    export_it(s);
    assert_int_equal(import_it(s), ERR_OK);
    assert_int_equal(unlink(s->to_config), 0);
    assert_int_equal(mkdir(s->making, 0700), 0);
    assert_int_equal(import_it(s), ERR_OK);
    assert_int_equal(mkdir(s->making, 0700), 0);
    assert_int_equal(import_it(s), ERR_LIMIT); /* it had come to its end */
    assert_non_null(strstr(s->fault.text, s->to_config));
}

static void a_request_names_no_other_place(void **state)
{
    static const char *const names[] = {"",
                                        "copy-",
                                        "../copy-1",
                                        "copy-1/..",
                                        "copy-G",
                                        "x",
                                        "copy-1234567890123456789012345678901234567890"};
    struct setting *s = *state;

    assert_int_equal(state_copy_serve(s->store.store, s->store.path, NULL, &s->fault), ERR_DROP);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(state_copy_serve(s->store.store, s->store.path, names[i], &s->fault),
                         ERR_DROP);
    }
    assert_int_equal(state_copy_serve(s->store.store, s->store.path, "copy-1f", &s->fault), ERR_OK);
    state_copies_clear(s->store.path);
}

static void a_backup_is_a_folder_with_all_files(void **state)
{
    struct setting *s = *state;
    struct subject other = {.lmdb = true};
    char folder[PATH_SIZE], file[PATH_SIZE + 16];

    fill(s);
    path_set(folder, s, "backup");
    assert_int_equal(
        state_backup(folder, &s->parts, daemon_asks, s, &s->store.ports.env, &s->fault), ERR_OK);
    assert_int_equal(
        state_backup(folder, &s->parts, daemon_asks, s, &s->store.ports.env, &s->fault),
        ERR_LIMIT); /* an older one stays what it is */
    assert_non_null(strstr(s->fault.text, "is not empty"));
    (void)snprintf(file, sizeof(file), "%s/relayd.yaml", folder);
    assert_int_equal(unlink(file), 0);
    (void)snprintf(file, sizeof(file), "%s/relay.key", folder);
    assert_int_equal(unlink(file), 0);
    (void)snprintf(file, sizeof(file), "%s/state", folder);
    (void)snprintf(other.path, sizeof(other.path), "%.60s", file);
    test_env_init(&other.ports, 0);
    subject_open(&other);
    assert_keys(&other, STORE_TABLE_MEMBERS, "", "anna bert");
    store_close(other.store);
    state_copy_remove(file);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_comes_back, begin, end),
        cmocka_unit_test_setup_teardown(the_text_is_the_same_without_a_daemon, begin, end),
        cmocka_unit_test_setup_teardown(a_text_that_was_cut_or_changed_puts_nothing_in_place, begin,
                                        end),
        cmocka_unit_test_setup_teardown(other_texts_are_refused_with_a_sentence, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_overwritten, begin, end),
        cmocka_unit_test_setup_teardown(an_import_that_was_cut_off_can_be_repeated, begin, end),
        cmocka_unit_test_setup_teardown(a_request_names_no_other_place, begin, end),
        cmocka_unit_test_setup_teardown(a_backup_is_a_folder_with_all_files, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
