/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Instants of the wall clock for people: RFC 3339 in UTC, as in answers to the operator and in the
 * log.
 */
#pragma once

#include <stdint.h>

enum { WALL_TEXT_SIZE = 40 };

/** Write ms since 1970 as "2026-01-31T12:00:00Z"; empty for a year that has no such text. Returns
 * text. */
const char *wall_text(uint64_t wall_ms, char text[WALL_TEXT_SIZE]);
