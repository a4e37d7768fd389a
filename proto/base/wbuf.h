/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing messages into caller memory. Sticky like rbuf: once something did not fit, nothing
 * more is written, and wbuf_ok says so at the end. Integers are big-endian. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wbuf {
    uint8_t *start, *at, *end;
    bool failed; /* sticky: something did not fit */
};

/** A writer over `size` bytes of caller memory. */
struct wbuf wbuf_over(uint8_t *data, size_t size);

/** Bytes written so far. */
size_t wbuf_size(const struct wbuf *w);

/** True if everything fitted. */
bool wbuf_ok(const struct wbuf *w);

/** Append an integer. */
void wbuf_u8(struct wbuf *w, uint8_t value);
void wbuf_u16(struct wbuf *w, uint16_t value);
void wbuf_u32(struct wbuf *w, uint32_t value);
void wbuf_u64(struct wbuf *w, uint64_t value);

/** Append `size` bytes of `data`. */
void wbuf_put(struct wbuf *w, const void *data, size_t size);

/** Append `size` zero bytes. */
void wbuf_zeros(struct wbuf *w, size_t size);

/** Open a 16-bit length that wbuf_close_u16 fills with the bytes written since. Returns the
 * position to close. */
size_t wbuf_open_u16(struct wbuf *w);

/** Back-patch the length opened at `mark`; fails if it exceeds 16 bits. */
void wbuf_close_u16(struct wbuf *w, size_t mark);

/** A QUIC variable-length integer (RFC 9000, section 16), shortest form. */
void wbuf_varint(struct wbuf *w, uint64_t value);
