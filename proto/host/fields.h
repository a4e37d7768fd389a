/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading the fields of an answer (proto/admin/answer.h), for the command lines of both programs; a
 * field that an older daemon does not know is as an empty one.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

/** Text and number members of an answer, "" and 0 where absent. */
const char *field_text(const json_t *object, const char *key);
uint64_t field_number(const json_t *object, const char *key);

/** Print an answer as JSON. Returns EXIT_CODE_OK. */
int fields_print(const json_t *answer);
