/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing messages into the caller's memory. The writer is sticky as rbuf is: after something that
 * did not fit, nothing more is written. An encoder writes all its fields and checks once, with
 * wbuf_ok, at the end. Integers are big-endian. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wbuf {
    uint8_t *start, *at, *end;
    bool failed; /* sticky; an encoder may set it, too */
};

/** A writer into `size` bytes of the caller's memory. */
struct wbuf wbuf_over(uint8_t *data, size_t size);

/** Bytes written so far. */
size_t wbuf_size(const struct wbuf *w);

/** True if nothing failed. */
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

/** Leave room for a 16-bit length, which wbuf_close_u16 writes. Returns the position for it. */
size_t wbuf_open_u16(struct wbuf *w);

/** Write the length that was left open at `mark`: the number of bytes since. The writer fails if it
 * exceeds 16 bits. */
void wbuf_close_u16(struct wbuf *w, size_t mark);

/** Append a QUIC variable-length integer (RFC 9000, section 16) in its shortest form. The writer
 * fails for a value of 2^62 or more. */
void wbuf_varint(struct wbuf *w, uint64_t value);
