/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Peers are gathered as JSON, which YAML contains, so the library does all quoting. A peer that
 * cannot be taken is left out and named; only the machine's own key must be right, since a machine
 * that silently got another one would be a stranger to all that know it.
 */
#include "client/import/mynetwork.h"

#include "client/import/libp2p_key.h"
#include "proto/crypto/key_form.h"
#include "proto/net/endpoint.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is at work: the file, what was found in it, and the peers by key so far. */
struct reading {
    struct mynetwork *out;
    const char *path;
    struct fault *fault;
    json_t *peers; /* array of what stands in our configuration */
    json_t *keys;  /* object; its names are the keys of the peers taken, and the own key */
};

static void PRINTF_LIKE(2, 3) leave(struct mynetwork *out, const char *format, ...)
{
    va_list arguments;

    if (out->left_count < MYNETWORK_LEFT_MAX) {
        va_start(arguments, format);
        (void)vsnprintf(out->left[out->left_count], MYNETWORK_LEFT_SIZE, format, arguments);
        va_end(arguments);
    }
    out->left_count++;
}

static int refuse(const struct reading *reading, int rc, const char *what)
{
    fault_set(reading->fault, rc == ERR_NOMEM ? EXIT_CODE_FAILURE : EXIT_CODE_USAGE, "%.200s: %s",
              reading->path, what);
    return rc;
}

static int out_of_memory(const struct reading *reading)
{
    return refuse(reading, ERR_NOMEM, "out of memory");
}

/* Text for a sentence: what another program's file says is shown only if it is printable. */
static const char *shown(const char *text, char out[40])
{
    size_t at = 0;

    for (; text[at] != '\0' && at < 39; at++) {
        out[at] = text[at] >= ' ' && text[at] <= '~' ? text[at] : '?';
    }
    out[at] = '\0';
    return out;
}

static int seed_take(struct reading *reading, json_t *root)
{
    json_t *value = json_object_get(root, "privateKey");
    const char *text = json_string_value(value);
    struct mynetwork *out = reading->out;
    struct identity identity;
    char key[KEY_TEXT_SIZE];
    int rc;

    if (value == NULL || json_is_null(value)) {
        leave(out, "there is no privateKey, so this machine gets a new key");
        return ERR_OK;
    }
    if (text == NULL ||
        libp2p_private_key_parse(out->seed, text, json_string_length(value)) != ERR_OK) {
        return refuse(reading, ERR_DROP,
                      "privateKey is no Ed25519 key of libp2p (z23...); to begin with a new key, "
                      "remove it from the file");
    }
    out->has_seed = true;
    identity_from_seed(&identity, out->seed);
    rc = json_object_set_new(reading->keys, key_text(identity.public_key, key), json_true());
    identity_wipe(&identity);
    /* The library's copy of the secret; it is ours to change, though not by its interface. */
    explicit_bzero((char *)(uintptr_t)text, json_string_length(value));
    return rc == 0 ? ERR_OK : out_of_memory(reading);
}

/* An address, a slash and the number of bits. */
static bool range_ok(const char *text)
{
    const char *slash = strchr(text, '/');
    struct endpoint address;
    char copy[48];
    char *end;
    unsigned long bits;

    if (slash == NULL || (size_t)(slash - text) >= sizeof(copy) || slash[1] < '0' ||
        slash[1] > '9') {
        return false;
    }
    memcpy(copy, text, (size_t)(slash - text));
    copy[slash - text] = '\0';
    bits = strtoul(slash + 1, &end, 10);
    return *end == '\0' && endpoint_parse_ip(&address, copy, 0) &&
           bits <= (endpoint_is_v4(&address) ? 32U : 128U);
}

/* The routes of a peer, as our configuration writes them. NULL: out of memory. */
static json_t *routes_of(struct mynetwork *out, json_t *peer, const char *name)
{
    json_t *routes = json_array();
    char word[40];
    json_t *route;
    size_t i;

    json_array_foreach(json_object_get(peer, "routes"), i, route) {
        const char *net = json_string_value(json_object_get(route, "net"));

        if (net == NULL || !range_ok(net) || json_array_size(routes) == MYNETWORK_ROUTES_MAX) {
            leave(out, "a route of peer %s: %s", name,
                  net == NULL      ? "it has no net"
                  : !range_ok(net) ? shown(net, word)
                                   : "it has too many");
        } else if (json_array_append_new(routes, json_pack("{s:s}", "net", net)) != 0) {
            json_decref(routes);
            return NULL;
        }
    }
    return routes;
}

/* What stands in our configuration for a peer; takes over routes. NULL: out of memory. */
static json_t *peer_object(const char *key, const char *name, json_t *routes)
{
    json_t *object = json_pack("{s:s}", "id", key);

    if (object != NULL &&
        ((name[0] != '\0' && json_object_set_new(object, "name", json_string(name)) != 0) ||
         (json_array_size(routes) > 0 && json_object_set(object, "routes", routes) != 0))) {
        json_decref(object);
        object = NULL;
    }
    json_decref(routes);
    return object;
}

/* The legal form of a peer's name in `name`; "" if it has none. */
static void name_take(struct mynetwork *out, const char *text, char name[NAME_TEXT_SIZE])
{
    char word[40];

    name[0] = '\0';
    if (text == NULL || text[0] == '\0') {
        return;
    }
    if (!name_fold(name, text, strlen(text)) || name_problem(name, strlen(name)) != NULL) {
        (void)name_sanitise(name, text, strlen(text));
        leave(out, "the name \"%s\", which cannot be one here: it became %s", shown(text, word),
              name);
    }
}

