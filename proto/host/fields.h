/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading the fields of an answer (proto/admin/answer.h), for the command lines of both programs. A
 * field that an older daemon does not send reads as an empty one.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

/** The text of this name, borrowed from object; "" if there is none. */
const char *field_text(const json_t *object, const char *key);

/** The number of this name; 0 if there is none, or if it is negative. */
uint64_t field_number(const json_t *object, const char *key);

/** Print an answer as JSON to standard output. */
void fields_print(const json_t *answer);
