/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings of relayd: what a file means, and the sentence for a file that is refused. */
#include "relayd/config/changes.h"
#include "relayd/config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define PEER_KEY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER_KEY "bbaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static int parse(struct relay_settings *out, const char *text, char error[SETTINGS_ERROR_SIZE])
{
    error[0] = '\0';
    return relay_settings_parse(out, text, strlen(text), "/etc/z/relayd.yaml", error);
}

static void an_empty_file_has_the_defaults(void **state)
{
    struct relay_settings s;
    char error[SETTINGS_ERROR_SIZE];
    char text[ENDPOINT_TEXT_SIZE];

    (void)state;
    assert_int_equal(parse(&s, "# nothing\n", error), ERR_OK);
    assert_string_equal(s.name, "ziglan");
    assert_int_equal(s.listen_count, 1);
    assert_string_equal(endpoint_text(&s.listen[0], text), "[::]:4433");
    assert_true(s.listen_default);
    assert_string_equal(s.public_hosts, "");
    assert_string_equal(s.key_path, "/etc/z/relay.key");
    assert_string_equal(s.ziglan_key_path, "/etc/z/ziglan.key");
    assert_string_equal(s.state_path, "/etc/z/state");
    assert_string_equal(s.control_path, "/etc/z/state/relayd.sock");
    assert_true(s.metrics_on);
    assert_string_equal(endpoint_text(&s.metrics, text), "127.0.0.1:9433");
    assert_int_equal(s.session_max, 10000);
    assert_int_equal(s.workers, CONFIG_TEXT_AUTO);
    assert_false(s.open_relay);
    assert_int_equal(s.stun_per_address_per_s, 10);
    assert_int_equal(s.stun_per_s, 20000);
    assert_true(s.stun_other_address);
    assert_int_equal(s.log_level, TRACE_LEVEL_INFO);
    assert_true(s.sandbox);
    assert_int_equal(s.portmap, PORTMAP_MODE_AUTO);
}

static void every_key_is_read(void **state)
{
    static const char file[] = "name: home\n"
                               "listen:\n"
                               "  - \"0.0.0.0:4433\"\n"
                               "  - \"[2001:db8::1]:443\"\n"
                               "public: [vps.example.org, \"192.0.2.1:443\"]\n"
                               "peers:\n"
                               "  - relay://" PEER_KEY "@other.example\n"
                               "  - \"relay://" OTHER_KEY "@[2001:db8::2]:444\"\n"
                               "key: /k/relay.key\n"
                               "ziglan_key: z.key\n"
                               "delegation: z.delegation\n"
                               "state: /var/lib/relayd\n"
                               "control: /run/relayd.sock\n"
                               "metrics: off\n"
                               "session_max: 77\n"
                               "open_relay: yes\n"
                               "bandwidth: 50 Mbit/s\n"
                               "monthly: 500 GB\n"
                               "apps: [sol, \"game:chess\"]\n"
                               "pool_max: 20\n"
                               "reward:\n"
                               "  - {chain: sol, address: abc, identity: me}\n"
                               "  - {chain: any, address: def}\n"
                               "stun:\n"
                               "  per_address_per_s: 3\n"
                               "  per_s: 99\n"
                               "  other_address: off\n"
                               "log_level: debug\n";
    struct relay_settings s;
    char error[SETTINGS_ERROR_SIZE];
    char text[ENDPOINT_TEXT_SIZE];

    (void)state;
    assert_int_equal(parse(&s, file, error), ERR_OK);
    assert_string_equal(s.name, "home");
    assert_int_equal(s.listen_count, 2);
    assert_false(s.listen_default);
    assert_string_equal(endpoint_text(&s.listen[0], text), "0.0.0.0:4433");
    assert_string_equal(endpoint_text(&s.listen[1], text), "[2001:db8::1]:443");
    assert_string_equal(s.public_hosts, "vps.example.org,192.0.2.1:443");
    assert_int_equal(s.peers.count, 2);
    assert_string_equal(s.peers.list[0].host.name, "other.example");
    assert_false(s.peers.list[0].host.numeric);
    assert_string_equal(s.peers.list[1].host.name, "2001:db8::2");
    assert_int_equal(s.peers.list[1].host.port, 444);
    assert_int_equal(s.peers.list[1].key[0], 8);
    assert_string_equal(s.key_path, "/k/relay.key");
    assert_string_equal(s.ziglan_key_path, "/etc/z/z.key");
    assert_string_equal(s.delegation_path, "/etc/z/z.delegation");
    assert_string_equal(s.state_path, "/var/lib/relayd");
    assert_string_equal(s.control_path, "/run/relayd.sock");
    assert_false(s.metrics_on);
    assert_int_equal(s.session_max, 77);
    assert_true(s.open_relay);
    assert_int_equal(s.bandwidth, 6250000);
    assert_int_equal(s.monthly, UINT64_C(500000000000));
    assert_int_equal(s.applications.apps_count, 2);
    assert_string_equal(s.applications.apps[1], "game:chess");
    assert_int_equal(s.applications.pool_max, 20);
    assert_int_equal(s.applications.rewards_count, 2);
    assert_string_equal(s.applications.rewards[0].chain, "sol");
    assert_string_equal(s.applications.rewards[0].identity, "me");
    assert_string_equal(s.applications.rewards[1].address, "def");
    assert_string_equal(s.applications.rewards[1].identity, "");
    assert_int_equal(s.stun_per_address_per_s, 3);
    assert_true(s.stun_per_s == 99 && !s.stun_other_address);
    assert_int_equal(s.log_level, TRACE_LEVEL_DEBUG);
}