static int peer_take(struct reading *reading, json_t *peer)
{
    const char *text = json_string_value(json_object_get(peer, "name"));
    const char *id = json_string_value(json_object_get(peer, "id"));
    char name[NAME_TEXT_SIZE];
    char key_form[KEY_TEXT_SIZE];
    uint8_t key[KEY_SIZE];
    char word[40];
    json_t *routes;

    shown(text != NULL ? text : "without a name", word);
    if (id == NULL || libp2p_id_parse(key, id, strlen(id)) != ERR_OK) {
        leave(reading->out, "peer %s: its id is not that of an Ed25519 key (12D3Koo...)", word);
        return ERR_OK;
    }
    if (json_object_get(reading->keys, key_text(key, key_form)) != NULL) {
        leave(reading->out, "peer %s: it is this machine or was named before", word);
        return ERR_OK;
    }
    name_take(reading->out, text, name);
    routes = routes_of(reading->out, peer, name);
    if (routes == NULL) {
        return out_of_memory(reading);
    }
    reading->out->routes_count += json_array_size(routes);
    if (json_object_set_new(reading->keys, key_form, json_true()) != 0 ||
        json_array_append_new(reading->peers, peer_object(key_form, name, routes)) != 0) {
        return out_of_memory(reading);
    }
    return ERR_OK;
}

static int peers_take(struct reading *reading, json_t *root)
{
    json_t *peers = json_object_get(root, "peers");
    json_t *peer;
    size_t i;
    int rc = ERR_OK;

    if (peers != NULL && !json_is_null(peers) && !json_is_array(peers)) {
        return refuse(reading, ERR_DROP, "peers is no list of {\"name\": NAME, \"id\": ID}");
    }
    if (json_array_size(peers) > MYNETWORK_PEERS_MAX) {
        return refuse(reading, ERR_DROP, "more than 10,000 peers are too many for one host");
    }
    json_array_foreach(peers, i, peer) {
        rc = peer_take(reading, peer);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    reading->out->peers_count = json_array_size(reading->peers);
    return ERR_OK;
}

/* The other keys of the file mean nothing here; whoever relied on them should know. */
static void others_leave(struct mynetwork *out, json_t *root)
{
    const char *key;
    json_t *value;
    char word[40];

    json_object_foreach(root, key, value) {
        if (strcmp(key, "peers") != 0 && strcmp(key, "privateKey") != 0) {
            leave(out, "%s", shown(key, word));
        }
    }
}

/* The peers as text, a line for each. ERR_OK or ERR_NOMEM. */
static int peers_write(struct mynetwork *out, json_t *peers)
{
    size_t used = 0;
    size_t i;
    json_t *peer;

    out->peers = calloc(1, 1);
    json_array_foreach(peers, i, peer) {
        char *line = json_dumps(peer, JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
        size_t size = line != NULL ? strlen(line) : 0;
        char *text = out->peers != NULL ? realloc(out->peers, used + size + 6) : NULL;

        if (line == NULL || text == NULL) {
            free(line);
            return ERR_NOMEM;
        }
        out->peers = text;
        used += (size_t)snprintf(text + used, size + 6, "  - %s\n", line);
        free(line);
    }
    return out->peers != NULL ? ERR_OK : ERR_NOMEM;
}

static int root_take(struct reading *reading, json_t *root)
{
    int rc;

    if (!json_is_object(root) ||
        (json_object_get(root, "peers") == NULL && json_object_get(root, "privateKey") == NULL)) {
        return refuse(reading, ERR_DROP,
                      "this is no configuration of mynetwork or hyprspace: it has neither peers "
                      "nor privateKey");
    }
    rc = seed_take(reading, root);
    if (rc == ERR_OK) {
        rc = peers_take(reading, root);
    }
    if (rc == ERR_OK) {
        others_leave(reading->out, root);
        rc = peers_write(reading->out, reading->peers) == ERR_OK ? ERR_OK : out_of_memory(reading);
    }
    return rc;
}

int mynetwork_read(struct mynetwork **out, const char *path, const char *text, size_t size,
                   struct fault *fault)
{
    struct reading reading = {.path = path, .fault = fault};
    json_error_t error;
    json_t *root = NULL;
    int rc = ERR_OK;

    *out = NULL;
    reading.out = calloc(1, sizeof(*reading.out));
    reading.peers = json_array();
    reading.keys = json_object();
    if (reading.out == NULL || reading.peers == NULL || reading.keys == NULL) {
        rc = out_of_memory(&reading);
    } else {
        root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
        if (root == NULL) {
            /* The library's own words quote the text, which may be the private key. */
            fault_set(fault, EXIT_CODE_USAGE, "%.200s:%d: that is no JSON", path, error.line);
            rc = ERR_DROP;
        } else {
            rc = root_take(&reading, root);
        }
    }
    json_decref(root);
    json_decref(reading.peers);
    json_decref(reading.keys);
    if (rc != ERR_OK) {
        mynetwork_free(reading.out);
        return rc;
    }
    *out = reading.out;
    return ERR_OK;
}

void mynetwork_free(struct mynetwork *mynetwork)
{
    if (mynetwork != NULL) {
        free(mynetwork->peers);
        explicit_bzero(mynetwork, sizeof(*mynetwork));
        free(mynetwork);
    }
}
