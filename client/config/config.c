/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libcyaml checks the shape of the file and fills in `struct raw`; the functions below check what
 * the values mean and take them over.
 */
#include "client/config/config.h"

#include "proto/base/base32.h"
#include "proto/base/bytes.h"
#include "proto/base/config_text.h"
#include "proto/net/addrplan.h"
#include "proto/net/endpoint.h"
#include "proto/wire/name.h"
#include "proto/wire/url.h"

#include <ctype.h>
#include <cyaml/cyaml.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_SIZE_MAX = 4096,
    ROUTES_MAX = 1000,
    POOL_PREFIX_MAX = 28,
};

/* -- The shape of the file --------------------------------------------------------------------- */

struct raw_route {
    char *net;
};

struct raw_peer {
    char *name, *id;
    char **via;
    struct raw_route *routes;
    unsigned via_count, routes_count;
};

struct raw_dns {
    int *enabled, *search;
    char *address;
};

/* tidy-ok: struct-fields one for each key of the file */
struct raw {
    char *key, *private_key, *pool, *name, *operator, * metrics, *threads;
    uint32_t *listen_port, *mtu;
    char **ziglans, **relays, **fixed;
    unsigned ziglans_count, relays_count, fixed_count;
    struct raw_peer *peers;
    unsigned peers_count;
    struct raw_dns *dns;
    int *log_level, *home_relays, *portmap, *lan, *guess_ports, *cipher, *lanes, *sandbox, *fair;
};

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

/* libcyaml takes any word for a bool. With a list of words a mistyped one is an error. */
static const cyaml_strval_t bool_words[] = {{"false", 0}, {"no", 0},  {"off", 0},
                                            {"true", 1},  {"yes", 1}, {"on", 1}};

static const cyaml_strval_t level_words[] = {{"error", TRACE_LEVEL_ERROR},
                                             {"warn", TRACE_LEVEL_WARN},
                                             {"info", TRACE_LEVEL_INFO},
                                             {"debug", TRACE_LEVEL_DEBUG}};

static const cyaml_strval_t portmap_words[] = {
    {"auto", PORTMAP_MODE_AUTO}, {"on", PORTMAP_MODE_ON}, {"off", PORTMAP_MODE_OFF}};

static const cyaml_strval_t cipher_words[] = {{"auto", AEAD_NONE},
                                              {"aegis-128l", AEAD_AEGIS_128L},
                                              {"aes-256-gcm", AEAD_AES_256_GCM},
                                              {"chacha20-poly1305", AEAD_CHACHA20_POLY1305}};

static const cyaml_schema_value_t text_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, TEXT_SIZE_MAX)};

static const cyaml_schema_field_t route_fields[] = {
    CYAML_FIELD_STRING_PTR("net", CYAML_FLAG_POINTER, struct raw_route, net, 0, TEXT_SIZE_MAX),
    CYAML_FIELD_END};

static const cyaml_schema_value_t route_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_route, route_fields)};

static const cyaml_schema_field_t peer_fields[] = {
    CYAML_FIELD_STRING_PTR("name", OPTIONAL, struct raw_peer, name, 0, TEXT_SIZE_MAX),
    CYAML_FIELD_STRING_PTR("id", CYAML_FLAG_POINTER, struct raw_peer, id, 0, TEXT_SIZE_MAX),
    CYAML_FIELD_SEQUENCE("via", OPTIONAL, struct raw_peer, via, &text_schema, 0,
                         CLIENT_CONFIG_VIA_MAX),
    CYAML_FIELD_SEQUENCE("routes", OPTIONAL, struct raw_peer, routes, &route_schema, 0, ROUTES_MAX),
    CYAML_FIELD_END};

static const cyaml_schema_value_t peer_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_peer, peer_fields)};

static const cyaml_schema_field_t dns_fields[] = {
    CYAML_FIELD_ENUM_PTR("enabled", OPTIONAL | CYAML_FLAG_STRICT, struct raw_dns, enabled,
                         bool_words, CYAML_ARRAY_LEN(bool_words)),
    CYAML_FIELD_STRING_PTR("address", OPTIONAL, struct raw_dns, address, 0, TEXT_SIZE_MAX),
    CYAML_FIELD_ENUM_PTR("search", OPTIONAL | CYAML_FLAG_STRICT, struct raw_dns, search, bool_words,
                         CYAML_ARRAY_LEN(bool_words)),
    CYAML_FIELD_END};

