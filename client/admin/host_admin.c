/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests of the command line, by their verb. */
#include "client/admin/host_admin.h"

#include "client/admin/report.h"
#include "client/admin/whoami.h"
#include "client/core/blocking.h"
#include "client/core/contacting.h"
#include "client/core/pinning.h"
#include "client/peer/life.h"
#include "client/peer/presence.h"
#include "proto/admin/answer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { TEXT_SIZE = 128 };

static json_t *join(struct host_core *core, const json_t *request, struct mono now)
{
    const char *url = json_string_value(json_object_get(request, "url"));
    const char *name = json_string_value(json_object_get(request, "name"));
    char error[URL_ERROR_SIZE] = "the ziglan could not be joined";

    if (url == NULL) {
        return answer_refuse(EXIT_CODE_FAILURE, "join wants a url");
    }
    if (host_core_join(core, url, name, error, sizeof(error), now) != ERR_OK) {
        return answer_refuse(EXIT_CODE_FAILURE, "%s", error);
    }
    return answer_ok(json_object());
}

static json_t *leave(struct host_core *core, const json_t *request, struct mono now)
{
    const char *name = json_string_value(json_object_get(request, "ziglan"));
    uint8_t key[KEY_SIZE];
    char text[KEY_TEXT_SIZE];

    int rc = name == NULL ? ERR_DROP : host_core_leave(core, name, key, now);

    if (rc == ERR_LIMIT) {
        return answer_refuse(EXIT_CODE_FAILURE, HOST_LEAVE_SEVERAL);
    }
    if (rc != ERR_OK) {
        return answer_refuse(EXIT_CODE_FAILURE,
                             "no joined ziglan has this name or key; see ziglan status");
    }
    return answer_ok(json_pack("{s:s}", "key", key_text(key, text)));
}

/* A peer's name as the core wants it: without the suffix, with or without the dot that ends a name
 * of the DNS. False if it is too long for a name. */
static bool name_of_text(const char *text, char name[TEXT_SIZE])
{
    static const char suffix[] = ".zignet";
    size_t size = strlen(text);

    if (size > 0 && text[size - 1] == '.') {
        size--;
    }
    if (size >= sizeof(suffix) - 1 &&
        strncasecmp(text + size - (sizeof(suffix) - 1), suffix, sizeof(suffix) - 1) == 0) {
        size -= sizeof(suffix) - 1;
    }
    if (size >= TEXT_SIZE) {
        return false;
    }
    memcpy(name, text, size);
    name[size] = '\0';
    return true;
}

static json_t *peer_add(struct host_core *core, const json_t *request, struct mono now)
{
    const char *key = json_string_value(json_object_get(request, "key"));
    const char *name = json_string_value(json_object_get(request, "name"));
    char error[URL_ERROR_SIZE] = "";

    if (key == NULL) {
        return answer_refuse(EXIT_CODE_FAILURE, "peer_add wants a key");
    }
    int rc = contacting_add(core, key, name, error, sizeof(error), now);
    if (rc != ERR_OK) {
        return answer_refuse(rc == ERR_DROP ? EXIT_CODE_USAGE : EXIT_CODE_FAILURE, "%s", error);
    }
    return answer_ok(json_pack("{s:s}", "key", key));
}

static json_t *peer_remove(struct host_core *core, const json_t *request, struct mono now)
{
    const char *text = json_string_value(json_object_get(request, "peer"));
    char name[TEXT_SIZE];
    char error[URL_ERROR_SIZE] = "";

    if (text == NULL || !name_of_text(text, name)) {
        return answer_refuse(EXIT_CODE_FAILURE, "peer_remove wants a peer");
    }
    if (contacting_remove(core, name, error, sizeof(error), now) != ERR_OK) {
        return answer_refuse(EXIT_CODE_FAILURE, "%s", error);
    }
    return answer_ok(json_object());
}

static json_t *relay_pin(struct host_core *core, const json_t *request, struct mono now)
{
    const char *text = json_string_value(json_object_get(request, "relay"));
    char error[URL_ERROR_SIZE] = "";

    if (text == NULL) {
        return answer_refuse(EXIT_CODE_FAILURE, "relay_pin wants a relay");
    }
    int rc = pinning_add(core, text, error, sizeof(error), now);
    if (rc != ERR_OK) {
        return answer_refuse(rc == ERR_DROP ? EXIT_CODE_USAGE : EXIT_CODE_FAILURE, "%s", error);
    }
    return answer_ok(json_object());
}

