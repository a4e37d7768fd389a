/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Times of the wall clock as people read them, in answers to the operator and in the log: RFC 3339,
 * UTC.
 */
#pragma once

#include <stdint.h>

enum { WALL_TEXT_SIZE = 40 };

/** Write wall_ms (ms since 1970 UTC) as "2026-01-31T12:00:00Z"; empty if its year is too large for
 * the C library. Returns text. */
const char *wall_text(uint64_t wall_ms, char text[WALL_TEXT_SIZE]);
