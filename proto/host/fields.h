/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading the fields of an answer (proto/admin/answer.h), for the command lines of both programs. A
 * field that an older daemon does not send reads as an empty one.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/** The text of this name, borrowed from object; "" if there is none. */
const char *field_text(const json_t *object, const char *key);

/** The number of this name; 0 if there is none, or if it is negative. */
uint64_t field_number(const json_t *object, const char *key);

/** The object with this "key" in the list of this name, borrowed from object, and its place there
 * (place may be NULL); NULL if there is none. */
const json_t *field_row(const json_t *object, const char *list, const char *key, size_t *place);

/** Print an answer as JSON to standard output. */
void fields_print(const json_t *answer);