static void who_may_join_is_read_and_printed(void **state)
{
    static const char file[] =
        "admission: script\n"
        "allow:\n"
        "  - member: " PEER_KEY "\n"
        "    name: nas\n"
        "    groups: [family, tv]\n"
        "    note: Zoë's, in the cellar\n"
        "  - {member: " OTHER_KEY "}\n"
        "admission_script: {path: /usr/bin/admit, timeout_s: 3, cache_s: 0}\n";
    static struct relay_settings s, again;
    char error[SETTINGS_ERROR_SIZE];
    char *text = NULL;
    size_t size = 0;
    FILE *to;

    (void)state;
    assert_int_equal(parse(&s, file, error), ERR_OK);
    assert_int_equal(s.admission.mode, ADMISSION_MODE_SCRIPT);
    assert_int_equal(s.admission.allowed_count, 2);
    assert_string_equal(s.admission.allowed[0].name, "nas");
    assert_string_equal(s.admission.allowed[0].note, "Zoë's, in the cellar");
    assert_int_equal(s.admission.allowed[0].groups.count, 2);
    assert_string_equal(s.admission.allowed[0].groups.list[1], "tv");
    assert_int_equal(s.admission.allowed[1].key[0], 8);
    assert_string_equal(s.admission_script.path, "/usr/bin/admit");
    assert_int_equal(s.admission_script.timeout_s, 3);
    assert_int_equal(s.admission_script.at_once, 4);
    assert_int_equal(s.admission.cache_s, 0);
    to = open_memstream(&text, &size);
    assert_non_null(to);
    relay_settings_print(&s, to);
    assert_int_equal(fclose(to), 0);
    assert_int_equal(parse(&again, text, error), ERR_OK);
    assert_true(admission_allowed_equal(&s.admission, &again.admission));
    assert_string_equal(again.admission_script.path, s.admission_script.path);
    free(text);
}

static void json_is_yaml_too(void **state)
{
    struct relay_settings s;
    char error[SETTINGS_ERROR_SIZE];

    (void)state;
    assert_int_equal(parse(&s, "{\"name\": \"home\", \"session_max\": 5}", error), ERR_OK);
    assert_string_equal(s.name, "home");
    assert_int_equal(s.session_max, 5);
}

