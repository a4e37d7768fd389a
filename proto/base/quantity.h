/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quantities as people write them in a configuration: a number and a unit, such as "50 Mbit/s" or
 * "1.5 TB". Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QUANTITY_TEXT_SIZE = 32 };

/** What one unit is worth. */
struct quantity_unit {
    const char *name;
    uint64_t factor;
};

/** Bits a second: bit/s, kbit/s, Mbit/s, Gbit/s; what it gives is in bytes a second. */
bool quantity_rate_parse(uint64_t *bytes_per_s, const char *text);

/** Bytes: B, kB, MB, GB, TB, PB, each 1000 times the one before. */
bool quantity_bytes_parse(uint64_t *bytes, const char *text);

/** The same as text, in the largest unit that keeps the value, for a file that reads it again.
 * Returns text. */
const char *quantity_rate_text(uint64_t bytes_per_s, char text[QUANTITY_TEXT_SIZE]);
const char *quantity_bytes_text(uint64_t bytes, char text[QUANTITY_TEXT_SIZE]);
