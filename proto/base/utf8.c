/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Over-long forms, surrogates and the C1 control characters are no characters here, either. */
#include "proto/base/utf8.h"

#include <stdint.h>

size_t utf8_size(const char *text)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)text;
    size_t size = at[0] < 0x80 ? 1 : at[0] >> 5 == 6 ? 2 : at[0] >> 4 == 14 ? 3 : 4;
    uint32_t code = at[0];

    if (size == 1) {
        return code < 0x20 || code == 0x7f ? 0 : 1;
    }
    if (size == 4 && at[0] >> 3 != 30) {
        return 0;
    }
    code &= 0x7fU >> size;
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0; /* the NUL at the end of the text stops here too */
        }
        code = code << 6 | (at[i] & 0x3fU);
    }
    if (code < smallest[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ||
        (code >= 0x80 && code <= 0x9f)) {
        return 0;
    }
    return size;
}

void utf8_clean(char *text)
{
    while (*text != '\0') {
        size_t size = utf8_size(text);

        if (size == 0) {
            *text = '?';
        }
        text += size > 0 ? size : 1;
    }
}