/* Each input and the sentence it must get: place, what is wrong, what to write. */
#define LONG_TEXT                                                                                  \
    "123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"

static const struct {
    const char *name, *input, *want;
} refused[] = {
    {"unknown key", "name: home\n\nnmae: x\n",
     "/etc/z/relayd.yaml:3: unknown key 'nmae'; remove or correct it"},
    {"unknown key in a mapping", "stun:\n  per_s: 3\n  per_minute: 4\n",
     "/etc/z/relayd.yaml:3: unknown key 'per_minute'; remove or"},
    {"twice", "name: home\nname: work\n", ":2: 'name' stands twice; keep one"},
    {"broken yaml", "name: home\n\tlisten: x\n", ":1: this is not YAML or JSON ("},
    {"not a mapping", "- name\n", ":1: the file must be a list of `key: value` lines"},
    {"a sequence for a text", "name: [a, b]\n", ":1: 'name' must be one DNS label"},
    {"name with a dot", "name: a.b\n", ":1: 'name' must be one DNS label"},
    {"name in capitals", "\nname: Home\n", ":2: 'name' must be one DNS label"},
    {"reserved name", "name: localhost\n", ":1: 'name' must be one DNS label"},
    {"name too long",
     "name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
     ":1: 'name' must be one DNS label"},
    {"zero in braces", "stun: {per_s: 0}\n", "'per_s' must be a whole number from 1"},
    {"listen without list", "listen: \"[::]:4433\"\n", ":1: 'listen' must be a list of 1 to 8"},
    {"listen empty", "listen: []\n", ":1: 'listen' must be a list of 1 to 8"},
    {"listen to a name", "listen:\n  - localhost:4433\n",
     ":2: 'listen' must be a list of 1 to 8 ADDRESS:PORT without names, such as \"[::]:4433\", "
     "IPv6 in brackets, not 'localhost:4433'"},
    {"listen to IPv6 without brackets", "listen: [\"2001:db8::1:4433\"]\n", "IPv6 in brackets"},
    {"metrics on IPv6 without brackets", "metrics: \"::1:9433\"\n", "or \"[::1]:9433\""},
    {"public IPv6 without brackets", "public: [\"2001:db8::1\"]\n", "IPv6 in brackets"},
    {"public IPv6 and port without brackets", "public: [\"fe80::1:4433\"]\n", "IPv6 in brackets"},
    {"listen to port 0", "listen: [\"0.0.0.0:0\"]\n", "not '0.0.0.0:0'"},
    {"listen to a port too large", "listen: [\"0.0.0.0:65536\"]\n", "not '0.0.0.0:65536'"},
    {"nine addresses", "listen: [a, b, c, d, e, f, g, h, i]\n", "'listen' must be a list"},
    {"public with a space", "public: [\"vps example\"]\n", ":1: 'public' must be a list"},
    {"public with a scheme", "public: [\"https://x\"]\n", ":1: 'public' must be a list"},
    {"public with two hosts in one", "public: [\"a,b\"]\n", ":1: 'public' must be a list"},
    {"public with parameters", "public: [\"a?invite=x\"]\n", ":1: 'public' must be a list"},
    {"peers without a scheme", "peers: [a.example]\n", ":1: 'peers' must be a list of at most 16"},
    {"peers that are a ziglan", "peers: [\"ziglan://" PEER_KEY "@a.example\"]\n",
     "relay://KEY@HOST"},
    {"peers named twice",
     "peers:\n  - relay://" PEER_KEY "@a.example\n  - relay://" PEER_KEY "@b.example\n",
     ":3: 'peers' must be a list"},
    {"an application with a space", "apps: [\"a b\"]\n", ":1: 'apps' must be a list of at most 8"},
    {"nine applications", "apps: [a, b, c, d, e, f, g, h, i]\n", "'apps' must be a list"},
    {"an application twice", "apps: [a, b, a]\n", "'apps' has 'a' twice; write it once"},
    {"an empty pool", "pool_max: 0\n", "'pool_max' must be a whole number from 1 to 10000"},
    {"a reward without address", "reward: [{chain: sol}]\n", ":1: "},
    {"a reward of a long chain", "reward:\n  - chain: abcdefghijklmnop\n    address: x\n",
     ":2: 'chain' must be the short name"},
    {"a reward with a space", "reward: [{chain: sol, address: \"a b\"}]\n",
     "'address' must be an address of the chain"},
    {"a reward with an unknown key", "reward: [{chain: sol, address: a, to: b}]\n", ":1: "},
    {"more than a node record holds",
     "reward:\n"
     "  - {chain: a, address: " LONG_TEXT "}\n"
     "  - {chain: b, address: " LONG_TEXT "}\n"
     "  - {chain: c, address: " LONG_TEXT "}\n"
     "  - {chain: d, address: " LONG_TEXT "}\n",
     ":1: 'apps' and 'reward' together take 376 of 320 characters"},
    {"two rewards of a chain", "reward: [{chain: sol, address: a}, {chain: sol, address: b}]\n",
     "'reward' has two addresses of the chain 'sol'; write one"},
    {"metrics on a name", "metrics: localhost\n", ":1: 'metrics' must be a local ADDRESS:PORT"},
    {"sessions not a number", "session_max: many\n", ":1: 'session_max' must be a whole number"},
    {"sessions negative", "session_max: -1\n", ":1: 'session_max' must be a whole number"},
    {"sessions zero", "session_max: 0\n", ":1: 'session_max' must be a whole number"},
    {"workers not a number", "workers: all\n", ":1: 'workers' must be auto or a whole"},
    {"workers too many", "workers: 17\n", "not '17'"},
    {"workers below zero", "workers: -1\n", "not '-1'"},
    {"workers of a size", "workers: 2k\n", "not '2k'"},
    {"sessions too many", "session_max: 1000001\n", "not '1000001'"},
    {"sessions far too many", "session_max: 99999999999\n", "'session_max' must be"},
    {"a bare number of bandwidth", "bandwidth: 50\n", ":1: 'bandwidth' must be a number with"},
    {"no bandwidth at all", "bandwidth: 0 Mbit/s\n", ":1: 'bandwidth' must be a number with"},
    {"a rate for a month", "monthly: 50 Mbit/s\n", ":1: 'monthly' must be a number with"},
    {"admission of a kind", "admission: friends\n", ":1: 'admission' must be invite, open or"},
    {"a script without a path", "name: a\nadmission: script\n", ":2: 'admission: script' wants a"},
    {"a script with a short path", "admission_script: {path: admit}\n", "'path' must be the path"},
    {"a script for long", "admission_script: {timeout_s: 31}\n", "from 1 to 30"},
    {"many scripts", "admission_script: {at_once: 17}\n", "from 1 to 16"},
    {"no key allowed", "allow:\n  - {member: nas}\n", ":2: 'member' must be the key of a host"},
    {"a key twice", "allow: [{member: " PEER_KEY "}, {member: " PEER_KEY "}]\n", "twice"},
    {"a bad group", "allow: [{member: " PEER_KEY ", groups: [A]}]\n", "'groups' must be a list"},
    {"a bad note", "allow: [{member: " PEER_KEY ", note: 'a\"b'}]\n", "'note' must be one line"},
    {"open relay maybe", "open_relay: maybe\n", ":1: 'open_relay' must be true or false"},
    {"stun not a mapping", "stun: 10\n", ":1: 'stun' must be a mapping"},
    {"stun rate zero", "stun:\n  per_s: 0\n", ":2: 'per_s' must be a whole number"},
    {"stun maybe", "stun:\n  other_address: 2\n", ":2: 'other_address' must be true or false"},
    {"a mapping", "portmap: maybe\n", ":1: 'portmap' must be auto, on or off"},
    {"log level", "log_level: loud\n", ":1: 'log_level' must be one of error, warn, info, debug"},
    {"empty path", "state: \"\"\n", ":1: 'state' must be the path of a directory"},
    {"path with a newline", "state: \"a\\nb\"\n", ":1: 'state' must be the path"},
    {"alias", "name: &a home\nstate: *a\n", "/etc/z/relayd.yaml:2:"},
};

