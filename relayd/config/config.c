/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads YAML through libcyaml, then checks what its schema cannot say; prints it again. */
#include "relayd/config/config.h"

#include "proto/base/quantity.h"
#include "relayd/base/relay_defaults.h"
#include "relayd/config/admission_schema.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    METRICS_PORT_DEFAULT = 9433,
};

/* The file as libcyaml fills it. An absent key leaves NULL or zero. */
struct raw_stun {
    int other_address; /* 0: absent; enum yes_or_no */
    uint32_t *per_address_per_s, *per_s;
};

/* tidy-ok: struct-fields one for each key */
struct raw {
    char *name, *key, *ziglan_key, *delegation, *state, *control, *metrics;
    char *certificate, *certificate_key;
    char *bandwidth, *lane_bandwidth, *monthly;
    char **listen;
    unsigned listen_count;
    char **hosts;
    unsigned hosts_count;
    char **peers;
    unsigned peers_count;
    struct raw_applications applications;
    struct raw_admission admission;
    uint32_t *session_max;
    char *workers;
    int open_relay; /* 0 or 1 */
    int portmap;    /* enum portmap_mode; absent: auto */
    struct raw_stun stun;
    int log_level; /* enum trace_level + 1; 0 is absent */
    int sandbox;   /* 0: absent; enum yes_or_no */
};

static const cyaml_schema_value_t text_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, SETTINGS_PATH_SIZE - 1)};

/* libcyaml takes any word for a bool; a list of words refuses typing errors. */
static const cyaml_strval_t bool_words[] = {{"false", 0}, {"no", 0},  {"off", 0},
                                            {"true", 1},  {"yes", 1}, {"on", 1}};

/* The same for what is on if it is absent. */
enum yes_or_no { NO = 1, YES = 2 };
static const cyaml_strval_t yes_words[] = {{"false", NO}, {"no", NO},   {"off", NO},
                                           {"true", YES}, {"yes", YES}, {"on", YES}};

static const cyaml_strval_t level_words[] = {{"error", TRACE_LEVEL_ERROR + 1},
                                             {"warn", TRACE_LEVEL_WARN + 1},
                                             {"info", TRACE_LEVEL_INFO + 1},
                                             {"debug", TRACE_LEVEL_DEBUG + 1}};

static const cyaml_strval_t portmap_words[] = {
    {"auto", PORTMAP_MODE_AUTO}, {"on", PORTMAP_MODE_ON}, {"off", PORTMAP_MODE_OFF}};

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

static const cyaml_schema_field_t stun_fields[] = {
    CYAML_FIELD_UINT_PTR("per_address_per_s", OPTIONAL, struct raw_stun, per_address_per_s),
    CYAML_FIELD_UINT_PTR("per_s", OPTIONAL, struct raw_stun, per_s),
    CYAML_FIELD_ENUM("other_address", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct raw_stun,
                     other_address, yes_words, CYAML_ARRAY_LEN(yes_words)),
    CYAML_FIELD_END};

#define REWARD_FIELD(key, member, more)                                                            \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (more), struct raw_reward, member, 0,         \
                           SETTINGS_PATH_SIZE - 1)

static const cyaml_schema_field_t reward_fields[] = {
    REWARD_FIELD("chain", chain, 0), REWARD_FIELD("address", address, 0),
    REWARD_FIELD("identity", identity, CYAML_FLAG_OPTIONAL), CYAML_FIELD_END};

static const cyaml_schema_value_t reward_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_reward, reward_fields)};

static const cyaml_strval_t admission_words[] = {{"invite", ADMISSION_MODE_INVITE},
                                                 {"open", ADMISSION_MODE_OPEN},
                                                 {"script", ADMISSION_MODE_SCRIPT}};

#define TEXT_FIELD(key, member, size_max)                                                          \
    CYAML_FIELD_STRING_PTR(key, OPTIONAL, struct raw, member, 0, size_max)

