/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Base32 of RFC 4648, as keys and invites are written: without padding, written in lower case,
 * read in either.
 */
#pragma once

#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

/** Number of characters for `size` bytes, without the NUL. */
#define BASE32_TEXT_SIZE(size) (((size)*8 + 4) / 5)

/** Write BASE32_TEXT_SIZE(size) characters and a NUL to text, which has room for both. */
void base32_encode(char *text, const uint8_t *data, size_t size);

/**
 * Decode text_size characters of either case into exactly `size` bytes. ERR_DROP, with out
 * zeroed, for another length or character, and where the spare bits of the last character are not
 * zero. So a value has only one spelling, but for the case of its letters.
 */
int base32_decode(uint8_t *out, size_t size, const char *text, size_t text_size) MUST_CHECK;
