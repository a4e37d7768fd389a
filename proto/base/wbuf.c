/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every write gets its room from reserve(), the one place that looks at what is left. */
#include "proto/base/wbuf.h"

#include "proto/base/bytes.h"

#include <string.h>

struct wbuf wbuf_over(uint8_t *data, size_t size)
{
    return (struct wbuf){.start = data, .at = data, .end = data + size, .failed = false};
}

size_t wbuf_size(const struct wbuf *w)
{
    return (size_t)(w->at - w->start);
}

bool wbuf_ok(const struct wbuf *w)
{
    return !w->failed;
}

/* Room for `size` bytes; NULL if they do not fit. */
static uint8_t *reserve(struct wbuf *w, size_t size)
{
    if (w->failed || (size_t)(w->end - w->at) < size) {
        w->failed = true;
        return NULL;
    }
    uint8_t *reserved = w->at;
    w->at += size;
    return reserved;
}

void wbuf_u8(struct wbuf *w, uint8_t value)
{
    uint8_t *at = reserve(w, 1);

    if (at != NULL) {
        at[0] = value;
    }
}

void wbuf_u16(struct wbuf *w, uint16_t value)
{
    uint8_t *at = reserve(w, 2);

    if (at != NULL) {
        be16_write(at, value);
    }
}

void wbuf_u32(struct wbuf *w, uint32_t value)
{
    uint8_t *at = reserve(w, 4);

    if (at != NULL) {
        be32_write(at, value);
    }
}

void wbuf_u64(struct wbuf *w, uint64_t value)
{
    uint8_t *at = reserve(w, 8);

    if (at != NULL) {
        be64_write(at, value);
    }
}

void wbuf_put(struct wbuf *w, const void *data, size_t size)
{
    uint8_t *at = reserve(w, size);

    if (at != NULL && size > 0) {
        memcpy(at, data, size);
    }
}

void wbuf_zeros(struct wbuf *w, size_t size)
{
    uint8_t *at = reserve(w, size);

    if (at != NULL && size > 0) {
        memset(at, 0, size);
    }
}

size_t wbuf_open_u16(struct wbuf *w)
{
    size_t mark = wbuf_size(w);

    wbuf_u16(w, 0);
    return mark;
}

void wbuf_close_u16(struct wbuf *w, size_t mark)
{
    if (w->failed) {
        return;
    }
    size_t size = wbuf_size(w) - mark - 2;
    if (size > UINT16_MAX) {
        w->failed = true;
        return;
    }
    be16_write(w->start + mark, (uint16_t)size);
}

void wbuf_varint(struct wbuf *w, uint64_t value)
{
    if (value < UINT64_C(1) << 6) {
        wbuf_u8(w, (uint8_t)value);
    } else if (value < UINT64_C(1) << 14) {
        wbuf_u16(w, (uint16_t)(value | 0x4000));
    } else if (value < UINT64_C(1) << 30) {
        wbuf_u32(w, (uint32_t)(value | 0x80000000));
    } else if (value < UINT64_C(1) << 62) {
        wbuf_u64(w, value | UINT64_C(0xc000000000000000));
    } else {
        w->failed = true;
    }
}