static const cyaml_schema_field_t fields[] = {
    CYAML_FIELD_STRING_PTR("key", OPTIONAL, struct raw, key, 0, TEXT_SIZE_MAX),
    CYAML_FIELD_STRING_PTR("privateKey", OPTIONAL, struct raw, private_key, 0, TEXT_SIZE_MAX),
    CYAML_FIELD_STRING_PTR("pool", OPTIONAL, struct raw, pool, 0, TEXT_SIZE_MAX),
    CYAML_FIELD_STRING_PTR("name", OPTIONAL, struct raw, name, 0, TEXT_SIZE_MAX),
    CYAML_FIELD_STRING_PTR("threads", OPTIONAL, struct raw, threads, 0, TEXT_SIZE_MAX),
    CYAML_FIELD_STRING_PTR("operator", OPTIONAL, struct raw, operator, 0, TEXT_SIZE_MAX),
    CYAML_FIELD_STRING_PTR("metrics", OPTIONAL, struct raw, metrics, 0, TEXT_SIZE_MAX),
    CYAML_FIELD_UINT_PTR("listen_port", OPTIONAL, struct raw, listen_port),
    CYAML_FIELD_ENUM_PTR("portmap", OPTIONAL | CYAML_FLAG_STRICT, struct raw, portmap,
                         portmap_words, CYAML_ARRAY_LEN(portmap_words)),
    CYAML_FIELD_ENUM_PTR("lan", OPTIONAL | CYAML_FLAG_STRICT, struct raw, lan, bool_words,
                         CYAML_ARRAY_LEN(bool_words)),
    CYAML_FIELD_ENUM_PTR("guess_ports", OPTIONAL | CYAML_FLAG_STRICT, struct raw, guess_ports,
                         bool_words, CYAML_ARRAY_LEN(bool_words)),
    CYAML_FIELD_ENUM_PTR("fair_queue", OPTIONAL | CYAML_FLAG_STRICT, struct raw, fair, bool_words,
                         CYAML_ARRAY_LEN(bool_words)),
    CYAML_FIELD_ENUM_PTR("lanes", OPTIONAL | CYAML_FLAG_STRICT, struct raw, lanes, bool_words,
                         CYAML_ARRAY_LEN(bool_words)),
    CYAML_FIELD_ENUM_PTR("cipher", OPTIONAL | CYAML_FLAG_STRICT, struct raw, cipher, cipher_words,
                         CYAML_ARRAY_LEN(cipher_words)),
    CYAML_FIELD_UINT_PTR("mtu", OPTIONAL, struct raw, mtu),
    CYAML_FIELD_SEQUENCE("ziglans", OPTIONAL, struct raw, ziglans, &text_schema, 0,
                         CLIENT_CONFIG_ZIGLANS_MAX),
    CYAML_FIELD_SEQUENCE("relays", OPTIONAL, struct raw, relays, &text_schema, 0,
                         CLIENT_CONFIG_RELAYS_MAX),
    CYAML_FIELD_ENUM_PTR("home_relays", OPTIONAL | CYAML_FLAG_STRICT, struct raw, home_relays,
                         bool_words, CYAML_ARRAY_LEN(bool_words)),
    CYAML_FIELD_SEQUENCE("fixed", OPTIONAL, struct raw, fixed, &text_schema, 0, ADDRPLAN_FIXED_MAX),
    CYAML_FIELD_SEQUENCE("peers", OPTIONAL, struct raw, peers, &peer_schema, 0,
                         CLIENT_CONFIG_PEERS_MAX),
    CYAML_FIELD_MAPPING_PTR("dns", OPTIONAL, struct raw, dns, dns_fields),
    CYAML_FIELD_ENUM_PTR("log_level", OPTIONAL | CYAML_FLAG_STRICT, struct raw, log_level,
                         level_words, CYAML_ARRAY_LEN(level_words)),
    CYAML_FIELD_ENUM_PTR("sandbox", OPTIONAL | CYAML_FLAG_STRICT, struct raw, sandbox, bool_words,
                         CYAML_ARRAY_LEN(bool_words)),
    CYAML_FIELD_END};