static void what_is_wrong_gets_one_sentence_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct relay_settings s;
        struct relay_settings before;
        char error[SETTINGS_ERROR_SIZE];
        memset(&s, 0x5a, sizeof(s));
        before = s;
        if (parse(&s, refused[i].input, error) != ERR_DROP ||
            strstr(error, refused[i].want) == NULL || strchr(error, '\n') != NULL) {
            fail_msg("%s: got '%s', want '...%s...'", refused[i].name, error, refused[i].want);
        }
        assert_memory_equal(&s, &before, sizeof(s));
    }
}

/* What `relayd --check` accepts, the daemon must be able to bind. */
static void a_control_socket_fits_its_address(void **state)
{
    static const char *const keys[] = {"control", "state"};
    static const size_t longest[] = {107, 107 - sizeof("/relayd.sock") + 1};
    struct relay_settings s;
    char error[SETTINGS_ERROR_SIZE];
    char path[128];
    char text[160];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        memset(path, 'x', sizeof(path));
        path[0] = '/';
        path[longest[i]] = '\0';
        (void)snprintf(text, sizeof(text), "name: a\n%s: %s\n", keys[i], path);
        assert_int_equal(parse(&s, text, error), ERR_OK);
        assert_int_equal(strlen(s.control_path), 107);
        path[longest[i]] = 'x';
        path[longest[i] + 1] = '\0';
        (void)snprintf(text, sizeof(text), "name: a\n%s: %s\n", keys[i], path);
        assert_int_equal(parse(&s, text, error), ERR_DROP);
        assert_non_null(strstr(error, "relayd.yaml:2: the path of the control socket is longer"));
    }
}