static const cyaml_schema_field_t fields[] = {
    TEXT_FIELD("name", name, NAME_TEXT_SIZE - 1),
    CYAML_FIELD_SEQUENCE("listen", OPTIONAL, struct raw, listen, &text_schema, 0,
                         SETTINGS_LISTEN_MAX),
    CYAML_FIELD_SEQUENCE_COUNT("public", OPTIONAL, struct raw, hosts, hosts_count, &text_schema, 0,
                               URL_HOSTS_MAX),
    CYAML_FIELD_ENUM("portmap", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct raw, portmap,
                     portmap_words, CYAML_ARRAY_LEN(portmap_words)),
    CYAML_FIELD_SEQUENCE_COUNT("peers", OPTIONAL, struct raw, peers, peers_count, &text_schema, 0,
                               RELAY_PEERS_MAX),
    TEXT_FIELD("key", key, SETTINGS_PATH_SIZE - 1),
    TEXT_FIELD("ziglan_key", ziglan_key, SETTINGS_PATH_SIZE - 1),
    TEXT_FIELD("delegation", delegation, SETTINGS_PATH_SIZE - 1),
    TEXT_FIELD("certificate", certificate, SETTINGS_PATH_SIZE - 1),
    TEXT_FIELD("certificate_key", certificate_key, SETTINGS_PATH_SIZE - 1),
    TEXT_FIELD("state", state, SETTINGS_PATH_SIZE - 1),
    TEXT_FIELD("control", control, SETTINGS_PATH_SIZE - 1),
    TEXT_FIELD("metrics", metrics, SETTINGS_PATH_SIZE - 1),
    CYAML_FIELD_UINT_PTR("session_max", OPTIONAL, struct raw, session_max),
    TEXT_FIELD("workers", workers, SETTINGS_WORKERS_TEXT_SIZE - 1),
    CYAML_FIELD_SEQUENCE_COUNT("apps", OPTIONAL, struct raw, applications.apps,
                               applications.apps_count, &text_schema, 0, RECORD_APPS_MAX),
    CYAML_FIELD_UINT_PTR("pool_max", OPTIONAL, struct raw, applications.pool_max),
    CYAML_FIELD_SEQUENCE_COUNT("reward", OPTIONAL, struct raw, applications.rewards,
                               applications.rewards_count, &reward_schema, 0, RECORD_REWARDS_MAX),
    CYAML_FIELD_ENUM("admission", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct raw,
                     admission.mode, admission_words, CYAML_ARRAY_LEN(admission_words)),
    CYAML_FIELD_SEQUENCE_COUNT("allow", OPTIONAL, struct raw, admission.allowed,
                               admission.allowed_count, &admission_allowed_schema, 0,
                               ADMISSION_ALLOWED_MAX),
    CYAML_FIELD_MAPPING("admission_script", CYAML_FLAG_OPTIONAL, struct raw, admission.script,
                        admission_script_fields),
    CYAML_FIELD_ENUM("open_relay", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct raw, open_relay,
                     bool_words, CYAML_ARRAY_LEN(bool_words)),
    TEXT_FIELD("bandwidth", bandwidth, QUANTITY_TEXT_SIZE - 1),
    TEXT_FIELD("lane_bandwidth", lane_bandwidth, QUANTITY_TEXT_SIZE - 1),
    TEXT_FIELD("monthly", monthly, QUANTITY_TEXT_SIZE - 1),
    CYAML_FIELD_MAPPING("stun", CYAML_FLAG_OPTIONAL, struct raw, stun, stun_fields),
    CYAML_FIELD_ENUM("log_level", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct raw, log_level,
                     level_words, CYAML_ARRAY_LEN(level_words)),
    CYAML_FIELD_ENUM("sandbox", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct raw, sandbox,
                     yes_words, CYAML_ARRAY_LEN(yes_words)),
    CYAML_FIELD_END};

static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw, fields)};