static json_t *relay_unpin(struct host_core *core, const json_t *request, struct mono now)
{
    const char *text = json_string_value(json_object_get(request, "relay"));
    char error[URL_ERROR_SIZE] = "";

    if (text == NULL) {
        return answer_refuse(EXIT_CODE_FAILURE, "relay_unpin wants a relay");
    }
    if (pinning_remove(core, text, error, sizeof(error), now) != ERR_OK) {
        return answer_refuse(EXIT_CODE_FAILURE, "%s", error);
    }
    return answer_ok(json_object());
}

/* Both verbs of blocking. */
static json_t *block_or_not(struct host_core *core, const json_t *request,
                            int (*change)(struct host_core *core, const char *text,
                                          uint8_t key[KEY_SIZE], char *error, size_t error_size,
                                          struct mono now),
                            struct mono now)
{
    const char *text = json_string_value(json_object_get(request, "peer"));
    char name[TEXT_SIZE];
    char error[URL_ERROR_SIZE] = "";
    uint8_t key[KEY_SIZE];
    char key_as_text[KEY_TEXT_SIZE];

    if (text == NULL || !name_of_text(text, name)) {
        return answer_refuse(EXIT_CODE_FAILURE, "a block wants a peer");
    }
    if (change(core, name, key, error, sizeof(error), now) != ERR_OK) {
        return answer_refuse(EXIT_CODE_FAILURE, "%s", error);
    }
    return answer_ok(json_pack("{s:s}", "key", key_text(key, key_as_text)));
}

static json_t *block(struct host_core *core, const json_t *request, struct mono now)
{
    return block_or_not(core, request, blocking_add, now);
}

static json_t *unblock(struct host_core *core, const json_t *request, struct mono now)
{
    return block_or_not(core, request, blocking_remove, now);
}

static json_t *trusted(const struct trust_outcome *out, const char *before)
{
    char key[KEY_TEXT_SIZE];

    return answer_ok(json_pack("{s:i, s:s, s:s, s:s, s:s}", "schema", WHOAMI_SCHEMA, "name",
                               out->name, "ziglan", out->ziglan_name, "key",
                               key_text(out->key, key), "before", before));
}

static json_t *trust(struct host_core *core, const json_t *request, struct mono now)
{
    (void)now;
    const char *text = json_string_value(json_object_get(request, "name"));
    char name[TEXT_SIZE];
    char before[KEY_TEXT_SIZE];
    struct trust_outcome out;

    if (text == NULL || !name_of_text(text, name)) {
        return answer_refuse(EXIT_CODE_FAILURE, "trust wants a name");
    }
    switch (host_core_trust(core, name, &out)) {
    case TRUST_RESULT_AGREED:
        return trusted(&out, key_text(out.before, before));
    case TRUST_RESULT_ALREADY:
        return trusted(&out, "");
    case TRUST_RESULT_SEVERAL:
        return answer_refuse(EXIT_CODE_FAILURE,
                             "several members fit; say NAME.ZIGLAN or a key, see ziglan peers");
    case TRUST_RESULT_FAILED:
        return answer_refuse(EXIT_CODE_FAILURE, "it could not be stored; is the disk full?");
    case TRUST_RESULT_UNKNOWN:
        break;
    }
    return answer_refuse(EXIT_CODE_FAILURE, "no member has this name or key; see ziglan peers");
}

/* The peer whose key begins so, as tables show keys; NULL if it is not one. */
static const struct peer *peer_of_short_key(const struct host_core *core, const char *text)
{
    const struct peer *found = NULL;
    size_t count = 0;

    for (size_t i = 0; i < core->peers.count; i++) {
        const struct peer *peer = core->peers.list[i];

        if (peer != NULL && key_begins(peer->key, text)) {
            found = peer;
            count++;
        }
    }
    return count == 1 ? found : NULL;
}

/* The overlay address that the text names: an address, or the one of a name or key. Returns its
 * size in bytes, or 0 if nobody has that name. */
static size_t address_of_text(struct host_core *core, const char *text, uint8_t ip[16])
{
    struct host_name_record record;
    char name[TEXT_SIZE];

    if (inet_pton(AF_INET, text, ip) == 1) {
        return 4;
    }
    if (inet_pton(AF_INET6, text, ip) == 1) {
        return 16;
    }
    if (!name_of_text(text, name)) {
        return 0;
    }
    if (!host_core_lookup_name(core, name, &record)) {
        const struct peer *peer = peer_of_short_key(core, name);

        if (peer == NULL) {
            return 0;
        }
        memcpy(record.v6, peer->pair.peer.v6, sizeof(record.v6));
    }
    memcpy(ip, record.v6, sizeof(record.v6));
    return sizeof(record.v6);
}

