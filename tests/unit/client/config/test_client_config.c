/* SPDX-License-Identifier: GPL-3.0-or-later */
/* client/config: texts that are good, with what they mean, and texts that are refused, with the
 * line and the remedy. */
#include "client/config/config.h"
#include "proto/base/config_text.h"
#include "tests/support/config_fixture.h"
#include "tests/support/fixture.h"

#define KEY_A "ucnkl5d2m5myal7zkx4nyljkcss4thjdx2l7qzasp74tqncvutya"
#define KEY_NOBODYS "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void nothing_and_comments_give_the_defaults(void **state)
{
    static const char *const texts[] = {"", "\n\n", "# only a comment\n  # another\n", "\xff\xfe"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct client_config *config = config_of(texts[i]);

        assert_int_equal(config->pool_prefix, 0); /* the host chooses */
        assert_int_equal(config->mtu, 1420);
        assert_false(config->metrics_on);
        assert_true(config->dns_enabled);
        assert_false(config->dns_search);
        assert_true(config->lanes);
        assert_false(config->fair_queue);
        assert_int_equal(config->threads, CONFIG_TEXT_AUTO);
        assert_int_equal(config->log_level, TRACE_LEVEL_INFO);
        assert_int_equal(config->warnings_count, 0);
        client_config_free(config);
    }
}

static void threads_are_a_small_number_and_not_beside_a_fair_queue(void **state)
{
    struct client_config *config;

    (void)state;
    config = config_of("threads: 2\n");
    assert_int_equal(config->threads, 2);
    client_config_free(config);
    config = config_of("threads: 0\n");
    assert_int_equal(config->threads, 0);
    client_config_free(config);
    config = config_of("threads: auto\n");
    assert_int_equal(config->threads, CONFIG_TEXT_AUTO);
    client_config_free(config);
    config = config_of("threads: 2\nfair_queue: on\n");
    assert_int_equal(config->threads, 0);
    assert_int_equal(config->warnings_count, 1);
    assert_non_null(strstr(config->warnings[0], "threads: 2 is not heeded"));
    client_config_free(config);
    config = config_of("threads: auto\nfair_queue: on\n");
    assert_int_equal(config->threads, 0);
    assert_int_equal(config->warnings_count, 0);
    client_config_free(config);
}

