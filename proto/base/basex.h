/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers in a base that is no power of two, as base58 and base36: the bytes are one big-endian
 * number, and each zero byte before it is one digit zero of its own. Base58 is in Bitcoin's
 * alphabet (draft-msporny-base58); base36 is that of multibase.
 */
#pragma once

#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

#define BASEX_58 "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
#define BASEX_36 "0123456789abcdefghijklmnopqrstuvwxyz"

enum { BASEX_SIZE_MAX = 128 }; /* bytes of a number, in both directions */

/** Write the digits of data, of at most BASEX_SIZE_MAX bytes, and a NUL to text, which has room for
 * them: in base58 11 for 8 bytes, in base36 13. Returns text. */
const char *basex_encode(char *text, const char *alphabet, const uint8_t *data, size_t size);

/**
 * Read text_size digits of any content. *size is the room of out, at most BASEX_SIZE_MAX, and then
 * how much of it was filled. ERR_DROP, with out zeroed, for a character that is no digit, or if
 * there is no room for the bytes.
 */
int basex_decode(uint8_t *out, size_t *size, const char *alphabet, const char *text,
                 size_t text_size) MUST_CHECK;
