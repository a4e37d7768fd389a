/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shape of what a daemon answers on its control socket, the same for both programs:
 *
 *   {"ok": true, ...}
 *   {"ok": false, "error": "one sentence", "exit_code": n}    n: enum exit_code of fault.h
 *
 * The daemons make answers with these functions, and the command line checks them. Pure.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <jansson.h>

/** An answer with "ok": true before these fields, an object that is given. The answer is given.
 * NULL without memory, or if fields is NULL. */
json_t *answer_ok(json_t *fields);

/** A refusal with its sentence (printf style, cut at FAULT_TEXT_SIZE). Control characters and bytes
 * that are no UTF-8 become '?', because a sentence may quote the request. Given; NULL without
 * memory. */
json_t *answer_refuse(enum exit_code code, const char *format, ...) PRINTF_LIKE(2, 3);

/** Check an answer that was received (borrowed; may be NULL). ERR_OK if it is no refusal. Else
 * ERR_SYSTEM, and fault has the refusal's sentence and code, or says that this is no answer. */
int answer_check(const json_t *answer, struct fault *fault) MUST_CHECK;