static void every_key_is_read(void **state)
{
    static const uint8_t pool[4] = {192, 168, 208, 0};
    static const uint8_t resolver[4] = {10, 9, 8, 7};
    static const uint8_t eui64[8] = {0xa2, 0xce, 0xc8, 0xff, 0xfe, 0x1a, 0x2b, 0x3c};
    struct client_config *config = config_of("key: /some/where\n"
                                             "listen_port: 4500\n"
                                             "portmap: off\n"
                                             "cipher: aes-256-gcm\n"
                                             "lanes: false\n"
                                             "fair_queue: true\n"
                                             "sandbox: off\n"
                                             "metrics: \"[::1]:9\"\n"
                                             "pool: 192.168.211.0/20\n"
                                             "mtu: 1400\n"
                                             "name: Laptop\n"
                                             "fixed: [A0:CE:C8:1a:2b:3c, 00-11-22-33-44-55]\n"
                                             "ziglans:\n"
                                             "  - ziglan://" KEY_A "@192.0.2.1\n"
                                             "  - ziglan://" KEY_A "?relay=" KEY_A "@r.example\n"
                                             "relays:\n"
                                             "  - relay://" KEY_A "@192.0.2.2\n"
                                             "  - " KEY_A "\n"
                                             "home_relays: no\n"
                                             "peers:\n"
                                             "  - name: nas\n"
                                             "    id: " KEY_A "\n"
                                             "    via: [" KEY_A ", " KEY_NOBODYS "]\n"
                                             "dns: {enabled: no, address: 10.9.8.7, search: yes}\n"
                                             "log_level: debug\n");

    (void)state;
    assert_string_equal(config->key_path, "/some/where");
    assert_int_equal(config->listen_port, 4500);
    assert_int_equal(config->portmap, PORTMAP_MODE_OFF);
    assert_int_equal(config->cipher, AEAD_AES_256_GCM);
    assert_false(config->lanes);
    assert_true(config->fair_queue);
    assert_false(config->sandbox);
    assert_true(config->metrics_on);
    assert_int_equal(config->metrics.port, 9);
    assert_int_equal(config->metrics.ip[15], 1);
    assert_memory_equal(config->pool, pool, 4);
    assert_int_equal(config->pool_prefix, 20);
    assert_int_equal(config->mtu, 1400);
    assert_string_equal(config->name, "laptop");
    assert_int_equal(config->ziglans_count, 2);
    assert_int_equal(config->relays_count, 2);
    assert_string_equal(config->relays[0], "relay://" KEY_A "@192.0.2.2");
    assert_string_equal(config->relays[1], KEY_A);
    assert_false(config->home_relays);
    assert_int_equal(config->fixed_count, 2);
    assert_memory_equal(config->fixed[0], eui64, sizeof(eui64));
    assert_int_equal(config->peers_count, 1);
    assert_string_equal(config->peers[0].name, "nas");
    assert_int_equal(config->peers[0].via_count, 2);
    assert_memory_equal(config->peers[0].via[0], config->peers[0].key, KEY_SIZE);
    assert_false(config->dns_enabled);
    assert_true(config->dns_search);
    assert_memory_equal(config->dns_address, resolver, 4);
    assert_int_equal(config->log_level, TRACE_LEVEL_DEBUG);
    assert_int_equal(config->warnings_count, 1);
    assert_non_null(strstr(config->warnings[0], "192.168.208.0/20"));
    client_config_free(config);
}

static void the_mynetwork_form_in_json_parses_with_a_warning_for_routes(void **state)
{
    struct client_config *config = config_of(
        "{\n \"peers\": [ { \"name\": \"hostname1\", \"id\": \"" KEY_A "\",\n"
        "   \"routes\": [ { \"net\": \"10.1.1.1/32\" }, { \"net\": \"10.1.2.0/24\" } ] } ],\n"
        " \"privateKey\": \"" KEY_A "\"\n}\n");

    (void)state;
    assert_true(config->has_seed);
    assert_int_equal(config->peers_count, 1);
    assert_int_equal(config->warnings_count, 1);
    assert_non_null(strstr(config->warnings[0], "not supported yet"));
    client_config_free(config);
}

