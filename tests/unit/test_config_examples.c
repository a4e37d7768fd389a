/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commented examples in deploy/config: they are accepted as they are, and with every setting
 * uncommented; what stands behind a # is the default; and docs/operations.md knows each key and
 * each family of metrics. */
#include "client/config/config.h"
#include "proto/base/bytes.h"
#include "relayd/base/counters.h"
#include "relayd/config/config.h"
#include "tests/support/config_fixture.h"
#include "tests/support/fixture.h"

static const char relayd_yaml[] = TESTS_DIR "/../deploy/config/relayd.yaml";
static const char ziglan_yaml[] = TESTS_DIR "/../deploy/config/ziglan.yaml";
static const char operations_md[] = TESTS_DIR "/../docs/operations.md";

/* Prose is "# Text"; a setting has no blank, or more than one, behind its #. */
static bool line_is_setting(const char *line)
{
    return line[0] == '#' && line[1] != '\n' && (line[1] != ' ' || line[2] == ' ');
}

/* Take the # away from every setting. */
static void settings_uncomment(char *text)
{
    char *out = text;

    for (const char *line = text; *line != '\0';) {
        size_t size = strcspn(line, "\n");
        size_t skip = line_is_setting(line) ? 1 : 0;

        size += line[size] == '\n' ? 1 : 0;
        memmove(out, line + skip, size - skip);
        out += size - skip;
        line += size;
    }
    *out = '\0';
}

static void relay_parse(struct relay_settings *out, const char *text)
{
    char error[SETTINGS_ERROR_SIZE] = "";

    if (relay_settings_parse(out, text, strlen(text), "/etc/z/relayd.yaml", error) != ERR_OK) {
        fail_msg("%s", error);
    }
}

static char *relay_print(const struct relay_settings *settings)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    assert_non_null(to);
    relay_settings_print(settings, to);
    assert_int_equal(fclose(to), 0);
    return text;
}

static void the_relay_s_example_shows_the_defaults(void **state)
{
    char *text = fixture_file_text(relayd_yaml);
    struct relay_settings as_it_is;
    struct relay_settings uncommented;
    char *before;
    char *after;

    (void)state;
    relay_parse(&as_it_is, text);
    settings_uncomment(text);
    relay_parse(&uncommented, text);
    /* Named, both ports must be had; that is all that differs. */
    assert_true(as_it_is.listen_default);
    assert_false(uncommented.listen_default);
    assert_int_equal(uncommented.listen_count, 2);
    assert_memory_equal(&uncommented.listen[0], &as_it_is.listen[0], sizeof(struct endpoint));
    assert_true(endpoint_same_ip(&uncommented.listen[1], &as_it_is.listen[0]));
    assert_int_equal(uncommented.listen[1].port, SETTINGS_PORT_SPARE);
    uncommented.listen_default = true;
    before = relay_print(&as_it_is);
    after = relay_print(&uncommented);
    assert_string_equal(before, after);
    free(before);
    free(after);
    free(text);
}

static void the_host_s_example_shows_the_defaults(void **state)
{
    char *text = fixture_file_text(ziglan_yaml);
    struct client_config *defaults = config_of(text);
    struct client_config *all;

    (void)state;
    settings_uncomment(text);
    all = config_of(text);
    assert_int_equal(defaults->ziglans_count, 0);
    assert_int_equal(all->ziglans_count, 2);
    assert_int_equal(all->fixed_count, 1);
    assert_string_equal(all->name, "laptop");
    assert_string_equal(all->key_path, "/var/lib/ziglan/zig0/key");
    assert_int_equal(all->dns_address[3], 53);
    assert_int_equal(all->listen_port, defaults->listen_port);
    assert_int_equal(defaults->pool_prefix, 0); /* mostly the host then chooses this one: */
    assert_int_equal(be32_read(all->pool), ADDRPLAN_POOL_DEFAULT.base);
    assert_int_equal(all->pool_prefix, ADDRPLAN_POOL_DEFAULT.prefix_bits);
    assert_int_equal(all->mtu, defaults->mtu);
    assert_int_equal(all->dns_enabled, defaults->dns_enabled);
    assert_int_equal(all->log_level, defaults->log_level);
    client_config_free(defaults);
    client_config_free(all);
    free(text);
}

