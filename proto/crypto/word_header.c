/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sixteen bytes, of which the first and the last eight say something. */
#include "proto/crypto/word_header.h"

#include "proto/base/bytes.h"

#include <string.h>

enum { NUMBER_AT = 8 };

void word_header_write(uint8_t out[WORD_HEADER_SIZE], enum frame_first_byte type, uint64_t number)
{
    memset(out, 0, WORD_HEADER_SIZE);
    out[0] = (uint8_t)type;
    be64_write(out + NUMBER_AT, number);
}

bool word_header_read(uint64_t *number, enum frame_first_byte type, const uint8_t *data,
                      size_t size)
{
    static const uint8_t zeros[NUMBER_AT - 1];

    if (size < WORD_HEADER_SIZE || data[0] != type || memcmp(data + 1, zeros, sizeof(zeros)) != 0) {
        return false;
    }
    *number = be64_read(data + NUMBER_AT);
    return true;
}