/* True if that is this host. Before the first join its name has no address yet. */
static bool is_own(const struct host_core *core, const char *text, const uint8_t *ip, size_t size)
{
    char name[TEXT_SIZE];

    if (size == 0) {
        return name_of_text(text, name) && strcmp(name, core->cfg.name) == 0;
    }
    return memcmp(ip, size == 4 ? core->own.v4 : core->own.v6, size) == 0;
}

static json_t *ping(struct host_core *core, const json_t *request, struct mono now)
{
    const char *text = json_string_value(json_object_get(request, "peer"));
    uint8_t ip[16];
    size_t size = text == NULL ? 0 : address_of_text(core, text, ip);
    struct peer *peer = size == 0 ? NULL : peer_of_address(&core->peers, ip, size);

    if (text != NULL && is_own(core, text, ip, size)) {
        return answer_refuse(EXIT_CODE_FAILURE, "%s is this host itself", text);
    }
    if (peer == NULL) {
        return answer_refuse(EXIT_CODE_FAILURE, "no such peer; see ziglan peers");
    }
    if (peer->blocked) {
        return answer_refuse(EXIT_CODE_FAILURE, "%s is blocked; see: ziglan unblock", text);
    }
    if (strcmp(report_peer_state(core, peer, now), "offline") == 0) {
        presence_ask(peer, now);
        return answer_refuse(EXIT_CODE_FAILURE, "%s is offline", text);
    }
    struct conversation *a = life_of(peer, &core->conversations, now);
    struct ping_request *started =
        a == NULL ? NULL : ping_request_begin(&core->conversations.pings, peer, now);

    if (started == NULL) {
        return answer_refuse(EXIT_CODE_FAILURE, "too many pings at once; try again");
    }
    conversation_touch(a, now);
    conversation_wake(a, now);
    return answer_ok(json_pack("{s:i}", "ticket", (int)started->ticket));
}

static json_t *ping_result(struct host_core *core, const json_t *request, struct mono now)
{
    (void)now;
    json_int_t ticket = json_integer_value(json_object_get(request, "ticket"));
    struct ping_request *asked = ping_request_find(&core->conversations.pings, ticket);
    char path[TEXT_SIZE] = "relayed";

    if (asked == NULL) {
        return answer_refuse(EXIT_CODE_FAILURE, "this ping is over");
    }
    if (!asked->done) {
        return answer_ok(json_pack("{s:b}", "pending", 1));
    }
    const struct conversation *a = asked->peer == NULL ? NULL : asked->peer->conversation;
    if (!asked->relayed && a != NULL) {
        (void)report_path(a, path, sizeof(path));
    }
    asked->ticket = 0;
    return answer_ok(json_pack("{s:i, s:b, s:I, s:s}", "schema", WHOAMI_SCHEMA, "pending", 0,
                               "rtt_us", (json_int_t)(asked->rtt_ns / NS_PER_US), "path", path));
}

static json_t *status(struct host_core *core, const json_t *request, struct mono now)
{
    (void)request;
    return answer_ok(report_status(core, now));
}

static json_t *peers(struct host_core *core, const json_t *request, struct mono now)
{
    (void)request;
    return answer_ok(report_peers(core, now));
}

static json_t *relays(struct host_core *core, const json_t *request, struct mono now)
{
    (void)request;
    return answer_ok(report_relays(core, now));
}

static json_t *whoami(struct host_core *core, const json_t *request, struct mono now)
{
    (void)request;
    (void)now;
    return answer_ok(report_whoami(core));
}

json_t *host_admin_request(struct host_core *core, const json_t *request, struct mono now)
{
    static const struct {
        const char *verb;
        json_t *(*answer)(struct host_core *core, const json_t *request, struct mono now);
    } verbs[] = {
        {"status", status},
        {"peers", peers},
        {"relays", relays},
        {"whoami", whoami},
        {"join", join},
        {"leave", leave},
        {"trust", trust},
        {"peer_add", peer_add},
        {"peer_remove", peer_remove},
        {"block", block},
        {"unblock", unblock},
        {"relay_pin", relay_pin},
        {"relay_unpin", relay_unpin},
        {"ping", ping},
        {"ping_result", ping_result},
    };
    const char *verb = json_string_value(json_object_get(request, "do"));

    if (verb == NULL) {
        return answer_refuse(EXIT_CODE_FAILURE, "the request has no \"do\"");
    }
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verb, verbs[i].verb) == 0) {
            return verbs[i].answer(core, request, now);
        }
    }
    return answer_refuse(EXIT_CODE_FAILURE,
                         "this daemon does not know that request; is it of the same version?");
}
