/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each verb of the operator reads and answers. */
#include "relayd/admin/admin.h"

#include "proto/admin/answer.h"
#include "proto/base/wall_text.h"
#include "proto/wire/name.h"
#include "relayd/service/operator.h"
#include "ziglan_version.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static json_t *status_answer(const struct admin_context *context, struct mono now)
{
    struct relay_snapshot s;
    uint8_t key[KEY_SIZE];
    char text[KEY_TEXT_SIZE];
    bool hosts;

    relay_core_snapshot(context->core, &s, now);
    hosts = relay_core_ziglan_key(context->core, key);
    return answer_ok(json_pack(
        "{s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}",
        "schema", 1, "version", ZIGLAN_VERSION, "name", context->name, "ziglan_key",
        hosts ? key_text(key, text) : "", "public", context->public_hosts, "listen",
        context->listen, "uptime_ms", (json_int_t)s.uptime_ms, "sessions", (json_int_t)s.sessions,
        "strangers", (json_int_t)s.strangers, "members", (json_int_t)s.members, "connections",
        (json_int_t)s.link.connections, "forwarded_packets",
        (json_int_t)s.counters.forwarded_frames, "forwarded_bytes",
        (json_int_t)s.counters.forwarded_bytes, "stun_answered",
        (json_int_t)s.counters.stun_answered, "punches_direct", (json_int_t)s.punch.direct,
        "store_healthy", (int)s.store_ok));
}

static json_t *invite_refusal(const struct admin_context *context, enum verdict verdict)
{
    if (verdict == VERDICT_NOT_FOUND) {
        return answer_refuse(EXIT_CODE_FAILURE,
                             "this relay serves no ziglan; give it a ziglan_key");
    }
    if (verdict == VERDICT_BAD_REQUEST && context->public_hosts[0] == '\0') {
        return answer_refuse(EXIT_CODE_USAGE,
                             "the relay does not know its public address; add it to "
                             "`public:` in the configuration and reload");
    }
    return answer_refuse(EXIT_CODE_FAILURE, "no invite was made: %s", verdict_text(verdict));
}

/* How the log calls the invite in the URL `text`. */
static const char *invite_id(const char *text, char id[DIRECTORY_INVITE_ID_SIZE])
{
    char error[URL_ERROR_SIZE];
    struct url url;

    return url_parse(&url, text, strlen(text), error) == ERR_OK
               ? directory_invite_id(url.invite, id)
               : "";
}

static json_t *invite_answer(const struct admin_context *context, const json_t *request)
{
    struct directory_terms terms = {.uses = 1};
    const json_t *uses = json_object_get(request, "uses");
    const json_t *expires = json_object_get(request, "expires_ms");
    const json_t *name = json_object_get(request, "name");
    char url[URL_SIZE_MAX];
    char id[DIRECTORY_INVITE_ID_SIZE];
    char when[WALL_TEXT_SIZE];
    enum verdict verdict;

    if (uses != NULL) {
        json_int_t value = json_integer_value(uses);
        if (!json_is_integer(uses) || value < 1 || value > 1000000) {
            return answer_refuse(EXIT_CODE_USAGE, "uses must be a whole number from 1 to 1000000");
        }
        terms.uses = (uint32_t)value;
    }
    if (expires != NULL) {
        json_int_t value = json_integer_value(expires);
        if (!json_is_integer(expires) || value < 0) {
            return answer_refuse(EXIT_CODE_USAGE,
                                 "expires_ms must be milliseconds since 1970, or 0");
        }
        terms.expires_ms = (uint64_t)value;
    }
    if (name != NULL) {
        const char *text = json_string_value(name);
        const char *problem = text != NULL ? name_problem(text, strlen(text)) : "it is no text";
        if (problem != NULL) {
            return answer_refuse(EXIT_CODE_USAGE, "the name for the member is not usable: %s",
                                 problem);
        }
        (void)snprintf(terms.name, sizeof(terms.name), "%s", text);
    }
    verdict = operator_invite(relay_core_operator(context->core), &terms, url);
    if (verdict != VERDICT_OK) {
        return invite_refusal(context, verdict);
    }
    return answer_ok(json_pack("{s:i, s:s, s:s, s:I, s:s}", "schema", 1, "url", url, "id",
                               invite_id(url, id), "uses", (json_int_t)terms.uses, "expires",
                               terms.expires_ms != 0 ? wall_text(terms.expires_ms, when) : ""));
}

