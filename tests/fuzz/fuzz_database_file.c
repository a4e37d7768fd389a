/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A database of LMDB, patched by the input: whatever is taken for whole can be opened, read and
 * changed. A patch is a place (3 bytes), a count (1 byte) and that many bytes; a place behind the
 * end cuts the file there, modulo its size.
 */
#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "tests/support/database_image.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct database_image image;

static void image_remove(void)
{
    database_image_fini(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    uint8_t *bytes;
    size_t left;

    if (image.bytes == NULL) {
        database_image_init(&image);
        (void)atexit(image_remove);
    }
    bytes = malloc(image.size);
    CHECK(bytes != NULL);
    memcpy(bytes, image.bytes, image.size);
    left = image.size;
    while (r.at < r.end) {
        size_t at = (size_t)rbuf_u8(&r) << 16;

        at |= rbuf_u16(&r);
        size_t count = rbuf_u8(&r);
        const uint8_t *patch = rbuf_take(&r, count);
        if (patch == NULL) {
            break;
        }
        if (at >= image.size) {
            left = at % image.size;
        } else {
            memcpy(bytes + at, patch, count < image.size - at ? count : image.size - at);
        }
    }
    if (database_image_judge(&image, bytes, left) == DATABASE_FILE_WHOLE) {
        (void)database_image_use(&image);
    }
    free(bytes);
    return 0;
}