/* True if the document has `key` alone or as a part of a dotted name. */
static bool key_is_known(const char *document, const char *key, size_t size)
{
    const char *at = strstr(document, "`");

    for (; at != NULL; at = strpbrk(at + 1, "`.")) {
        if (strncmp(at + 1, key, size) == 0 && (at[1 + size] == '`' || at[1 + size] == '.')) {
            return true;
        }
    }
    return false;
}

static void keys_look_up(const char *path, const char *document)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    char *text = fixture_file_text(path);
    char *rest = NULL;
    size_t found = 0;

    settings_uncomment(text);
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const char *key = line + strspn(line, " -");
        size_t size = strspn(key, letters);

        if (line[0] == '#' || size == 0 || key[size] != ':' || key[size + 1] == '/') {
            continue;
        }
        if (!key_is_known(document, key, size)) {
            fail_msg("docs/operations.md does not know the key %.*s", (int)size, key);
        }
        found++;
    }
    assert_true(found > 10);
    free(text);
}

static void the_document_knows_every_key(void **state)
{
    char *document = fixture_file_text(operations_md);

    (void)state;
    keys_look_up(relayd_yaml, document);
    keys_look_up(ziglan_yaml, document);
    free(document);
}

/* The sentence about an unknown key lists all that the program knows. */
static void listed_keys_look_up(const char *sentence, const char *document)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    const char *key = strstr(sentence, "(keys: ");
    size_t found = 0;

    assert_non_null(key);
    assert_non_null(strchr(key, ')')); /* it was not cut */
    for (key = strpbrk(key + 6, letters); key != NULL; found++) {
        size_t size = strspn(key, letters);

        if (!key_is_known(document, key, size)) {
            fail_msg("docs/operations.md does not know the key %.*s", (int)size, key);
        }
        key = strpbrk(key + size, letters);
    }
    assert_true(found > 10);
}

static void the_document_knows_every_key_that_the_programs_know(void **state)
{
    static const char wrong[] = "nmae: x\n";
    char *document = fixture_file_text(operations_md);
    struct client_config *config = NULL;
    struct relay_settings settings;
    struct fault fault = {0};
    char error[SETTINGS_ERROR_SIZE] = "";

    (void)state;
    assert_int_equal(relay_settings_parse(&settings, wrong, sizeof(wrong) - 1, "x.yaml", error),
                     ERR_DROP);
    listed_keys_look_up(error, document);
    assert_int_equal(
        client_config_parse(&config, "x.yaml", (const uint8_t *)wrong, sizeof(wrong) - 1, &fault),
        ERR_DROP);
    listed_keys_look_up(fault.text, document);
    free(document);
}

static void the_document_knows_every_metric(void **state)
{
#define FAMILY(field, family, labels, help) "`relayd_" family "`",
    static const char *const families[] = {
        RELAY_COUNTERS(FAMILY) RELAY_LINK_COUNTERS(FAMILY) RELAY_PUNCH_COUNTERS(FAMILY)
            RELAY_PRESENCE_COUNTERS(FAMILY) RELAY_LOCATE_COUNTERS(FAMILY)
                RELAY_NODE_COUNTERS(FAMILY)};
#undef FAMILY
    char *document = fixture_file_text(operations_md);

    (void)state;
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        if (strstr(document, families[i]) == NULL) {
            fail_msg("docs/operations.md does not know %s", families[i]);
        }
    }
    free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_relay_s_example_shows_the_defaults),
        cmocka_unit_test(the_host_s_example_shows_the_defaults),
        cmocka_unit_test(the_document_knows_every_key),
        cmocka_unit_test(the_document_knows_every_key_that_the_programs_know),
        cmocka_unit_test(the_document_knows_every_metric),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
