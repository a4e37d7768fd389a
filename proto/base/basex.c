/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Schoolbook conversion; the numbers are a few dozen bytes. */
#include "proto/base/basex.h"

#include "proto/base/bytes.h"

#include <stdbool.h>
#include <string.h>

enum { DIGITS_MAX = BASEX_SIZE_MAX * 8 / 5 + 1 }; /* a digit of base 36 or more has over 5 bits */

/* number[0..*count), least significant digit of `base` first, becomes number * factor + add.
 * False if that needs more than room digits. */
static bool number_grow(uint8_t *number, size_t *count, size_t room, uint32_t base, uint32_t factor,
                        uint32_t add)
{
    uint32_t carry = add;

    for (size_t i = 0; i < *count; i++) {
        carry += number[i] * factor;
        number[i] = (uint8_t)(carry % base);
        carry /= base;
    }
    for (; carry > 0; carry /= base) {
        if (*count == room) {
            return false;
        }
        number[(*count)++] = (uint8_t)(carry % base);
    }
    return true;
}

const char *basex_encode(char *text, const char *alphabet, const uint8_t *data, size_t size)
{
    uint32_t base = (uint32_t)strlen(alphabet);
    uint8_t digits[DIGITS_MAX];
    size_t count = 0;
    size_t at = 0;

    CHECK(size <= BASEX_SIZE_MAX);
    for (; at < size && data[at] == 0; at++) {
        text[at] = alphabet[0];
    }
    for (size_t i = at; i < size; i++) {
        CHECK(number_grow(digits, &count, sizeof(digits), base, 256, data[i]));
    }
    while (count > 0) {
        text[at++] = alphabet[digits[--count]];
    }
    text[at] = '\0';
    return text;
}

static bool text_read(uint8_t *bytes, size_t *count, size_t room, const char *alphabet,
                      const char *text, size_t text_size)
{
    uint32_t base = (uint32_t)strlen(alphabet);

    for (size_t i = 0; i < text_size; i++) {
        const char *digit = text[i] != '\0' ? strchr(alphabet, text[i]) : NULL;

        if (digit == NULL ||
            !number_grow(bytes, count, room, 256, base, (uint32_t)(digit - alphabet))) {
            return false;
        }
    }
    return true;
}

int basex_decode(uint8_t *out, size_t *size, const char *alphabet, const char *text,
                 size_t text_size)
{
    uint8_t bytes[BASEX_SIZE_MAX]; /* least significant first */
    size_t room = *size;
    size_t zeros = 0;
    size_t count = 0;
    int rc = ERR_DROP;

    CHECK(room <= sizeof(bytes));
    memset(out, 0, room);
    while (zeros < text_size && text[zeros] == alphabet[0]) {
        zeros++;
    }
    if (zeros <= room &&
        text_read(bytes, &count, room - zeros, alphabet, text + zeros, text_size - zeros)) {
        for (size_t i = 0; i < count; i++) {
            out[zeros + i] = bytes[count - 1 - i];
        }
        *size = zeros + count;
        rc = ERR_OK;
    }
    explicit_bzero(bytes, sizeof(bytes)); /* it may have been a private key */
    return rc;
}