static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw, fields)};

/* What a key must be, as the end of a sentence. */
static const struct config_key keys[] = {
    {"key", "the path of a key file"},
    {"privateKey", "the 52 base32 characters of a key file"},
    {"pool", "an IPv4 range from /8 to /28 such as 100.64.0.0/16"},
    {"name", "one DNS label of a to z, 0 to 9 and inner hyphens, at most 63 characters, and not a "
             "reserved word"},
    {"operator", "the name of a group, of at most 32 letters, digits, - and _"},
    {"metrics", "a local ADDRESS:PORT such as 127.0.0.1:9434, or off"},
    {"listen_port", "a number from 0 (any free port) to 65535"},
    {"portmap", "auto, on or off"},
    {"lan", "true or false"},
    {"guess_ports", "true or false"},
    {"lanes", "true or false"},
    {"fair_queue", "true or false"},
    {"threads", "auto or a whole number from 0 to 16"},
    {"cipher", "one of auto, aegis-128l, aes-256-gcm, chacha20-poly1305"},
    {"mtu", "a number from 1280 to 9000"},
    {"ziglans", "a list of at most 64 URLs that begin with ziglan://"},
    {"relays", "a list of at most 8 URLs that begin with relay://, or keys of relays"},
    {"home_relays", "true or false"},
    {"fixed", "a list of at most 4 MAC addresses such as a2:ce:c8:1a:2b:3c"},
    {"peers", "a list of {name: NAME, id: KEY}"},
    {"id", "a key of 52 base32 characters"},
    {"via", "a list of at most 3 keys of relays, all different"},
    {"routes", "a list of {net: RANGE}"},
    {"net", "a range such as 10.1.2.0/24"},
    {"dns", "a mapping of enabled, address and search"},
    {"enabled", "true or false"},
    {"address", "an IPv4 address outside the pool"},
    {"search", "true or false"},
    {"log_level", "one of error, warn, info, debug"},
    {"sandbox", "on or off"},
};

static const char keys_known[] =
    "key, privateKey, pool, name, operator, listen_port, portmap, "
    "lan, guess_ports, lanes, fair_queue, threads, cipher, mtu, fixed, "
    "ziglans, relays, home_relays, "
    "peers [name, id, via, routes [net]], "
    "dns {enabled, address, search}, metrics, log_level, sandbox";

static void report_log(cyaml_log_t level, void *context, const char *format, va_list args)
    PRINTF_LIKE(3, 0);

static void report_log(cyaml_log_t level, void *context, const char *format, va_list args)
{
    if (level >= CYAML_LOG_ERROR) {
        config_text_report(context, format, args);
    }
}

static void warn(struct client_config *out, const char *format, ...) PRINTF_LIKE(2, 3);

static void warn(struct client_config *out, const char *format, ...)
{
    va_list args;

    if (out->warnings_count == CLIENT_CONFIG_WARNINGS_MAX) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(out->warnings[out->warnings_count], CLIENT_CONFIG_WARNING_SIZE, format, args);
    va_end(args);
    out->warnings_count++;
}

/* -- Meaning ----------------------------------------------------------------------------------- */

/* Each of these takes over what belongs to it. False after config_text_refuse or config_text_fail
 * wrote the sentence; false without a sentence: out of memory. */

static bool pool_take(struct config_text *in, struct client_config *out, const struct raw *raw)
{
    struct addrplan_pool pool;
    char text[ADDRPLAN_POOL_TEXT_SIZE];

    if (raw->pool == NULL) {
        return true;
    }
    if (!addrplan_pool_parse(&pool, raw->pool) || pool.prefix_bits > POOL_PREFIX_MAX) {
        return config_text_refuse(in, "pool", raw->pool);
    }
    if (pool.host_bits) {
        warn(out, "the pool %.40s is read as %s", raw->pool, addrplan_pool_text(&pool, text));
    }
    be32_write(out->pool, pool.base);
    out->pool_prefix = pool.prefix_bits;
    return true;
}

/* Without the key the default stays. */
static void switch_take(bool *out, const int *value)
{
    *out = value != NULL ? *value != 0 : *out;
}

