/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A short list of short records. */
#include "rendezvous/presence/located_bytes.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"

size_t located_bytes_write(const struct located *located, uint8_t out[LOCATED_BYTES_MAX])
{
    size_t size = 0;

    out[size++] = u8_of(located->count);
    for (size_t i = 0; i < located->count; i++) {
        size_t wrote = presence_record_write(&located->records[i], out + size + 1);

        out[size] = u8_of(wrote);
        size += 1 + wrote;
    }
    return size;
}

int located_bytes_read(struct locate_record records[PRESENCE_PER_KEY_MAX], size_t *count,
                       const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    size_t told = rbuf_u8(&r);

    if (told > PRESENCE_PER_KEY_MAX) {
        return ERR_DROP;
    }
    for (size_t i = 0; i < told; i++) {
        records[i].size = rbuf_u8(&r);
        records[i].data = rbuf_take(&r, records[i].size);
    }
    if (!rbuf_done(&r)) {
        return ERR_DROP;
    }
    *count = told;
    return ERR_OK;
}
