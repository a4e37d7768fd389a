/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any sequence of fragments from a peer. A fragment that is refused must leave the deadline as it
 * was.
 *
 *   input: any number of { milliseconds since the previous one(1) size(2) fragment(size) };
 *   the lowest bit of the milliseconds is the session, too
 */
#include "client/tunnel/fragment.h"
#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void offer(struct fragment_box *box, uint32_t session, const uint8_t *fragment, size_t size,
                  struct mono now)
{
    static uint8_t out[FRAGMENT_PLAIN_SIZE_MAX];
    uint8_t *copy = malloc(size + 1);
    size_t out_size = SIZE_MAX;

    memcpy(copy, fragment, size);
    fragment_box_expire(box, now);

    struct mono before = fragment_box_deadline(box);
    int rc = fragment_box_put(box, session, copy, size, out, sizeof(out), &out_size, now);

    CHECK(rc == ERR_OK || rc == ERR_DROP);
    CHECK(rc != ERR_OK || out_size <= sizeof(out));
    CHECK(rc == ERR_OK || (out_size == SIZE_MAX && before.ns == fragment_box_deadline(box).ns));
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct fragment_box *box;
    struct mono now = {0};

    if (fragment_box_new(&box, NULL) != ERR_OK) {
        return 0;
    }
    while (rbuf_left(&r) > 0) {
        uint8_t ms = rbuf_u8(&r);

        now = mono_add_ms(now, ms);
        size_t fragment_size = rbuf_u16(&r);
        const uint8_t *fragment = rbuf_take(&r, fragment_size);

        if (fragment != NULL) {
            offer(box, ms & 1, fragment, fragment_size, now);
        }
    }
    fragment_box_free(box);
    return 0;
}