static bool dns_take(struct config_text *in, struct client_config *out, const struct raw *raw)
{
    struct addrplan_pool pool = {.base = be32_read(out->pool), .prefix_bits = out->pool_prefix};
    struct endpoint address;

    if (out->pool_prefix == 0) {
        pool = ADDRPLAN_POOL_DEFAULT; /* what most hosts choose */
    }

    if (raw->dns == NULL) {
        return true;
    }
    switch_take(&out->dns_enabled, raw->dns->enabled);
    out->dns_search = raw->dns->search != NULL && *raw->dns->search != 0;
    if (raw->dns->address == NULL) {
        return true;
    }
    if (!endpoint_parse(&address, raw->dns->address, 0) || !endpoint_is_v4(&address) ||
        address.port != 0 || address.ip[12] == 0 || address.ip[12] >= 224 ||
        addrplan_pool_contains(&pool, address.ip + 12)) {
        return config_text_refuse(in, "address", raw->dns->address);
    }
    memcpy(out->dns_address, address.ip + 12, 4);
    return true;
}

/* A DNS label, in lower case from here on; a missing or empty one leaves out as it is. */
static bool label_take(struct config_text *in, char out[NAME_TEXT_SIZE], const char *text)
{
    if (text == NULL || text[0] == '\0') {
        return true;
    }
    if (strlen(text) >= NAME_TEXT_SIZE) {
        return config_text_refuse(in, "name", text);
    }
    for (size_t i = 0; i <= strlen(text); i++) {
        out[i] = (char)tolower((unsigned char)text[i]);
    }
    return name_problem(out, strlen(out)) == NULL ? true : config_text_refuse(in, "name", text);
}

static bool operator_take(struct config_text *in, struct client_config *out, const char *text)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

    if (text == NULL || text[0] == '\0') {
        return true;
    }
    if (strlen(text) >= sizeof(out->operator_group) || strspn(text, allowed) != strlen(text)) {
        return config_text_refuse(in, "operator", text);
    }
    memcpy(out->operator_group, text, strlen(text) + 1);
    return true;
}

static bool metrics_take(struct config_text *in, struct client_config *out, const char *text)
{
    out->metrics_on = text != NULL && strcmp(text, "off") != 0;
    return !out->metrics_on || (endpoint_parse(&out->metrics, text, 0) && out->metrics.port != 0) ||
           config_text_refuse(in, "metrics", text);
}

static bool via_take(struct config_text *in, struct client_config_peer *out,
                     const struct raw_peer *peer)
{
    for (unsigned i = 0; i < peer->via_count; i++) {
        const char *text = peer->via[i];

        if (key_parse(out->via[i], text, strlen(text)) != ERR_OK) {
            return config_text_refuse(in, "via", text);
        }
        for (unsigned k = 0; k < i; k++) {
            if (memcmp(out->via[i], out->via[k], KEY_SIZE) == 0) {
                return config_text_refuse(in, "via", text);
            }
        }
        out->via_count++;
    }
    return true;
}

static bool peers_take(struct config_text *in, struct client_config *out, const struct raw *raw)
{
    size_t routes_count = 0;

    if (raw->peers_count == 0) {
        return true;
    }
    out->peers = calloc(raw->peers_count, sizeof(*out->peers));
    if (out->peers == NULL) {
        return false;
    }
    for (unsigned i = 0; i < raw->peers_count; i++) {
        const struct raw_peer *peer = &raw->peers[i];

        if (key_parse(out->peers[i].key, peer->id, strlen(peer->id)) != ERR_OK) {
            return config_text_refuse(in, "id", peer->id);
        }
        if (!label_take(in, out->peers[i].name, peer->name) ||
            !via_take(in, &out->peers[i], peer)) {
            return false;
        }
        out->peers_count++;
        routes_count += peer->routes_count;
    }
    if (routes_count > 0) {
        warn(out, "routes through peers are not supported yet; %zu of them are left out",
             routes_count);
    }
    return true;
}

/* True if each of these is a usable URL of this kind; `list` is their key. */
static bool urls_check(struct config_text *in, const char *list, char *const *urls, unsigned count,
                       enum url_kind kind)
{
    char problem[URL_ERROR_SIZE];
    struct url url;

