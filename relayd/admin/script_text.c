/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An answer in which anything is wrong is none: a mistake in the program lets nobody in. */
#include "relayd/admin/script_text.h"

#include "proto/base/utf8.h"
#include "proto/crypto/key_form.h"
#include "proto/wire/name.h"
#include "relayd/admin/terms.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAYS_MAX = 36500 };

char *script_question(const struct admission_question *question, const char *ziglan)
{
    char key[KEY_TEXT_SIZE], address[ENDPOINT_TEXT_SIZE];
    char *line = NULL, *text;
    json_t *object = json_pack("{s:i, s:s, s:s, s:s, s:s}", "schema", 1, "ziglan", ziglan, "key",
                               key_text(question->key, key), "wanted_name", question->wanted_name,
                               "address", endpoint_text(&question->remote, address));

    text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (text != NULL && asprintf(&line, "%s\n", text) < 0) {
        line = NULL;
    }
    free(text);
    return line;
}

/* NULL if it is good; else what is wrong. */
static const char *name_take(struct directory_terms *terms, const json_t *object)
{
    const json_t *value = json_object_get(object, "name");
    const char *name = json_string_value(value);

    if (value == NULL) {
        return NULL;
    }
    if (name == NULL || name_problem(name, strlen(name)) != NULL) {
        return "its \"name\" is none that a member may have";
    }
    (void)snprintf(terms->name, sizeof(terms->name), "%s", name);
    return NULL;
}

static const char *days_take(struct directory_terms *terms, const json_t *object, uint64_t wall_ms)
{
    const json_t *value = json_object_get(object, "days");
    json_int_t days = json_integer_value(value);

    if (value == NULL) {
        return NULL;
    }
    if (!json_is_integer(value) || days < 1 || days > DAYS_MAX) {
        return "its \"days\" is no whole number from 1 to 36500";
    }
    terms->ends_ms = wall_ms + (uint64_t)days * 86400 * 1000;
    return NULL;
}

static const char *terms_take(struct directory_terms *terms, const json_t *object, uint64_t wall_ms)
{
    const char *wrong = name_take(terms, object);
    json_t *refusal = NULL;

    if (wrong == NULL) {
        wrong = days_take(terms, object, wall_ms);
    }
    if (wrong != NULL) {
        return wrong;
    }
    refusal = terms_groups_read(&terms->groups, object, "groups");
    if (refusal == NULL) {
        refusal = terms_note_read(terms->note, object);
    }
    json_decref(refusal);
    return refusal != NULL ? "its \"groups\" or \"note\" are not what they may be" : NULL;
}

static void text_take(struct admission_answer *answer, const json_t *object)
{
    const char *text = json_string_value(json_object_get(object, "text"));

    (void)snprintf(answer->text, sizeof(answer->text), "%s", text != NULL ? text : "");
    utf8_clean(answer->text);
}

static struct admission_answer failed(const char *wrong, const char **why)
{
    *why = wrong;
    return (struct admission_answer){.word = ADMISSION_FAILED};
}

static bool is_blank(const char *output, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (strchr(" \t\r\n", output[i]) == NULL || output[i] == '\0') {
            return false;
        }
    }
    return true;
}

struct admission_answer script_answer(const char *output, size_t size, int code, uint64_t wall_ms,
                                      const char **why)
{
    struct admission_answer answer = {.word = code == 0 ? ADMISSION_SCRIPT : ADMISSION_REFUSED,
                                      .terms = {.uses = 1}};
    json_t *object = NULL;
    const json_t *admit;

    *why = "";
    if (code != 0 && code != 1) {
        return failed("it ended with another exit code than 0 or 1", why);
    }
    if (is_blank(output, size)) {
        return answer;
    }
    object = json_loadb(output, size, 0, NULL);
    admit = json_object_get(object, "admit");
    if (!json_is_object(object) || (admit != NULL && !json_is_boolean(admit))) {
        json_decref(object);
        return failed("what it wrote is no JSON of an answer", why);
    }
    if (admit != NULL && json_is_false(admit)) {
        answer.word = ADMISSION_REFUSED;
    }
    text_take(&answer, object);
    if (answer.word == ADMISSION_SCRIPT) {
        const char *wrong = terms_take(&answer.terms, object, wall_ms);

        answer = wrong != NULL ? failed(wrong, why) : answer;
    }
    json_decref(object);
    return answer;
}