static void a_huge_file_is_refused(void **state)
{
    size_t size = SETTINGS_TEXT_SIZE_MAX + 1;
    char *text = malloc(size);
    struct relay_settings s;
    char error[SETTINGS_ERROR_SIZE];

    (void)state;
    assert_non_null(text);
    memset(text, '#', size);
    assert_int_equal(relay_settings_parse(&s, text, size, "x", error), ERR_DROP);
    assert_non_null(strstr(error, "64 KiB"));
    free(text);
}

static void what_is_printed_reads_the_same(void **state)
{
    struct relay_settings first;
    struct relay_settings second;
    char error[SETTINGS_ERROR_SIZE];
    char *printed = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&printed, &size);

    (void)state;
    assert_int_equal(parse(&first,
                           "name: home\npublic: [a.example, \"b.example:1\"]\n"
                           "peers: [\"relay://" PEER_KEY "@[2001:db8::2]\"]\nstate: 'a \"q\\b'\n"
                           "listen: ['0.0.0.0:1', '[::1]:2']\nopen_relay: on\nmetrics: off\n"
                           "apps: [a, '#b']\nreward: [{chain: x, address: 'y:z'}]\n",
                           error),
                     ERR_OK);
    relay_settings_print(&first, to);
    assert_int_equal(fclose(to), 0);
    assert_int_equal(parse(&second, printed, error), ERR_OK);
    assert_string_equal(second.state_path, first.state_path);
    assert_string_equal(second.public_hosts, first.public_hosts);
    assert_int_equal(second.peers.count, 1);
    assert_memory_equal(&second.peers, &first.peers, sizeof(first.peers));
    assert_memory_equal(second.listen, first.listen, sizeof(first.listen));
    assert_false(second.listen_default);
    assert_true(second.open_relay);
    assert_true(applications_apps_equal(&second.applications, &first.applications));
    assert_true(applications_rewards_equal(&second.applications, &first.applications));
    assert_false(second.metrics_on);
    free(printed);

    to = open_memstream(&printed, &size);
    assert_int_equal(parse(&first, "", error), ERR_OK);
    relay_settings_print(&first, to);
    assert_int_equal(fclose(to), 0);
    assert_int_equal(parse(&second, printed, error), ERR_OK);
    assert_true(second.listen_default);
    free(printed);
}

