/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is read from a request about allowed keys, and what is answered. */
#include "relayd/admin/allow.h"

#include "proto/admin/answer.h"
#include "proto/base/wall_text.h"
#include "proto/crypto/key_form.h"
#include "proto/wire/name.h"
#include "relayd/admin/asker.h"
#include "relayd/admin/terms.h"
#include "relayd/service/operator_allow.h"

#include <stdio.h>
#include <string.h>

/* NULL if the request has a key, else the refusal. */
static json_t *member_read(uint8_t key[KEY_SIZE], const json_t *request)
{
    const char *text = json_string_value(json_object_get(request, "member"));

    return text != NULL && key_parse(key, text, strlen(text)) == ERR_OK
               ? NULL
               : answer_refuse(EXIT_CODE_USAGE,
                               "'%.60s' is no key of a host; it is what `ziglan whoami` prints "
                               "there",
                               text != NULL ? text : "");
}

static json_t *name_read(char name[NAME_TEXT_SIZE], const json_t *request)
{
    const char *text = json_string_value(json_object_get(request, "name"));
    const char *problem = text != NULL ? name_problem(text, strlen(text)) : NULL;

    if (problem != NULL) {
        return answer_refuse(EXIT_CODE_USAGE, "the name for the member is not usable: %s", problem);
    }
    (void)snprintf(name, NAME_TEXT_SIZE, "%s", text != NULL ? text : "");
    return NULL;
}

static json_t *row_json(const uint8_t key[KEY_SIZE], const struct directory_terms *terms,
                        bool configured)
{
    char text[KEY_TEXT_SIZE];
    char ends[WALL_TEXT_SIZE];

    return json_pack(
        "{s:i, s:s, s:s, s:o, s:s, s:s, s:b}", "schema", 1, "key", key_text(key, text), "name",
        terms->name, "groups", terms_groups_json(&terms->groups), "note", terms->note, "ends",
        terms->ends_ms != 0 ? wall_text(terms->ends_ms, ends) : "", "configured", (int)configured);
}

static json_t *refusal(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_NOT_FOUND:
        return answer_refuse(EXIT_CODE_FAILURE,
                             "this relay serves no ziglan; give it a ziglan_key");
    case VERDICT_BAD_REQUEST:
        return answer_refuse(EXIT_CODE_USAGE, "the end of the membership is past");
    case VERDICT_LIMIT:
        return answer_refuse(EXIT_CODE_FAILURE,
                             "nothing was changed: %d keys are allowed, and no more may be",
                             DIRECTORY_ALLOWED_COUNT_MAX);
    default:
        return answer_refuse(EXIT_CODE_FAILURE, "nothing was changed: %s", verdict_text(verdict));
    }
}

json_t *allow_add(struct operator_service *verbs, const json_t *request, struct mono now)
{
    struct directory_terms terms = {.uses = 1};
    uint8_t key[KEY_SIZE];
    enum verdict verdict;
    json_t *wrong = member_read(key, request);

    (void)now;
    if (wrong == NULL) {
        wrong = name_read(terms.name, request);
    }
    if (wrong == NULL) {
        wrong = terms_common_read(&terms, request);
    }
    if (wrong != NULL) {
        return wrong;
    }
    verdict = operator_allow(verbs, key, &terms);
    return verdict == VERDICT_OK ? answer_ok(row_json(key, &terms, false)) : refusal(verdict);
}

json_t *allow_remove(struct operator_service *verbs, const json_t *request, struct mono now)
{
    char text[KEY_TEXT_SIZE];
    uint8_t key[KEY_SIZE];
    bool member = false;
    enum verdict verdict;
    json_t *wrong = member_read(key, request);

    (void)now;
    if (wrong != NULL) {
        return wrong;
    }
    verdict = operator_disallow(verbs, key, &member);
    if (verdict == VERDICT_NOT_FOUND) {
        return answer_refuse(EXIT_CODE_FAILURE,
                             "that key is not allowed by the verb `allow`; see: relayd allowed%s",
                             asker_option(request));
    }
    return verdict == VERDICT_OK
               ? answer_ok(json_pack("{s:i, s:s, s:b}", "schema", 1, "key", key_text(key, text),
                                     "is_member", (int)member))
               : refusal(verdict);
}

json_t *allow_list(struct operator_service *verbs, const json_t *request, struct mono now)
{
    struct operator_allowed at = {0};
    struct directory_terms terms;
    uint8_t key[KEY_SIZE];
    json_t *list = json_array();
    bool configured;
    enum verdict verdict = operator_allowed_next(verbs, &at, key, &terms, &configured);

    (void)request;
    (void)now;
    while (verdict == VERDICT_OK) {
        /* Without memory row_json returns NULL, which jansson refuses to append. */
        if (json_array_append_new(list, row_json(key, &terms, configured)) != 0) {
            json_decref(list);
            return NULL;
        }
        verdict = operator_allowed_next(verbs, &at, key, &terms, &configured);
    }
    if (verdict != VERDICT_NOT_FOUND) {
        json_decref(list);
        return answer_refuse(EXIT_CODE_FAILURE, "the list cannot be read: %s",
                             verdict_text(verdict));
    }
    return answer_ok(json_pack("{s:i, s:o}", "schema", 1, "allowed", list));
}
