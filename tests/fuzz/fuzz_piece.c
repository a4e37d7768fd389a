/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any sequence of pieces from a peer. A piece that is refused must leave the deadline as it was.
 *
 *   input: any number of { milliseconds since the last(1) size(2) piece }
 */
#include "client/tunnel/fragment.h"
#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void offer(struct piece_box *box, const uint8_t *piece, size_t size, struct mono now)
{
    static uint8_t out[PIECE_PLAIN_SIZE_MAX];
    uint8_t *copy = malloc(size + 1);
    size_t out_size = SIZE_MAX;

    memcpy(copy, piece, size);
    piece_box_expire(box, now);

    struct mono before = piece_box_deadline(box);
    int rc = piece_box_put(box, copy, size, out, sizeof(out), &out_size, now);

    CHECK(rc == ERR_OK || rc == ERR_DROP);
    CHECK(rc != ERR_OK || out_size <= sizeof(out));
    CHECK(rc == ERR_OK || (out_size == SIZE_MAX && before.ns == piece_box_deadline(box).ns));
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct piece_box *box;
    struct mono now = {0};

    if (piece_box_new(&box, NULL) != ERR_OK) {
        return 0;
    }
    while (rbuf_left(&r) > 0) {
        now = mono_add_ms(now, rbuf_u8(&r));
        size_t piece_size = rbuf_u16(&r);
        const uint8_t *piece = rbuf_take(&r, piece_size);

        if (piece != NULL) {
            offer(box, piece, piece_size, now);
        }
    }
    piece_box_free(box);
    return 0;
}
