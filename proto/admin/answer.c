/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers as JSON objects. A refusal quotes what was asked, so its text is cleaned.
 */
#include "proto/admin/answer.h"

#include "proto/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

json_t *answer_ok(json_t *fields)
{
    json_t *answer = fields != NULL ? json_pack("{s:b}", "ok", 1) : NULL;

    if (answer != NULL && json_object_update(answer, fields) != 0) {
        json_decref(answer);
        answer = NULL;
    }
    json_decref(fields);
    return answer;
}

json_t *answer_refuse(enum exit_code code, const char *format, ...)
{
    char text[FAULT_TEXT_SIZE];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    /* Broken UTF-8 would be no JSON text, and control characters would reach a terminal. */
    utf8_clean(text);
    return json_pack("{s:b, s:s, s:i}", "ok", 0, "error", text, "exit_code", (int)code);
}

int answer_check(const json_t *answer, struct fault *fault)
{
    const json_t *error = json_object_get(answer, "error");
    const json_t *code = json_object_get(answer, "exit_code");

    if (!json_is_object(answer)) {
        fault_set(fault, EXIT_CODE_FAILURE, "the daemon's answer is not JSON");
        return ERR_SYSTEM;
    }
    if (json_is_string(error)) {
        fault_set(fault,
                  json_is_integer(code) ? (enum exit_code)json_integer_value(code)
                                        : EXIT_CODE_FAILURE,
                  "%s", json_string_value(error));
        return ERR_SYSTEM;
    }
    return ERR_OK;
}
