/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both directions collect bits in `bits`, of which the last `count` are still to be written. */
#include "proto/base/base32.h"

#include <string.h>

void base32_encode(char *text, const uint8_t *data, size_t size)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint32_t bits = 0;
    unsigned count = 0;

    for (size_t i = 0; i < size; i++) {
        bits = bits << 8 | data[i];
        count += 8;
        while (count >= 5) {
            count -= 5;
            *text = alphabet[bits >> count & 31];
            text++;
        }
    }
    if (count > 0) {
        *text = alphabet[bits << (5 - count) & 31];
        text++;
    }
    *text = '\0';
}

/* The value of a character, 0 to 31; 32 for a character outside the alphabet. */
static uint32_t value_of(char c)
{
    if (c >= 'a' && c <= 'z') {
        return (uint32_t)(c - 'a');
    }
    if (c >= 'A' && c <= 'Z') {
        return (uint32_t)(c - 'A');
    }
    return c >= '2' && c <= '7' ? (uint32_t)(c - '2') + 26 : 32;
}

static int decode(uint8_t *out, const char *text, size_t text_size)
{
    uint32_t bits = 0;
    unsigned count = 0;
    size_t written = 0;

    for (size_t i = 0; i < text_size; i++) {
        uint32_t value = value_of(text[i]);

        if (value > 31) {
            return ERR_DROP;
        }
        bits = bits << 5 | value;
        count += 5;
        if (count >= 8) {
            count -= 8;
            out[written] = (uint8_t)(bits >> count);
            written++;
        }
    }
    /* Spare bits must be zero, or one value would have several spellings. */
    return (bits & ((1U << count) - 1)) == 0 ? ERR_OK : ERR_DROP;
}

int base32_decode(uint8_t *out, size_t size, const char *text, size_t text_size)
{
    int rc = text_size == BASE32_TEXT_SIZE(size) ? decode(out, text, text_size) : ERR_DROP;

    if (rc != ERR_OK && size > 0) {
        memset(out, 0, size);
    }
    return rc;
}
