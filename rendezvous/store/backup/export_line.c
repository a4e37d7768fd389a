/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A line is read by the name of its first field. Fields that are not known are an error, because
 * what a newer version says there may matter.
 */
#include "rendezvous/store/backup/export_line.h"

#include <jansson.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_SIZE_MAX = STORE_VALUE_SIZE_MAX };

/* ---- reading ---- */

static bool name_take(char out[EXPORT_NAME_SIZE], const json_t *field)
{
    const char *text = json_string_value(field);
    size_t size = json_string_length(field);

    if (text == NULL || size == 0 || size >= EXPORT_NAME_SIZE || strlen(text) != size) {
        return false;
    }
    memcpy(out, text, size + 1);
    return true;
}

static bool bytes_take(uint8_t *out, size_t capacity, size_t *size, const json_t *field)
{
    const char *text = json_string_value(field);

    return text != NULL && sodium_base642bin(out, capacity, text, json_string_length(field), NULL,
                                             size, NULL, sodium_base64_VARIANT_ORIGINAL) == 0;
}

/* ERR_DROP, ERR_NOMEM. */
static int value_take(struct export_line *out, const json_t *field, size_t size_max)
{
    size_t room = json_string_length(field) / 4 * 3 + 1;

    if (room > size_max + 3) {
        return ERR_DROP;
    }
    out->bytes = malloc(room);
    if (out->bytes == NULL) {
        return ERR_NOMEM;
    }
    if (!bytes_take(out->bytes, room, &out->size, field) || out->size > size_max) {
        export_line_fini(out);
        return ERR_DROP;
    }
    return ERR_OK;
}

static bool number_take(uint64_t *out, const json_t *field)
{
    json_int_t number = json_integer_value(field);

    *out = number > 0 ? (uint64_t)number : 0;
    return json_is_integer(field) && number >= 0;
}

static int fields_take(struct export_line *out, const json_t *line)
{
    const json_t *field;
    size_t fields = json_object_size(line);

    if ((field = json_object_get(line, "export")) != NULL) {
        out->kind = EXPORT_HEAD;
        return number_take(&out->number, field) &&
                       name_take(out->name, json_object_get(line, "program"))
                   ? ERR_OK
                   : ERR_DROP;
    }
    if ((field = json_object_get(line, "file")) != NULL) {
        out->kind = EXPORT_FILE;
        return fields == 2 && name_take(out->name, field)
                   ? value_take(out, json_object_get(line, "bytes"), EXPORT_BYTES_MAX)
                   : ERR_DROP;
    }
    if ((field = json_object_get(line, "table")) != NULL) {
        out->kind = EXPORT_ROW;
        return fields == 3 && name_take(out->name, field) &&
                       bytes_take(out->key, sizeof(out->key), &out->key_size,
                                  json_object_get(line, "key")) &&
                       out->key_size > 0
                   ? value_take(out, json_object_get(line, "value"), ROW_SIZE_MAX)
                   : ERR_DROP;
    }
    out->kind = EXPORT_END;
    return fields == 2 && number_take(&out->number, json_object_get(line, "end"))
               ? value_take(out, json_object_get(line, "sum"), EXPORT_SUM_SIZE)
               : ERR_DROP;
}

int export_line_read(struct export_line *out, const char *text, size_t size)
{
    json_t *line;
    int rc;

    memset(out, 0, sizeof(*out));
    if (size > EXPORT_LINE_SIZE_MAX) {
        return ERR_DROP;
    }
    line = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    rc = json_is_object(line) ? fields_take(out, line) : ERR_DROP;
    json_decref(line);
    if (rc == ERR_OK && out->kind == EXPORT_END && out->size != EXPORT_SUM_SIZE) {
        export_line_fini(out);
        rc = ERR_DROP;
    }
    return rc;
}

void export_line_fini(struct export_line *line)
{
    if (line->bytes != NULL) {
        sodium_memzero(line->bytes, line->size);
    }
    free(line->bytes);
    line->bytes = NULL;
    line->size = 0;
}

/* ---- writing ---- */

static char *base64_of(const uint8_t *bytes, size_t size)
{
    size_t room = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(room);

    return text != NULL ? sodium_bin2base64(text, room, bytes, size, sodium_base64_VARIANT_ORIGINAL)
                        : NULL;
}

char *export_line_text(const struct export_line *line)
{
    char *key = base64_of(line->key, line->key_size);
    char *value = base64_of(line->bytes, line->size);
    char *text = NULL;
    int size = -1;

    if (key == NULL || value == NULL) {
        goto out;
    }
    /* The names are words of ours, and base64 needs no escapes. */
    switch (line->kind) {
    case EXPORT_HEAD:
        size = asprintf(&text, "{\"export\":%llu,\"program\":\"%s\"}\n",
                        (unsigned long long)line->number, line->name);
        break;
    case EXPORT_FILE:
        size = asprintf(&text, "{\"file\":\"%s\",\"bytes\":\"%s\"}\n", line->name, value);
        break;
    case EXPORT_ROW:
        size = asprintf(&text, "{\"table\":\"%s\",\"key\":\"%s\",\"value\":\"%s\"}\n", line->name,
                        key, value);
        break;
    case EXPORT_END:
        size = asprintf(&text, "{\"end\":%llu,\"sum\":\"%s\"}\n", (unsigned long long)line->number,
                        value);
        break;
    }
out:
    if (value != NULL) {
        sodium_memzero(value, strlen(value));
    }
    free(key);
    free(value);
    return size < 0 ? NULL : text;
}
