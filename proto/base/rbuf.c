/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every read goes through rbuf_take, the one place that looks at what is left. */
#include "proto/base/rbuf.h"

#include "proto/base/bytes.h"

#include <string.h>

struct rbuf rbuf_over(const uint8_t *data, size_t size)
{
    return (struct rbuf){.at = data, .end = size == 0 ? data : data + size, .failed = false};
}

size_t rbuf_left(const struct rbuf *r)
{
    return r->failed ? 0 : (size_t)(r->end - r->at);
}

bool rbuf_done(const struct rbuf *r)
{
    return !r->failed && r->at == r->end;
}

const uint8_t *rbuf_take(struct rbuf *r, size_t size)
{
    if (r->failed || (size_t)(r->end - r->at) < size) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *taken = r->at;
    r->at = size == 0 ? r->at : r->at + size;
    return taken;
}

uint8_t rbuf_u8(struct rbuf *r)
{
    const uint8_t *at = rbuf_take(r, 1);

    return at == NULL ? 0 : at[0];
}

uint16_t rbuf_u16(struct rbuf *r)
{
    const uint8_t *at = rbuf_take(r, 2);

    return at == NULL ? 0 : be16_read(at);
}

uint32_t rbuf_u32(struct rbuf *r)
{
    const uint8_t *at = rbuf_take(r, 4);

    return at == NULL ? 0 : be32_read(at);
}

uint64_t rbuf_u64(struct rbuf *r)
{
    const uint8_t *at = rbuf_take(r, 8);

    return at == NULL ? 0 : be64_read(at);
}

void rbuf_copy(struct rbuf *r, void *to, size_t size)
{
    const uint8_t *at = rbuf_take(r, size);

    if (size == 0) {
        return;
    }
    if (at == NULL) {
        memset(to, 0, size);
        return;
    }
    memcpy(to, at, size);
}

void rbuf_zeros(struct rbuf *r, size_t size)
{
    const uint8_t *at = rbuf_take(r, size);

    for (size_t i = 0; at != NULL && i < size; i++) {
        if (at[i] != 0) {
            r->failed = true;
            return;
        }
    }
}

uint64_t rbuf_varint(struct rbuf *r)
{
    uint8_t first = rbuf_u8(r);
    uint64_t value = first & 0x3f;
    size_t more = ((size_t)1 << (first >> 6)) - 1;

    for (size_t i = 0; i < more; i++) {
        value = value << 8 | rbuf_u8(r);
    }
    return r->failed ? 0 : value;
}
