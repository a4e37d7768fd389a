/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What all words between relays begin with (docs/protocol.md, section 17): a type, by which the
 * first byte of a datagram tells them apart, and a number, by which who asked finds its question.
 *
 *   type(1) || zeros(7) || number(8)
 */
#pragma once

#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORD_HEADER_SIZE = 16 };

/** Write it. */
void word_header_write(uint8_t out[WORD_HEADER_SIZE], enum frame_first_byte type, uint64_t number);

/** The number in size bytes of any content that begin like a word of this type. False, with *number
 * untouched, if they do not. */
bool word_header_read(uint64_t *number, enum frame_first_byte type, const uint8_t *data,
                      size_t size);