static json_t *member_json(const struct operator_member *member)
{
    char key[KEY_TEXT_SIZE];
    char when[WALL_TEXT_SIZE];
    char address[ENDPOINT_TEXT_SIZE];

    return json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:I}", "key", key_text(member->key, key),
                     "name", member->name, "state", member->revoked ? "revoked" : "member",
                     "online", (int)member->online, "expires",
                     member->expires_ms != 0 ? wall_text(member->expires_ms, when) : "", "address",
                     member->online ? endpoint_text(&member->remote, address) : "", "online_ms",
                     (json_int_t)member->online_ms);
}

static json_t *members_answer(const struct admin_context *context, struct mono now)
{
    json_t *list = json_array();
    struct operator_member member;
    uint8_t key[KEY_SIZE] = {0};
    struct operator_service *verbs = relay_core_operator(context->core);
    enum verdict verdict = operator_member_next(verbs, key, &member, now);

    while (verdict == VERDICT_OK) {
        /* Without memory member_json returns NULL, which jansson refuses to append. */
        if (json_array_append_new(list, member_json(&member)) != 0) {
            json_decref(list);
            return NULL;
        }
        verdict = operator_member_next(verbs, key, &member, now);
    }
    if (verdict != VERDICT_NOT_FOUND) {
        json_decref(list);
        return answer_refuse(EXIT_CODE_FAILURE, "the members cannot be read: %s",
                             verdict_text(verdict));
    }
    return answer_ok(json_pack("{s:i, s:o}", "schema", 1, "members", list));
}

static json_t *revoke_answer(const struct admin_context *context, const json_t *request,
                             struct mono now)
{
    const char *who = json_string_value(json_object_get(request, "who"));
    bool undo = json_is_true(json_object_get(request, "undo"));
    struct operator_service *verbs = relay_core_operator(context->core);
    uint8_t key[KEY_SIZE];
    char text[KEY_TEXT_SIZE];
    enum verdict verdict;

    if (who == NULL) {
        return answer_refuse(EXIT_CODE_USAGE, "whom to revoke is missing; give a key or a name");
    }
    verdict = undo ? operator_restore(verbs, who, key, now) : operator_revoke(verbs, who, key, now);
    if (verdict == VERDICT_NOT_FOUND) {
        return answer_refuse(EXIT_CODE_FAILURE, "there is no %s '%.60s'; see `relayd members`",
                             undo ? "revoked member" : "member", who);
    }
    if (verdict != VERDICT_OK) {
        return answer_refuse(EXIT_CODE_FAILURE, "nothing was changed: %s", verdict_text(verdict));
    }
    return answer_ok(json_pack("{s:i, s:s, s:s}", "schema", 1, "key", key_text(key, text), "state",
                               undo ? "stranger" : "revoked"));
}

json_t *admin_request(const struct admin_context *context, const json_t *request, struct mono now)
{
    const char *verb = json_string_value(json_object_get(request, "do"));

    if (verb == NULL) {
        return answer_refuse(EXIT_CODE_USAGE, "the request has no \"do\"");
    }
    if (strcmp(verb, "status") == 0) {
        return status_answer(context, now);
    }
    if (strcmp(verb, "invite") == 0) {
        return invite_answer(context, request);
    }
    if (strcmp(verb, "members") == 0) {
        return members_answer(context, now);
    }
    if (strcmp(verb, "revoke") == 0) {
        return revoke_answer(context, request, now);
    }
    return answer_refuse(EXIT_CODE_USAGE, "this relay knows no '%.40s'; is it an older version?",
                         verb);
}

char *admin_health(const struct relay_snapshot *snapshot)
{
    char *text = NULL;
    int size = asprintf(&text, "{\"status\":\"%s\",\"sessions\":%" PRIu32 "}\n",
                        snapshot->store_ok ? "ok" : "storage failing", snapshot->sessions);

    return size < 0 ? NULL : text;
}