static void a_reload_says_what_changed_at_once(void **state)
{
    struct relay_settings a;
    struct relay_settings b;
    char error[SETTINGS_ERROR_SIZE];
    char text[128];

    (void)state;
    assert_int_equal(parse(&a, "name: a\nmetrics: off\n", error), ERR_OK);
    assert_int_equal(parse(&b, "name: a\nmetrics: off\n", error), ERR_OK);
    assert_string_equal(relay_settings_changed_keys(&a, &b, &a, text, sizeof(text)), "");
    assert_int_equal(parse(&b, "name: b\nlog_level: warn\nsession_max: 3\n", error), ERR_OK);
    assert_string_equal(relay_settings_changed_keys(&a, &b, &a, text, sizeof(text)),
                        "name, metrics, session_max, log_level");
    assert_int_equal(parse(&b, "name: a\nmetrics: off\nstate: other\nsession_max: 20000\n", error),
                     ERR_OK);
    assert_string_equal(relay_settings_changed_keys(&a, &b, &a, text, sizeof(text)), "");
    assert_int_equal(parse(&b,
                           "name: a\nmetrics: off\npublic: [x.example]\nopen_relay: true\n"
                           "portmap: off\npeers: [\"relay://" PEER_KEY "@a.example\"]\n",
                           error),
                     ERR_OK);
    assert_string_equal(relay_settings_changed_keys(&a, &b, &a, text, sizeof(text)),
                        "public, portmap, peers, open_relay");
    assert_int_equal(parse(&b,
                           "name: a\nmetrics: off\napps: [x]\npool_max: 3\n"
                           "reward: [{chain: a, address: b}]\nstun: {other_address: no}\n",
                           error),
                     ERR_OK);
    assert_string_equal(relay_settings_changed_keys(&a, &b, &a, text, sizeof(text)),
                        "apps, pool_max, reward, stun");
}

/* Fewer sessions count at once, and more, as far as the relay had room for them at its start. */
static void a_reload_takes_back_a_smaller_limit(void **state)
{
    struct relay_settings started;
    struct relay_settings before;
    struct relay_settings after;
    char error[SETTINGS_ERROR_SIZE];
    char text[128];

    (void)state;
    assert_int_equal(parse(&started, "session_max: 100\n", error), ERR_OK);
    assert_int_equal(parse(&before, "session_max: 50\n", error), ERR_OK);
    assert_int_equal(parse(&after, "session_max: 80\n", error), ERR_OK);
    assert_string_equal(relay_settings_changed_keys(&before, &after, &started, text, sizeof(text)),
                        "session_max");
    assert_int_equal(parse(&after, "session_max: 200\n", error), ERR_OK); /* as if 100 */
    assert_string_equal(relay_settings_changed_keys(&before, &after, &started, text, sizeof(text)),
                        "session_max");
    assert_int_equal(parse(&before, "session_max: 150\n", error), ERR_OK);
    assert_string_equal(relay_settings_changed_keys(&before, &after, &started, text, sizeof(text)),
                        "");
}

