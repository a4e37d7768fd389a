/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the verbs about ends, groups and notes answer. */
#include "relayd/admin/adjust.h"

#include "proto/admin/answer.h"
#include "proto/base/wall_text.h"
#include "relayd/admin/members.h"
#include "relayd/admin/terms.h"
#include "relayd/service/operator_adjust.h"

#include <stdio.h>
#include <string.h>

/* The answer of a verb that changed `who`, with one more field, which is given. */
static json_t *who_answer(const struct who *who, const char *field, json_t *value)
{
    char key[KEY_TEXT_SIZE];

    return answer_ok(json_pack("{s:i, s:s, s:s, s:b, s:o}", "schema", 1, "key",
                               key_text(who->key, key), "name", who->name, "online",
                               (int)who->online, field, value));
}

static json_t *who_missing(void)
{
    return answer_refuse(EXIT_CODE_USAGE, "who is meant is missing; give a key or a name");
}

json_t *adjust_expire(struct operator_service *verbs, const json_t *request, struct mono now)
{
    const char *text = json_string_value(json_object_get(request, "who"));
    char when[WALL_TEXT_SIZE] = "";
    struct who_fits fits;
    enum verdict verdict;
    uint64_t ends_ms;
    json_t *refusal = terms_ends_read(&ends_ms, request);

    if (refusal != NULL || text == NULL) {
        return refusal != NULL ? refusal : who_missing();
    }
    verdict = operator_expire(verbs, text, ends_ms, &fits, now);
    if (verdict == VERDICT_BAD_REQUEST) {
        return answer_refuse(EXIT_CODE_USAGE,
                             "that time is past; to end a membership now: relayd revoke");
    }
    if (verdict != VERDICT_OK) {
        return members_refusal(request, "member", &fits, verdict);
    }
    return who_answer(&fits.list[0], "ends",
                      json_string(ends_ms != 0 ? wall_text(ends_ms, when) : ""));
}

json_t *adjust_group(struct operator_service *verbs, const json_t *request, struct mono now)
{
    const char *text = json_string_value(json_object_get(request, "who"));
    struct operator_groups groups = {0};
    struct who_fits fits;
    enum verdict verdict;
    json_t *refusal = terms_groups_read(&groups.add, request, "add");

    if (refusal == NULL) {
        refusal = terms_groups_read(&groups.remove, request, "remove");
    }
    if (refusal != NULL || text == NULL) {
        return refusal != NULL ? refusal : who_missing();
    }
    verdict = operator_group(verbs, text, &groups, &fits, now);
    if (verdict == VERDICT_LIMIT) {
        return answer_refuse(EXIT_CODE_FAILURE,
                             "nothing was changed: a member may be in at most %d groups",
                             DIRECTORY_GROUPS_MAX);
    }
    if (verdict != VERDICT_OK) {
        return members_refusal(request, "member", &fits, verdict);
    }
    return who_answer(&fits.list[0], "groups", terms_groups_json(&groups.result));
}

json_t *adjust_note(struct operator_service *verbs, const json_t *request, struct mono now)
{
    const char *text = json_string_value(json_object_get(request, "who"));
    char note[DIRECTORY_NOTE_TEXT_SIZE];
    struct who_fits fits;
    enum verdict verdict;
    json_t *refusal = terms_note_read(note, request);

    if (refusal != NULL || text == NULL) {
        return refusal != NULL ? refusal : who_missing();
    }
    verdict = operator_note(verbs, text, note, &fits, now);
    if (verdict != VERDICT_OK) {
        return members_refusal(request, "member", &fits, verdict);
    }
    return who_answer(&fits.list[0], "note", json_string(note));
}
