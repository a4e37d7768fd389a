/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libqrencode makes the modules; two rows of them become one line of text.
 */
#include "proto/host/qr.h"

#include <qrencode.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_SIZE_MAX = 1000,
    QUIET_ZONE = 2, /* modules around the code */
    BLOCK_SIZE = 3, /* UTF-8 bytes of a half block */
};

/* A module outside the code is light, like the paper around a printed one. */
static bool module_is_light(const QRcode *code, int x, int y)
{
    if (x < 0 || y < 0 || x >= code->width || y >= code->width) {
        return true;
    }
    return (code->data[y * code->width + x] & 1) == 0;
}

static char *block_append(char *at, bool upper, bool lower)
{
    const char *block = upper ? (lower ? "\u2588" : "\u2580") : (lower ? "\u2584" : " ");
    size_t size = strlen(block);

    memcpy(at, block, size);
    return at + size;
}

char *qr_text(const char *text)
{
    QRcode *code = NULL;
    char *drawing = NULL;
    char *at;
    size_t side;

    if (strlen(text) > TEXT_SIZE_MAX) {
        return NULL;
    }
    code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
    if (code == NULL) {
        return NULL;
    }
    side = (size_t)code->width + 2 * QUIET_ZONE;
    drawing = malloc((side / 2 + 1) * (side * BLOCK_SIZE + 1) + 1);
    if (drawing == NULL) {
        goto out;
    }
    at = drawing;
    for (int y = -QUIET_ZONE; y < code->width + QUIET_ZONE; y += 2) {
        for (int x = -QUIET_ZONE; x < code->width + QUIET_ZONE; x++) {
            at = block_append(at, module_is_light(code, x, y), module_is_light(code, x, y + 1));
        }
        *at = '\n';
        at++;
    }
    *at = '\0';
out:
    QRcode_free(code);
    return drawing;
}
