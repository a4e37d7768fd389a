/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Member names: one DNS label in lower case, which must not look like something else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    NAME_SIZE_MAX = 63,
    NAME_TEXT_SIZE = NAME_SIZE_MAX + 1, /* with NUL; as long as any DNS label */
};

/** True for [a-z0-9-]{1,63} that neither begins nor ends with a hyphen. */
bool name_is_label(const char *name, size_t size);

/** A name (size bytes, any content) as names are compared: lower case, padded with zeros to the
 * end. False, out untouched, if it is empty or too long to be one. */
bool name_fold(char out[NAME_TEXT_SIZE], const char *name, size_t size);

/**
 * Why a member may not have this name, as one sentence for people; NULL if it may. Refused are
 * other than labels, reserved names (admin, localhost), and what looks like a key (52 base32
 * characters) or like an address or id in hexadecimal (32 digits).
 */
const char *name_problem(const char *name, size_t size);

/** Make the best legal name of any text, e.g. a host name "Anna's-PC.local" -> "anna-s-pc": lower
 * case, first label only, other characters become single hyphens, cut to 63. "host" if nothing
 * is left or the result would be refused. Returns name. */
const char *name_sanitise(char name[NAME_TEXT_SIZE], const char *text, size_t size);
