/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers come from a daemon of this machine, but perhaps of another version, so no field is taken
 * for granted.
 */
#include "proto/host/fields.h"


#include <stdio.h>

const char *field_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

uint64_t field_number(const json_t *object, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(object, key));

    return number > 0 ? (uint64_t)number : 0;
}

void fields_print(const json_t *answer)
{
    (void)json_dumpf(answer, stdout, JSON_INDENT(2));
    (void)fputc('\n', stdout);
}