/* What each key wants, as the second half of a sentence. */
static const struct config_key keys[] = {
    {"name", "one DNS label of a to z, 0 to 9 and inner hyphens, at most 63 characters"},
    {"listen",
     "a list of 1 to 8 ADDRESS:PORT without names, such as \"[::]:4433\", IPv6 in brackets"},
    {"public", "a list of at most 8 HOST or HOST:PORT by which others reach this relay, IPv6 in "
               "brackets"},
    {"portmap", "auto, on or off"},
    {"peers", "a list of at most 16 relay://KEY@HOST or relay://KEY@HOST:PORT of other relays, "
              "each once, as `relayd init` and `relayd status` print it"},
    {"key", "the path of the relay's key file"},
    {"ziglan_key", "the path of the ziglan's key file"},
    {"delegation", "the path of a file that `relayd delegate` writes, or off"},
    {"certificate", "the path of a file with a certificate and those that lead to its authority "
                    "in PEM, or off"},
    {"certificate_key", "the path of the file with the certificate's key in PEM, or off"},
    {"state", "the path of a directory"},
    {"control", "the path of a Unix socket, at most 107 characters"},
    {"metrics", "a local ADDRESS:PORT such as 127.0.0.1:9433 or \"[::1]:9433\", or off"},
    {"session_max", "a whole number from 1 to 1000000"},
    {"workers", "auto or a whole number from 0 to 16"},
    {"admission", "invite, open or script"},
    {"allow", "a list of at most 128 entries with member and, if wanted, name, groups and note"},
    {"member", "the key of a host, as `ziglan whoami` prints it"},
    {"groups", "a list of at most 8 groups, each of at most 31 small letters, digits and hyphens"},
    {"note", "one line of at most 120 bytes without quotes and backslashes"},
    {"admission_script", "a mapping of path, timeout_s, at_once and cache_s"},
    {"path", "the path of a program, from / on"},
    {"timeout_s", "a whole number from 1 to 30"},
    {"at_once", "a whole number from 1 to 16"},
    {"cache_s", "a whole number from 0 to 86400"},
    {"open_relay", "true or false"},
    {"bandwidth", "a number with kbit/s, Mbit/s or Gbit/s, such as 50 Mbit/s, or off"},
    {"lane_bandwidth", "a number with kbit/s, Mbit/s or Gbit/s, such as 50 Mbit/s, or off"},
    {"monthly", "a number with MB, GB or TB, such as 500 GB, or off"},
    {"apps",
     "a list of at most 8 types of application, each a word of at most 31 letters, digits and "
     "signs"},
    {"pool_max", "a whole number from 1 to 10000"},
    {"reward", "a list of at most 4 entries with chain, address and, if there is one, identity"},
    {"chain", "the short name of a chain, such as sol or eth, at most 15 characters, or any"},
    {"address", "an address of the chain, at most 95 characters without spaces"},
    {"identity", "an identity id, at most 63 characters without spaces"},
    {"stun", "a mapping of per_address_per_s, per_s and other_address"},
    {"per_address_per_s", "a whole number from 1 to 1000000"},
    {"per_s", "a whole number from 1 to 1000000"},
    {"other_address", "true or false"},
    {"log_level", "one of error, warn, info, debug"},
    {"sandbox", "on or off"},
};

static const char keys_known[] =
    "name, listen, public, portmap, peers, key, ziglan_key, delegation, certificate, "
    "certificate_key, state, control, metrics, session_max, workers, admission, allow {member, "
    "name, groups, note}, admission_script {path, timeout_s, at_once, cache_s}, open_relay, "
    "bandwidth, lane_bandwidth, monthly, apps, pool_max, "
    "reward {chain, address, identity}, stun {per_address_per_s, per_s, other_address}, log_level, "
    "sandbox";

static void report_log(cyaml_log_t level, void *context, const char *format, va_list args)
    PRINTF_LIKE(3, 0);

static void report_log(cyaml_log_t level, void *context, const char *format, va_list args)
{
    if (level >= CYAML_LOG_ERROR) {
        config_text_report(context, format, args);
    }
}

