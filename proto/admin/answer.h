/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shape of what a daemon answers on its control socket, the same for both programs:
 *
 *   {"ok": true, ...}
 *   {"ok": false, "error": "one sentence", "exit_code": n}    n: enum exit_code of fault.h
 *
 * Pure: the daemons' verbs make answers here, the control socket and the command line read them.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <jansson.h>

/** Put "ok": true before the fields of an answer. `fields` is an object and is given; the answer is
 * given back. NULL without memory, or if fields is NULL. */
json_t *answer_ok(json_t *fields);

/** A refusal with its sentence (printf style, cut at FAULT_TEXT_SIZE). Whatever is not printable
 * ASCII becomes '?', because a sentence may quote what was asked. Given; NULL without memory. */
json_t *answer_refuse(enum exit_code code, const char *format, ...) PRINTF_LIKE(2, 3);

/** The asker's side: ERR_OK for an answer that is no refusal. Else ERR_SYSTEM, and the sentence and
 * code of the refusal, or a sentence about what is no answer, are in `fault`. */
int answer_check(const json_t *answer, struct fault *fault) MUST_CHECK;
