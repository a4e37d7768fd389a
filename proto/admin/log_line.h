/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A trace event (proto/base/env.h) for programs that read logs: its text is taken apart into
 * key=value fields and the words that are none. Pure.
 *
 * A value ends at a blank, or if it begins with a quotation mark at the next one that a blank or
 * the end follows. Some texts quote what others said, so of two fields with one name the first
 * counts.
 */
#pragma once

#include "proto/base/env.h"

#include <stddef.h>
#include <stdint.h>

/** One line of JSON, without its end:
 *   {"time":"2026-12-31T12:00:00.123Z","level":"info","event":"ziglan.joined","message":WORDS,
 *    "fields":{"peer":"...", ...}}
 * Values are texts. Given (malloc); NULL without memory. */
char *log_line_json(enum trace_level level, const char *event, const char *text, uint64_t wall_ms);

/** What journald's native protocol wants: MESSAGE, PRIORITY, ZIGLAN_EVENT, and each field as
 * ZIGLAN_NAME. `program` is who says it. text has no line breaks. Given (malloc), *size bytes; NULL
 * without memory. */
char *log_line_journal(enum trace_level level, const char *event, const char *text,
                       const char *program, size_t *size);