/* Paths with such characters are refused: printed in double quotes they would read differently. */
static bool has_control_characters(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return true;
        }
    }
    return false;
}

/* Take a path, or `otherwise` if there is none. A relative one counts from the file's folder. */
static bool path_set(struct config_text *in, char out[SETTINGS_PATH_SIZE], const char *key,
                     const char *value, const char *otherwise)
{
    const char *given = value != NULL ? value : otherwise;
    const char *slash = strrchr(in->path, '/');
    int folder_size = slash != NULL && given[0] != '/' ? (int)(slash - in->path) + 1 : 0;
    int size;

    if (given[0] == '\0' || has_control_characters(given)) {
        return config_text_refuse(in, key, given);
    }
    size = snprintf(out, SETTINGS_PATH_SIZE, "%.*s%s", folder_size, in->path, given);
    if (size < 0 || size >= SETTINGS_PATH_SIZE) {
        return config_text_refuse(in, key, given);
    }
    return true;
}

/* The control socket; by default it is in the state directory. Its path must fit sockaddr_un. */
static bool control_set(struct config_text *in, struct relay_settings *out, const char *value)
{
    char path[SETTINGS_PATH_SIZE];
    int size;

    if (value != NULL && !path_set(in, path, "control", value, "")) {
        return false;
    }
    size = value != NULL ? snprintf(out->control_path, SETTINGS_SOCKET_SIZE, "%s", path)
                         : snprintf(out->control_path, SETTINGS_SOCKET_SIZE, "%s/relayd.sock",
                                    out->state_path);
    if (size < 0 || size >= SETTINGS_SOCKET_SIZE) {
        return config_text_fail(in, value != NULL ? "control" : "state", value != NULL ? value : "",
                                "the path of the control socket is longer than %d characters; give "
                                "`control` a shorter one",
                                SETTINGS_SOCKET_SIZE - 1);
    }
    return true;
}

/* A path that may be "off", which is empty. */
static bool file_set(struct config_text *in, char out[SETTINGS_PATH_SIZE], const char *key,
                     const char *value)
{
    return value == NULL || strcmp(value, "off") == 0 || path_set(in, out, key, value, "");
}

/* One is of no use without the other. */
static bool certificate_set(struct config_text *in, struct relay_settings *out,
                            const struct raw *raw)
{
    if (!file_set(in, out->certificate_path, "certificate", raw->certificate) ||
        !file_set(in, out->certificate_key_path, "certificate_key", raw->certificate_key)) {
        return false;
    }
    if ((out->certificate_path[0] == '\0') != (out->certificate_key_path[0] == '\0')) {
        return config_text_fail(in, raw->certificate != NULL ? "certificate" : "certificate_key",
                                "",
                                "`certificate` and `certificate_key` belong together; name both "
                                "files, or none");
    }
    return true;
}

static bool paths_set(struct config_text *in, struct relay_settings *out, const struct raw *raw)
{
    return path_set(in, out->key_path, "key", raw->key, "relay.key") &&
           path_set(in, out->ziglan_key_path, "ziglan_key", raw->ziglan_key, "ziglan.key") &&
           file_set(in, out->delegation_path, "delegation", raw->delegation) &&
           certificate_set(in, out, raw) &&
           path_set(in, out->state_path, "state", raw->state, "state") &&
           control_set(in, out, raw->control);
}

static bool listen_set(struct config_text *in, struct relay_settings *out, const struct raw *raw)
{
    /* libcyaml gives NULL for an empty list too; a written key tells the two apart. */
    if (raw->listen_count == 0 && config_text_has(in, "listen")) {
        return config_text_refuse(in, "listen", "an empty list");
    }
    if (raw->listen_count == 0) {
        (void)endpoint_parse(&out->listen[0], "[::]:4433", SETTINGS_PORT_DEFAULT);
        out->listen_count = 1;
        out->listen_default = true;
        return true;
    }
    for (unsigned i = 0; i < raw->listen_count; i++) {
        if (!endpoint_parse(&out->listen[i], raw->listen[i], SETTINGS_PORT_DEFAULT) ||
            out->listen[i].port == 0) {
            return config_text_refuse(in, "listen", raw->listen[i]);
        }
    }
    out->listen_count = raw->listen_count;
    return true;
}