static void a_certificate_is_two_files_and_counts_at_once(void **state)
{
    struct relay_settings a, b;
    char error[SETTINGS_ERROR_SIZE], text[128];

    (void)state;
    assert_int_equal(parse(&a, "name: a\n", error), ERR_OK);
    assert_string_equal(a.certificate_path, "");
    assert_int_equal(parse(&b, "name: a\ncertificate: c.pem\ncertificate_key: /k.pem\n", error),
                     ERR_OK);
    assert_string_equal(b.certificate_path, "/etc/z/c.pem");
    assert_string_equal(b.certificate_key_path, "/k.pem");
    assert_string_equal(relay_settings_changed_keys(&a, &b, &a, text, sizeof(text)),
                        "certificate, certificate_key");
    assert_string_equal(relay_settings_restart_keys(&a, &b, text, sizeof(text)), "");
    assert_int_equal(parse(&b, "name: a\ncertificate: c.pem\n", error), ERR_DROP);
    assert_non_null(strstr(error, ":2: `certificate` and `certificate_key` belong together"));
    assert_int_equal(parse(&b, "certificate_key: c.pem\ncertificate: off\n", error), ERR_DROP);
}

static void workers_are_as_many_as_named(void **state)
{
    struct relay_settings s;
    char error[SETTINGS_ERROR_SIZE];

    (void)state;
    assert_int_equal(parse(&s, "workers: 3\n", error), ERR_OK);
    assert_int_equal(s.workers, 3);
    assert_int_equal(parse(&s, "workers: 16\n", error), ERR_OK);
    assert_int_equal(s.workers, 16);
    assert_int_equal(parse(&s, "workers: 0\n", error), ERR_OK);
    assert_int_equal(s.workers, 0);
    assert_int_equal(parse(&s, "workers: auto\n", error), ERR_OK);
    assert_int_equal(s.workers, CONFIG_TEXT_AUTO);
}

static void a_reload_says_what_needs_a_restart(void **state)
{
    struct relay_settings a;
    struct relay_settings b;
    char error[SETTINGS_ERROR_SIZE];
    char text[128];

    (void)state;
    assert_int_equal(parse(&a, "name: a\n", error), ERR_OK);
    assert_int_equal(parse(&b, "name: b\nlog_level: warn\nsession_max: 3\n", error), ERR_OK);
    assert_string_equal(relay_settings_restart_keys(&a, &b, text, sizeof(text)), "");
    assert_int_equal(parse(&b, "listen: ['[::]:4433']\n", error), ERR_OK);
    assert_string_equal(relay_settings_restart_keys(&a, &b, text, sizeof(text)), "listen");
    assert_int_equal(parse(&b, "listen: ['0.0.0.0:1']\nstate: other\nsession_max: 20000\n", error),
                     ERR_OK);
    assert_string_equal(relay_settings_restart_keys(&a, &b, text, sizeof(text)),
                        "listen, state, control, session_max");
    assert_int_equal(parse(&b, "name: a\nworkers: 2\n", error), ERR_OK);
    assert_string_equal(relay_settings_restart_keys(&a, &b, text, sizeof(text)), "workers");
    assert_int_equal(parse(&b, "name: a\nsandbox: off\n", error), ERR_OK);
    assert_string_equal(relay_settings_restart_keys(&a, &b, text, sizeof(text)), "sandbox");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_has_the_defaults),
        cmocka_unit_test(a_reload_says_what_changed_at_once),
        cmocka_unit_test(a_reload_takes_back_a_smaller_limit),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(who_may_join_is_read_and_printed),
        cmocka_unit_test(json_is_yaml_too),
        cmocka_unit_test(what_is_wrong_gets_one_sentence_with_its_line),
        cmocka_unit_test(a_control_socket_fits_its_address),
        cmocka_unit_test(a_huge_file_is_refused),
        cmocka_unit_test(what_is_printed_reads_the_same),
        cmocka_unit_test(a_certificate_is_two_files_and_counts_at_once),
        cmocka_unit_test(workers_are_as_many_as_named),
        cmocka_unit_test(a_reload_says_what_needs_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
