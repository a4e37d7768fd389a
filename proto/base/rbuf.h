/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading hostile bytes. The reader is sticky: after the first failure every read gives zero or
 * NULL. So a decoder reads all its fields and checks once, with rbuf_done, at the end. Integers are
 * big-endian. Pure: no allocation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rbuf {
    const uint8_t *at, *end;
    bool failed; /* sticky; a decoder may set it, too */
};

/** A reader over size borrowed bytes. data may be NULL if size is 0. */
struct rbuf rbuf_over(const uint8_t *data, size_t size);

/** Bytes not read yet; 0 after a failure. */
size_t rbuf_left(const struct rbuf *r);

/** True if nothing failed and nothing is left: the whole message was understood. */
bool rbuf_done(const struct rbuf *r);

/** The next integer; 0 on failure. */
uint8_t rbuf_u8(struct rbuf *r);
uint16_t rbuf_u16(struct rbuf *r);
uint32_t rbuf_u32(struct rbuf *r);
uint64_t rbuf_u64(struct rbuf *r);

/** Take `size` bytes; the pointer is borrowed from the message. NULL on failure. */
const uint8_t *rbuf_take(struct rbuf *r, size_t size);

/** Copy the next `size` bytes to `to`, which is zeroed on failure. */
void rbuf_copy(struct rbuf *r, void *to, size_t size);

/** Skip `size` bytes that must all be zero; anything else is a failure. */
void rbuf_zeros(struct rbuf *r, size_t size);

/** The next QUIC variable-length integer (RFC 9000, section 16), in any of its lengths; 0 on
 * failure. */
uint64_t rbuf_varint(struct rbuf *r);