    for (unsigned i = 0; i < count; i++) {
        const char *text = urls[i];
        uint8_t key[KEY_SIZE];

        if (kind == URL_KIND_RELAY && key_parse(key, text, strlen(text)) == ERR_OK) {
            continue; /* other relays know where it is */
        }
        if (url_parse(&url, text, strlen(text), problem) != ERR_OK) {
            return config_text_fail(in, list, text, "%s", problem);
        }
        if (!url_is_usable(&url)) {
            return config_text_fail(in, list, text, "%s", KEY_UNUSABLE_TEXT);
        }
        if (url.kind != kind) {
            return config_text_refuse(in, list, text);
        }
    }
    return true;
}

static bool urls_take(struct config_text *in, struct client_config *out, struct raw *raw)
{
    if (!urls_check(in, "ziglans", raw->ziglans, raw->ziglans_count, URL_KIND_ZIGLAN) ||
        !urls_check(in, "relays", raw->relays, raw->relays_count, URL_KIND_RELAY)) {
        return false;
    }
    out->ziglans = raw->ziglans;
    out->ziglans_count = raw->ziglans_count;
    switch_take(&out->home_relays, raw->home_relays);
    out->relays = raw->relays;
    out->relays_count = raw->relays_count;
    raw->ziglans = NULL; /* they belong to out now */
    raw->ziglans_count = 0;
    raw->relays = NULL;
    raw->relays_count = 0;
    return true;
}

static bool identity_take(struct config_text *in, struct client_config *out, struct raw *raw)
{
    if (raw->private_key != NULL) {
        /* The value must not appear in a message. */
        if (base32_decode(out->seed, sizeof(out->seed), raw->private_key,
                          strlen(raw->private_key)) != ERR_OK) {
            return config_text_refuse(in, "privateKey", "that");
        }
        out->has_seed = true;
    }
    if (raw->key != NULL) {
        if (out->has_seed) {
            return config_text_fail(in, "privateKey", "",
                                    "give either 'key' or 'privateKey', not both");
        }
        if (raw->key[0] == '\0') {
            return config_text_refuse(in, "key", raw->key);
        }
        out->key_path = raw->key;
        raw->key = NULL;
    }
    return true;
}

static bool number_take(struct config_text *in, uint16_t *out, const char *key,
                        const uint32_t *value, uint32_t low, uint32_t high)
{
    char text[16];

    if (value == NULL) {
        return true;
    }
    if (*value < low || *value > high) {
        (void)snprintf(text, sizeof(text), "%u", (unsigned)*value);
        return config_text_refuse(in, key, text);
    }
    *out = (uint16_t)*value;
    return true;
}

static bool fixed_take(struct config_text *in, struct client_config *out, const struct raw *raw)
{
    for (unsigned i = 0; i < raw->fixed_count; i++) {
        uint8_t mac[6];

        if (!addrplan_mac_parse(mac, raw->fixed[i])) {
            return config_text_refuse(in, "fixed", raw->fixed[i]);
        }
        addrplan_eui64_of_mac(out->fixed[out->fixed_count++], mac);
    }
    return true;
}

/* What waits in a fair order is sent by the loop, which knows when there is room. */
static bool threads_take(struct config_text *in, struct client_config *out, const char *text)
{
    if (!config_text_count(in, "threads", text, CLIENT_CONFIG_THREADS_MAX, &out->threads)) {
        return false;
    }
    if (out->fair_queue && out->threads != CONFIG_TEXT_AUTO && out->threads > 0) {
        warn(out, "threads: %u is not heeded, because fair_queue is on, which wants one thread",
             (unsigned)out->threads);
    }
    if (out->fair_queue) {
        out->threads = 0;
    }
    return true;
}