static const struct {
    const char *text, *want;
} refused[] = {
    {"name: a\nnmae: b\n", "x.yaml:2: unknown key 'nmae'"},
    {"name: a\nname: b\n", "'name' stands twice; keep one"},
    {"fixed: [a2:ce:c8:1a:2b]\n", "x.yaml:1: 'fixed' must be a list of at most 4 MAC addresses"},
    {"fixed: [a2:ce:c8:1a:2b:3g]\n", "x.yaml:1: 'fixed' must be a list"},
    {"mtu: 100\n", "x.yaml:1: 'mtu' must be a number from 1280 to 9000, not '100'"},
    {"mtu: many\n", "x.yaml:1: 'mtu' must be a number"},
    {"threads: 17\n", "x.yaml:1: 'threads' must be auto or a whole number from 0 to 16"},
    {"threads: -1\n", "x.yaml:1: 'threads' must be auto or a whole number from 0 to 16"},
    {"threads: many\n", "x.yaml:1: 'threads' must be auto or a whole number"},
    {"cipher: rot13\n", "x.yaml:1: 'cipher' must be one of auto, aegis-128l, aes-256-gcm, "
                        "chacha20-poly1305"},
    {"portmap: maybe\n", "x.yaml:1: 'portmap' must be auto, on or off"},
    {"# a\nlisten_port: 70000\n", "x.yaml:2: 'listen_port' must be"},
    {"pool: 10.0.0.0/30\n", "'pool' must be an IPv4 range"},
    {"pool: nonsense\n", "'pool' must be an IPv4 range"},
    {"name: admin\n", "'name' must be"},
    {"name: a b\n", "'name' must be"},
    {"ziglans: [http://x]\n", "x.yaml:1:"},
    {"mtu: 1400\nziglans:\n  - ziglan://" KEY_A "@192.0.2.1\n  - http://x\n", "x.yaml:4: the URL"},
    {"\nziglans: [ziglan://" KEY_NOBODYS "@192.0.2.1]\n",
     "x.yaml:2: nobody can have the key of this URL: copy the whole URL again"},
    {"ziglans: [\"ziglan://" KEY_A "?relay=" KEY_NOBODYS "@h\"]\n", "x.yaml:1: nobody can have"},
    {"ziglans: [\"ziglan://" KEY_A "?relay=h\"]\n",
     "has no @ between key and host: relay=KEY@HOST"},
    {"relays: [\"relay://" KEY_A "\"]\n", "there is no @ between key and host"},
    {"name: x\npeers:\n  - name: x\n    id: x y\n", "x.yaml:4: 'id' must be"},
    {"ziglans: [relay://" KEY_A "@192.0.2.1]\n", "'ziglans' must be"},
    {"relays: [\"ziglan://" KEY_A "@h\"]\n", "'relays' must be a list of at most 8 URLs"},
    {"relays: [\"relay://x@h\"]\n", "has 1 characters instead of 52"},
    {"peers: [{id: " KEY_A ", via: [" KEY_NOBODYS ", " KEY_NOBODYS "]}]\n",
     "'via' must be a list of at most 3"},
    {"peers: [{id: " KEY_A ", via: [x]}]\n", "'via' must be a list of at most 3"},
    {"peers: [{name: x}]\n", "lacks its 'id'"},
    {"peers: [{name: x, id: short}]\n", "'id' must be a key"},
    {"dns: {address: 100.64.0.9}\n", "'address' must be an IPv4 address outside the pool"},
    {"metrics: 127.0.0.1\n", "'metrics' must be a local ADDRESS:PORT"},
    {"metrics: on\n", "'metrics' must be a local ADDRESS:PORT"},
    {"metrics: host:1\n", "'metrics' must be a local ADDRESS:PORT"},
    {"operator: two words\n", "'operator' must be the name of a group"},
    {"operator: 012345678901234567890123456789012\n", "'operator' must be the name of a group"},
    {"home_relays: perhaps\n", "'home_relays' must be true or false"},
    {"dns: {search: perhaps}\n", "'search' must be true or false"},
    {"dns: {enabled: perhaps}\n", "'enabled' must be true or false"},
    {"log_level: loud\n", "'log_level' must be one of"},
    {"key: a\nprivateKey: " KEY_A "\n", "x.yaml:2: give either"},
    {"privateKey: secretsecret\n", "'privateKey' must be"},
    {"name: []\n", "'name' must be"},
    {"name: \"x\n", "this is not YAML or JSON"},
    {"just a sentence\n", "x.yaml:1:"},
    {"- a list\n", "x.yaml:1:"},
};

static void what_is_wrong_is_told_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct client_config *config = NULL;
        struct fault fault = {0};

        assert_int_equal(client_config_parse(&config, "x.yaml", (const uint8_t *)refused[i].text,
                                             strlen(refused[i].text), &fault),
                         ERR_DROP);
        assert_null(config);
        print_message("%s\n", fault.text);
        assert_int_equal(fault.exit_code, EXIT_CODE_USAGE);
        assert_non_null(strstr(fault.text, refused[i].want));
        assert_null(strstr(fault.text, "secretsecret"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_and_comments_give_the_defaults),
        cmocka_unit_test(threads_are_a_small_number_and_not_beside_a_fair_queue),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(the_mynetwork_form_in_json_parses_with_a_warning_for_routes),
        cmocka_unit_test(what_is_wrong_is_told_with_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