/* A public host must be usable in a URL, so the URL parser decides. */
static bool host_ok(const char *host)
{
    static const char key[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    struct url url;
    char text[sizeof(key) + 300];
    char error[URL_ERROR_SIZE];
    int size = snprintf(text, sizeof(text), "ziglan://%s@%s", key, host);

    return size > 0 && (size_t)size < sizeof(text) && strchr(host, ',') == NULL &&
           strchr(host, '?') == NULL && strchr(host, '@') == NULL &&
           url_parse(&url, text, (size_t)size, error) == ERR_OK;
}

static bool public_set(struct config_text *in, struct relay_settings *out, const struct raw *raw)
{
    size_t used = 0;

    for (unsigned i = 0; i < raw->hosts_count; i++) {
        const char *host = raw->hosts[i];
        size_t size = strlen(host);
        if (!host_ok(host) || used + size + 2 > sizeof(out->public_hosts)) {
            return config_text_refuse(in, "public", host);
        }
        if (i > 0) {
            out->public_hosts[used++] = ',';
        }
        memcpy(out->public_hosts + used, host, size + 1);
        used += size;
    }
    return true;
}

static bool peer_known(const struct relay_peers *peers, const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < peers->count; i++) {
        if (memcmp(peers->list[i].key, key, KEY_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

static bool peers_set(struct config_text *in, struct relay_settings *out, const struct raw *raw)
{
    struct relay_peers *peers = &out->peers;
    char error[URL_ERROR_SIZE];
    struct url url;

    for (unsigned i = 0; i < raw->peers_count; i++) {
        const char *text = raw->peers[i];

        if (url_parse(&url, text, strlen(text), error) != ERR_OK || url.kind != URL_KIND_RELAY ||
            peer_known(peers, url.key)) {
            return config_text_refuse(in, "peers", text);
        }
        memcpy(peers->list[peers->count].key, url.key, KEY_SIZE);
        peers->list[peers->count].host = url.hosts[0];
        peers->count++;
    }
    return true;
}

static bool metrics_set(struct config_text *in, struct relay_settings *out, const char *value)
{
    out->metrics_on = value == NULL || strcmp(value, "off") != 0;
    if (out->metrics_on && (!endpoint_parse(&out->metrics, value != NULL ? value : "127.0.0.1",
                                            METRICS_PORT_DEFAULT) ||
                            out->metrics.port == 0)) {
        return config_text_refuse(in, "metrics", value != NULL ? value : "");
    }
    return true;
}

static bool number_set(struct config_text *in, uint32_t *out, const char *key,
                       const uint32_t *value, uint32_t otherwise)
{
    char text[16];

    if (value != NULL && (*value == 0 || *value > SETTINGS_NUMBER_MAX)) {
        (void)snprintf(text, sizeof(text), "%u", (unsigned)*value);
        return config_text_refuse(in, key, text);
    }
    *out = value != NULL ? *value : otherwise;
    return true;
}

static bool name_set(struct config_text *in, struct relay_settings *out, const char *value)
{
    const char *name = value != NULL ? value : "ziglan";

    if (name_problem(name, strlen(name)) != NULL) {
        return config_text_refuse(in, "name", name);
    }
    (void)snprintf(out->name, sizeof(out->name), "%s", name);
    return true;
}

/* Take a quantity; none or "off" is 0, and 0 itself is refused: it would forward nothing. */
static bool quantity_set(struct config_text *in, uint64_t *out, const char *key, const char *value,
                         bool (*parse)(uint64_t *out, const char *text))
{
    *out = 0;
    if (value != NULL && strcmp(value, "off") != 0 && (!parse(out, value) || *out == 0)) {
        return config_text_refuse(in, key, value);
    }
    return true;
}

static bool settings_set(struct config_text *in, struct relay_settings *out, const struct raw *raw)
{
    out->open_relay = raw->open_relay != 0;
    out->stun_other_address = raw->stun.other_address != NO;
    out->sandbox = raw->sandbox != NO;
    out->portmap = (enum portmap_mode)raw->portmap;
    out->log_level =
        raw->log_level != 0 ? (enum trace_level)(raw->log_level - 1) : TRACE_LEVEL_INFO;
    return name_set(in, out, raw->name) && listen_set(in, out, raw) && public_set(in, out, raw) &&
           peers_set(in, out, raw) && paths_set(in, out, raw) &&
           metrics_set(in, out, raw->metrics) &&
           quantity_set(in, &out->bandwidth, "bandwidth", raw->bandwidth, quantity_rate_parse) &&
           quantity_set(in, &out->lane_bandwidth, "lane_bandwidth", raw->lane_bandwidth,
                        quantity_rate_parse) &&
           quantity_set(in, &out->monthly, "monthly", raw->monthly, quantity_bytes_parse) &&
           number_set(in, &out->session_max, "session_max", raw->session_max,
                      RELAY_SESSION_MAX_DEFAULT) &&
           config_text_count(in, "workers", raw->workers, RELAY_WORKERS_MAX, &out->workers) &&
           applications_set(in, &out->applications, &raw->applications) &&
           admission_set(in, &out->admission, &out->admission_script, &raw->admission) &&
           number_set(in, &out->stun_per_address_per_s, "per_address_per_s",
                      raw->stun.per_address_per_s, RELAY_STUN_PER_ADDR_PER_S_DEFAULT) &&
           number_set(in, &out->stun_per_s, "per_s", raw->stun.per_s, RELAY_STUN_PER_S_DEFAULT);
}

int relay_settings_parse(struct relay_settings *out, const char *text, size_t size,
                         const char *path, char error[SETTINGS_ERROR_SIZE])
{
    struct config_text in = {.path = path,
                             .text = text,
                             .size = size,
                             .keys = keys,
                             .keys_count = CYAML_ARRAY_LEN(keys),
                             .keys_known = keys_known};
    struct relay_settings settings = {0};
    struct raw empty = {0};
    struct raw *raw = NULL;
    cyaml_config_t config = {.log_fn = report_log,
                             .log_ctx = &in,
                             .mem_fn = cyaml_mem,
                             .log_level = CYAML_LOG_ERROR,
                             .flags = CYAML_CFG_NO_ALIAS};
    int rc = ERR_DROP;
    cyaml_err_t err;

    if (size > SETTINGS_TEXT_SIZE_MAX) {
        (void)snprintf(error, SETTINGS_ERROR_SIZE,
                       "%s:1: the file is larger than 64 KiB; is it really a configuration?", path);
        return ERR_DROP;
    }
    err =
        cyaml_load_data((const uint8_t *)text, size, &config, &schema, (cyaml_data_t **)&raw, NULL);
    if (err == CYAML_ERR_OOM) {
        rc = ERR_NOMEM;
    } else if (err != CYAML_OK) {
        config_text_tell(&in);
    } else if (settings_set(&in, &settings, raw != NULL ? raw : &empty)) {
        /* An empty document is a valid one in which everything has its default. */
        *out = settings;
        rc = ERR_OK;
    }
    (void)cyaml_free(&config, &schema, raw, 0);
    if (rc == ERR_DROP) {
        memcpy(error, in.error, sizeof(in.error));
    }
    return rc;
}

static const char *level_text(enum trace_level level)
{
    for (size_t i = 0; i < CYAML_ARRAY_LEN(level_words); i++) {
        if (level_words[i].val == (int64_t)level + 1) {
            return level_words[i].str;
        }
    }
    return "info";
}

/* Print a text as a YAML string in double quotes. */
static void quoted_print(const char *text, FILE *to)
{
    (void)fputc('"', to);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            (void)fputc('\\', to);
        }
        (void)fputc(*text, to);
    }
    (void)fputc('"', to);
}

static void line_print(const char *key, const char *value, FILE *to)
{
    (void)fprintf(to, "%s: ", key);
    quoted_print(value, to);
    (void)fputc('\n', to);
}

static void peers_print(const struct relay_peers *peers, FILE *to)
{
    char text[URL_SIZE_MAX + 1];

    (void)fputs(peers->count > 0 ? "peers:\n" : "peers: []\n", to);
    for (size_t i = 0; i < peers->count; i++) {
        struct url url = url_of_relay(&peers->list[i]);

        if (url_print(&url, text, sizeof(text)) == ERR_OK) {
            (void)fprintf(to, "  - \"%s\"\n", text);
        }
    }
}

void relay_settings_print(const struct relay_settings *s, FILE *to)
{
    char text[ENDPOINT_TEXT_SIZE], quantity[QUANTITY_TEXT_SIZE];
    const char *at = s->public_hosts;

    line_print("name", s->name, to);
    (void)fputs(s->listen_default ? "# listen: [::]:4433, and [::]:443 where it can be had\n"
                                  : "listen:\n",
                to);
    for (size_t i = 0; i < s->listen_count && !s->listen_default; i++) {
        (void)fprintf(to, "  - \"%s\"\n", endpoint_text(&s->listen[i], text));
    }
    (void)fputs(*at != '\0' ? "public:\n" : "public: []\n", to);
    while (*at != '\0') {
        size_t size = strcspn(at, ",");
        (void)fprintf(to, "  - \"%.*s\"\n", (int)size, at);
        at += size + (at[size] == ',' ? 1 : 0);
    }
    (void)fprintf(to, "portmap: %s\n", portmap_words[s->portmap].str);
    peers_print(&s->peers, to);
    line_print("key", s->key_path, to);
    line_print("ziglan_key", s->ziglan_key_path, to);
    line_print("delegation", s->delegation_path[0] != '\0' ? s->delegation_path : "off", to);
    line_print("certificate", s->certificate_path[0] != '\0' ? s->certificate_path : "off", to);
    line_print("certificate_key",
               s->certificate_key_path[0] != '\0' ? s->certificate_key_path : "off", to);
    line_print("state", s->state_path, to);
    line_print("control", s->control_path, to);
    line_print("metrics", s->metrics_on ? endpoint_text(&s->metrics, text) : "off", to);
    (void)fprintf(to, "session_max: %u\n", (unsigned)s->session_max);
    (void)snprintf(text, sizeof(text), "%u", (unsigned)s->workers);
    (void)fprintf(to, "workers: %s\n", s->workers != CONFIG_TEXT_AUTO ? text : "auto");
    admission_print(&s->admission, &s->admission_script, to);
    (void)fprintf(to, "open_relay: %s\n", s->open_relay ? "true" : "false");
    (void)fprintf(to, "bandwidth: %s\n",
                  s->bandwidth != 0 ? quantity_rate_text(s->bandwidth, quantity) : "off");
    (void)fprintf(to, "lane_bandwidth: %s\n",
                  s->lane_bandwidth != 0 ? quantity_rate_text(s->lane_bandwidth, quantity) : "off");
    (void)fprintf(to, "monthly: %s\n",
                  s->monthly != 0 ? quantity_bytes_text(s->monthly, quantity) : "off");
    applications_print(&s->applications, to);
    (void)fprintf(to, "stun:\n  per_address_per_s: %u\n  per_s: %u\n  other_address: %s\n",
                  (unsigned)s->stun_per_address_per_s, (unsigned)s->stun_per_s,
                  s->stun_other_address ? "true" : "false");
    (void)fprintf(to, "log_level: %s\n", level_text(s->log_level));
    (void)fprintf(to, "sandbox: %s\n", s->sandbox ? "on" : "off");
}