static bool raw_take(struct config_text *in, struct client_config *out, struct raw *raw)
{
    out->log_level = raw->log_level != NULL ? (enum trace_level) * raw->log_level : out->log_level;
    switch_take(&out->lan, raw->lan);
    out->portmap = raw->portmap != NULL ? (enum portmap_mode) * raw->portmap : PORTMAP_MODE_AUTO;
    switch_take(&out->guess_ports, raw->guess_ports);
    switch_take(&out->lanes, raw->lanes);
    switch_take(&out->fair_queue, raw->fair);
    switch_take(&out->sandbox, raw->sandbox);
    out->cipher = raw->cipher != NULL ? (enum aead) * raw->cipher : AEAD_NONE;
    return identity_take(in, out, raw) && pool_take(in, out, raw) &&
           number_take(in, &out->listen_port, "listen_port", raw->listen_port, 0, UINT16_MAX) &&
           number_take(in, &out->mtu, "mtu", raw->mtu, INNER_MTU_MIN, INNER_MTU_MAX) &&
           fixed_take(in, out, raw) && label_take(in, out->name, raw->name) &&
           urls_take(in, out, raw) && peers_take(in, out, raw) && dns_take(in, out, raw) &&
           operator_take(in, out, raw->operator) && metrics_take(in, out, raw->metrics) &&
           threads_take(in, out, raw->threads);
}

/* -- Reading ----------------------------------------------------------------------------------- */

/* True for a text of blanks and comments, which means all defaults. libcyaml would refuse it. */
static bool text_is_empty(const uint8_t *text, size_t size)
{
    bool comment = false;

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n') {
            comment = false;
        } else if (text[i] == '#') {
            comment = true;
        } else if (!comment && text[i] != ' ' && text[i] != '\r' && text[i] != '\t') {
            return false;
        }
    }
    return true;
}

static struct client_config *config_with_defaults(void)
{
    struct client_config *config = calloc(1, sizeof(*config));

    if (config != NULL) {
        config->mtu = INNER_MTU_DEFAULT;
        config->dns_enabled = true;
        config->home_relays = true;
        config->lan = true;
        config->guess_ports = true;
        config->lanes = true;
        config->sandbox = true;
        config->threads = CONFIG_TEXT_AUTO;
        config->log_level = TRACE_LEVEL_INFO;
    }
    return config;
}

/* The key must not stay behind in the memory that libcyaml frees. */
static void raw_wipe(struct raw *raw)
{
    if (raw != NULL && raw->private_key != NULL) {
        sodium_memzero(raw->private_key, strlen(raw->private_key));
    }
}

int client_config_parse(struct client_config **out, const char *path, const uint8_t *text,
                        size_t size, struct fault *fault)
{
    struct config_text in = {.path = path,
                             .text = (const char *)text,
                             .size = size,
                             .keys = keys,
                             .keys_count = CYAML_ARRAY_LEN(keys),
                             .keys_known = keys_known};
    const cyaml_config_t settings = {.log_fn = report_log,
                                     .log_ctx = &in,
                                     .mem_fn = cyaml_mem,
                                     .log_level = CYAML_LOG_ERROR,
                                     .flags = CYAML_CFG_NO_ALIAS};
    struct client_config *config = config_with_defaults();
    struct raw *raw = NULL;
    int rc = config != NULL ? ERR_OK : ERR_NOMEM;

    *out = NULL;
    if (rc == ERR_OK && !text_is_empty(text, size)) {
        cyaml_err_t read =
            cyaml_load_data(text, size, &settings, &schema, (cyaml_data_t **)&raw, NULL);

        if (read != CYAML_OK && read != CYAML_ERR_OOM) {
            config_text_tell(&in);
        }
        /* raw is NULL after success where the text holds no document, as a lone byte order mark. */
        if (read != CYAML_OK || (raw != NULL && !raw_take(&in, config, raw))) {
            rc = in.error[0] != '\0' ? ERR_DROP : ERR_NOMEM;
        }
    }
    raw_wipe(raw);
    (void)cyaml_free(&settings, &schema, raw, 0);
    if (rc != ERR_OK) {
        fault_set(fault, rc == ERR_DROP ? EXIT_CODE_USAGE : EXIT_CODE_FAILURE, "%s",
                  rc == ERR_DROP ? in.error : "out of memory");
        client_config_free(config);
        return rc;
    }
    *out = config;
    return ERR_OK;
}

void client_config_free(struct client_config *config)
{
    if (config == NULL) {
        return;
    }
    sodium_memzero(config->seed, sizeof(config->seed));
    for (size_t i = 0; i < config->relays_count; i++) {
        free(config->relays[i]);
    }
    free(config->relays);
    for (size_t i = 0; i < config->ziglans_count; i++) {
        free(config->ziglans[i]);
    }
    free(config->ziglans);
    free(config->key_path);
    free(config->peers);
    free(config);
}
