/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Member names: one DNS label in lower case that cannot be taken for something else
 * (docs/protocol.md, section 14). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    NAME_SIZE_MAX = 63,
    NAME_TEXT_SIZE = NAME_SIZE_MAX + 1, /* with NUL; room for any DNS label */
};

/** True for [a-z0-9-]{1,63} that neither begins nor ends with a hyphen. */
bool name_is_label(const char *name, size_t size);

/** The form in which names are compared: lower case, and zeros behind it up to the end of out. name
 * is size bytes of any content. False, with out untouched, if it is empty or longer than
 * NAME_SIZE_MAX. */
bool name_fold(char out[NAME_TEXT_SIZE], const char *name, size_t size);

/**
 * Why a member may not have this name, as one sentence for people; NULL if it may. A name must be a
 * label. Refused are labels that begin with xn--, reserved ones (admin, localhost), and those that
 * look like a key (52 base32 characters) or like an address in hexadecimal (32 digits).
 */
const char *name_problem(const char *name, size_t size);

/** Make a legal name of any text: "Anna's-PC.local" becomes "anna-s-pc". The text up to its first
 * dot is taken in lower case, other characters become single hyphens, and the rest is cut at 63.
 * The name is "host" if nothing is left or name_problem refuses the result. Returns name. */
const char *name_sanitise(char name[NAME_TEXT_SIZE], const char *text, size_t size);
