/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Base32 of RFC 4648 in lower case and without padding, as keys and invites are written.
 */
#pragma once

#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

/** Characters for `size` bytes, without the NUL. */
#define BASE32_TEXT_SIZE(size) (((size)*8 + 4) / 5)

/** Write BASE32_TEXT_SIZE(size) characters and a NUL to text. */
void base32_encode(char *text, const uint8_t *data, size_t size);

/**
 * Decode text_size characters of either case into exactly `size` bytes. ERR_DROP (out zeroed)
 * for any other character or length, and for spare bits that are not zero, so that every value
 * has one spelling per case.
 */
int base32_decode(uint8_t *out, size_t size, const char *text, size_t text_size) MUST_CHECK;
