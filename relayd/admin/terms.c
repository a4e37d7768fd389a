/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is no group, note or end is told in a sentence. */
#include "relayd/admin/terms.h"

#include "proto/admin/answer.h"

#include <stdio.h>

json_t *terms_groups_read(struct directory_groups *out, const json_t *request, const char *field)
{
    const json_t *list = json_object_get(request, field);
    const json_t *row;
    size_t i;

    json_array_foreach(list, i, row)
    {
        const char *name = json_string_value(row);
        int rc = name != NULL ? directory_groups_add(out, name) : ERR_DROP;

        if (rc == ERR_LIMIT) {
            return answer_refuse(EXIT_CODE_USAGE, "a member may be in at most %d groups",
                                 DIRECTORY_GROUPS_MAX);
        }
        if (rc != ERR_OK) {
            return answer_refuse(EXIT_CODE_USAGE,
                                 "'%.40s' is no name of a group: small letters, digits and inner "
                                 "hyphens, at most %d characters",
                                 name != NULL ? name : "?", DIRECTORY_GROUP_SIZE_MAX);
        }
    }
    return NULL;
}

json_t *terms_note_read(char note[DIRECTORY_NOTE_TEXT_SIZE], const json_t *request)
{
    const json_t *value = json_object_get(request, "note");
    const char *text = json_string_value(value);

    if (value != NULL && (text == NULL || !directory_note_is(text))) {
        return answer_refuse(EXIT_CODE_USAGE, "a note is one line of text of at most %d bytes",
                             DIRECTORY_NOTE_SIZE_MAX);
    }
    (void)snprintf(note, DIRECTORY_NOTE_TEXT_SIZE, "%s", text != NULL ? text : "");
    return NULL;
}

json_t *terms_ends_read(uint64_t *ends_ms, const json_t *request)
{
    const json_t *value = json_object_get(request, "ends_ms");

    if (value != NULL && (!json_is_integer(value) || json_integer_value(value) < 0)) {
        return answer_refuse(EXIT_CODE_USAGE, "ends_ms must be milliseconds since 1970, or 0");
    }
    *ends_ms = value != NULL ? (uint64_t)json_integer_value(value) : 0;
    return NULL;
}

json_t *terms_common_read(struct directory_terms *terms, const json_t *request)
{
    json_t *refusal = terms_note_read(terms->note, request);

    if (refusal == NULL) {
        refusal = terms_groups_read(&terms->groups, request, "groups");
    }
    return refusal == NULL ? terms_ends_read(&terms->ends_ms, request) : refusal;
}

json_t *terms_groups_json(const struct directory_groups *groups)
{
    json_t *list = json_array();

    for (size_t i = 0; i < groups->count; i++) {
        (void)json_array_append_new(list, json_string(groups->list[i]));
    }
    return list;
}
