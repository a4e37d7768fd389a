/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A number has up to six places behind its point, so all is done in millionths of a unit. */
#include "proto/base/quantity.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { PLACES_MAX = 6, DIGITS_MAX = 12, BITS_PER_BYTE = 8 };

#define MILLION UINT64_C(1000000)

/* Largest first. */
static const struct quantity_unit rate_units[] = {
    {"Gbit/s", UINT64_C(1000000000)},
    {"Mbit/s", UINT64_C(1000000)},
    {"kbit/s", UINT64_C(1000)},
    {"bit/s", 1},
};
static const struct quantity_unit byte_units[] = {
    {"PB", UINT64_C(1000000000000000)},
    {"TB", UINT64_C(1000000000000)},
    {"GB", UINT64_C(1000000000)},
    {"MB", UINT64_C(1000000)},
    {"kB", UINT64_C(1000)},
    {"B", 1},
};

/* Read digits, with at most one point among them, as millionths; NULL if there are none or too
 * many. Returns what follows. */
static const char *number_read(uint64_t *millionths, const char *at)
{
    size_t digits = 0, places = 0;
    bool point = false;
    uint64_t value = 0;

    for (; isdigit((unsigned char)*at) || (*at == '.' && !point && digits > 0); at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        digits++;
        places += point ? 1 : 0;
        if (digits > DIGITS_MAX || places > PLACES_MAX) {
            return NULL;
        }
        value = value * 10 + (uint64_t)(*at - '0');
    }
    if (digits == 0 || (point && places == 0)) {
        return NULL;
    }
    for (; places < PLACES_MAX; places++) {
        value *= 10;
    }
    *millionths = value;
    return at;
}

/* millionths * factor / a million; false if that is no whole number of units of one, or too large.
 */
static bool scale(uint64_t *out, uint64_t millionths, uint64_t factor)
{
    uint64_t whole = millionths / MILLION, rest = millionths % MILLION;

    if (whole != 0 && factor > UINT64_MAX / 2 / whole) {
        return false;
    }
    if (factor >= MILLION) {
        *out = whole * factor + rest * (factor / MILLION);
        return true;
    }
    *out = whole * factor + rest * factor / MILLION;
    return rest * factor % MILLION == 0;
}

static bool parse(uint64_t *out, const char *text, const struct quantity_unit *units, size_t count)
{
    uint64_t millionths = 0;
    const char *at = number_read(&millionths, text);

    if (at == NULL) {
        return false;
    }
    at += strspn(at, " ");
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(at, units[i].name) == 0) {
            return scale(out, millionths, units[i].factor);
        }
    }
    return false;
}

static const char *print(uint64_t value, const struct quantity_unit *units, char *text)
{
    while (units->factor > 1 && (value == 0 || value % units->factor != 0)) {
        units++;
    }
    (void)snprintf(text, QUANTITY_TEXT_SIZE, "%" PRIu64 " %s", value / units->factor, units->name);
    return text;
}

bool quantity_rate_parse(uint64_t *bytes_per_s, const char *text)
{
    uint64_t bits;

    if (!parse(&bits, text, rate_units, sizeof(rate_units) / sizeof(rate_units[0])) ||
        bits % BITS_PER_BYTE != 0) {
        return false;
    }
    *bytes_per_s = bits / BITS_PER_BYTE;
    return true;
}

bool quantity_bytes_parse(uint64_t *bytes, const char *text)
{
    return parse(bytes, text, byte_units, sizeof(byte_units) / sizeof(byte_units[0]));
}

const char *quantity_rate_text(uint64_t bytes_per_s, char text[QUANTITY_TEXT_SIZE])
{
    return print(bytes_per_s * BITS_PER_BYTE, rate_units, text);
}

const char *quantity_bytes_text(uint64_t bytes, char text[QUANTITY_TEXT_SIZE])
{
    return print(bytes, byte_units, text);
}
