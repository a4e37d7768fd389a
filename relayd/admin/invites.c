/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is read from a request about invites, and what is answered. */
#include "relayd/admin/invites.h"

#include "proto/admin/answer.h"
#include "proto/base/wall_text.h"
#include "proto/wire/name.h"
#include "relayd/admin/asker.h"
#include "relayd/admin/terms.h"
#include "relayd/base/relay_base.h"

#include <stdio.h>
#include <string.h>

static json_t *make_refusal(const char *public_hosts, const json_t *request, enum verdict verdict)
{
    if (verdict == VERDICT_NOT_FOUND) {
        return answer_refuse(EXIT_CODE_FAILURE,
                             "this relay serves no ziglan; give it a ziglan_key");
    }
    if (verdict == VERDICT_BAD_REQUEST && public_hosts[0] == '\0') {
        return answer_refuse(EXIT_CODE_USAGE,
                             "nobody would find this relay by a URL: add its address to `public:` "
                             "in the configuration, or, if it has none of its own, another relay "
                             "to `peers:`, and reload");
    }
    if (verdict == VERDICT_LIMIT) {
        return answer_refuse(EXIT_CODE_FAILURE,
                             "no invite was made: there are as many as there may be; withdraw "
                             "some, see: relayd invites%s",
                             asker_option(request));
    }
    return answer_refuse(EXIT_CODE_FAILURE, "no invite was made: %s", verdict_text(verdict));
}

/* How logs and lists call the invite in the URL `text`. */
static const char *invite_id(const char *text, char id[DIRECTORY_INVITE_ID_SIZE])
{
    char error[URL_ERROR_SIZE];
    struct url url;

    return url_parse(&url, text, strlen(text), error) == ERR_OK
               ? directory_invite_id(url.invite, id)
               : "";
}

static const char *expires_text(const struct directory_terms *terms, char text[WALL_TEXT_SIZE])
{
    return terms->expires_ms != 0 ? wall_text(terms->expires_ms, text) : "";
}

/* When the membership of who joins ends; "": never. */
static const char *ends_text(const struct directory_terms *terms, char text[WALL_TEXT_SIZE])
{
    return terms->ends_ms != 0 ? wall_text(terms->ends_ms, text) : "";
}

/* The key of the member that loses its name and its place to who joins; "": nobody does. */
static const char *replaces_text(const struct directory_terms *terms, char text[KEY_TEXT_SIZE])
{
    static const uint8_t nobody[KEY_SIZE];

    return memcmp(terms->replaces, nobody, KEY_SIZE) != 0 ? key_text(terms->replaces, text) : "";
}

/* Read the terms from a request. NULL if they are good, else the refusal. */
static json_t *terms_read(struct directory_terms *terms, const json_t *request)
{
    const json_t *uses = json_object_get(request, "uses");
    const json_t *expires = json_object_get(request, "expires_ms");
    const json_t *name = json_object_get(request, "name");

    if (uses != NULL) {
        json_int_t value = json_integer_value(uses);
        if (!json_is_integer(uses) || value < 1 || value > 1000000) {
            return answer_refuse(EXIT_CODE_USAGE, "uses must be a whole number from 1 to 1000000");
        }
        terms->uses = (uint32_t)value;
    }
    if (expires != NULL) {
        json_int_t value = json_integer_value(expires);
        if (!json_is_integer(expires) || value < 0) {
            return answer_refuse(EXIT_CODE_USAGE,
                                 "expires_ms must be milliseconds since 1970, or 0");
        }
        terms->expires_ms = (uint64_t)value;
    }
    if (name != NULL) {
        const char *text = json_string_value(name);
        const char *problem = text != NULL ? name_problem(text, strlen(text)) : "it is no text";
        if (problem != NULL) {
            return answer_refuse(EXIT_CODE_USAGE, "the name for the member is not usable: %s",
                                 problem);
        }
        (void)snprintf(terms->name, sizeof(terms->name), "%s", text);
    }
    return terms_common_read(terms, request);
}

