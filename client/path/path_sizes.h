/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which sizes of frames are looked for on a path: those that just pass an underlay of a size that
 * is met, by IPv4 and by IPv6. A search asks about all that are larger than the one in use at once,
 * so that it takes one round trip, and the largest that is answered counts. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    PATH_SIZES_MAX = 16,         /* pings that are due at once */
    PATH_FRAME_SIZE_IPV6 = 1232, /* fits 1280 bytes with IPv6 and UDP headers */
};

/**
 * The sizes of a search, largest first; returns their number.
 *
 * out    sizes above `size`, in bytes of a frame
 * size   the frame in use
 * full   the largest frame that is of use; it is asked about, too, if it is above `size`
 * head   bytes that stand before each frame in its datagram
 */
size_t path_sizes_above(uint16_t out[PATH_SIZES_MAX], uint16_t size, uint16_t full, size_t head);
