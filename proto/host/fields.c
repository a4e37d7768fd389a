/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers come from a daemon of this machine, but perhaps of another version, so no field is taken
 * for granted.
 */
#include "proto/host/fields.h"

#include <stdio.h>
#include <string.h>

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

const json_t *field_row(const json_t *object, const char *list, const char *key, size_t *place)
{
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(object, list), i, row)
    {
        if (strcmp(field_text(row, "key"), key) == 0) {
            if (place != NULL) {
                *place = i;
            }
            return row;
        }
    }
    return NULL;
}

void fields_print(const json_t *answer)
{
    (void)json_dumpf(answer, stdout, JSON_INDENT(2));
    (void)fputc('\n', stdout);
}