json_t *invites_make(struct operator_service *service, const char *public_hosts,
                     const json_t *request)
{
    uint64_t now_ms = env_wall_ms(&service->base->env);
    struct directory_terms terms = {.uses = 1, .expires_ms = now_ms + OPERATOR_INVITE_MS};
    char url[URL_SIZE_MAX];
    char id[DIRECTORY_INVITE_ID_SIZE];
    char when[WALL_TEXT_SIZE];
    char ends[WALL_TEXT_SIZE];
    char key[KEY_TEXT_SIZE];
    json_t *refusal = terms_read(&terms, request);
    enum verdict verdict;

    if (refusal != NULL) {
        return refusal;
    }
    verdict = operator_invite(service, &terms, url);
    if (verdict != VERDICT_OK) {
        return make_refusal(public_hosts, request, verdict);
    }
    return answer_ok(json_pack("{s:i, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:o, s:s}", "schema", 1,
                               "url", url, "id", invite_id(url, id), "uses", (json_int_t)terms.uses,
                               "expires", expires_text(&terms, when), "name", terms.name,
                               "replaces", replaces_text(&terms, key), "note", terms.note, "groups",
                               terms_groups_json(&terms.groups), "ends", ends_text(&terms, ends)));
}

static json_t *row_json(const struct directory_invite_row *row)
{
    const struct directory_terms *terms = &row->terms;
    char expires[WALL_TEXT_SIZE];
    char made[WALL_TEXT_SIZE];
    char ends[WALL_TEXT_SIZE];
    char key[KEY_TEXT_SIZE];
    json_int_t used =
        terms->uses_at_first > terms->uses ? (json_int_t)(terms->uses_at_first - terms->uses) : 0;

    return json_pack("{s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:o, s:s}", "id", row->id, "name",
                     terms->name, "uses", (json_int_t)terms->uses, "used", used, "expires",
                     expires_text(terms, expires), "made",
                     terms->made_ms != 0 ? wall_text(terms->made_ms, made) : "", "replaces",
                     replaces_text(terms, key), "note", terms->note, "groups",
                     terms_groups_json(&terms->groups), "ends", ends_text(terms, ends));
}

json_t *invites_list(struct operator_service *service, struct mono now)
{
    uint8_t at[DIRECTORY_INVITE_HASH_SIZE] = {0};
    struct directory_invite_row row;
    json_t *list = json_array();
    enum verdict verdict = operator_invite_next(service, at, &row, now);

    while (verdict == VERDICT_OK) {
        /* Without memory row_json returns NULL, which jansson refuses to append. */
        if (json_array_append_new(list, row_json(&row)) != 0) {
            json_decref(list);
            return NULL;
        }
        verdict = operator_invite_next(service, at, &row, now);
    }
    if (verdict != VERDICT_NOT_FOUND) {
        json_decref(list);
        return answer_refuse(EXIT_CODE_FAILURE, "the invites cannot be read: %s",
                             verdict_text(verdict));
    }
    return answer_ok(json_pack("{s:i, s:o}", "schema", 1, "invites", list));
}

json_t *invites_withdraw(struct operator_service *service, const json_t *request, struct mono now)
{
    const char *text = json_string_value(json_object_get(request, "invite"));
    char id[DIRECTORY_INVITE_ID_SIZE];
    enum verdict verdict;

    if (text == NULL) {
        return answer_refuse(EXIT_CODE_USAGE, "which invite is missing; give its ID or its URL");
    }
    verdict = operator_uninvite(service, text, id, now);
    if (verdict == VERDICT_NOT_FOUND) {
        return answer_refuse(EXIT_CODE_FAILURE,
                             "there is no invite '%.60s' any more; see: relayd invites%s", text,
                             asker_option(request));
    }
    if (verdict != VERDICT_OK) {
        return answer_refuse(EXIT_CODE_FAILURE, "nothing was changed: %s", verdict_text(verdict));
    }
    return answer_ok(json_pack("{s:i, s:s}", "schema", 1, "id", id));
}
