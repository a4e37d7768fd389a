/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which sizes of frames are looked for on a path: those that just pass an underlay of a size that
 * is met, by IPv4 and by IPv6. A search asks about all that are larger than the one in use at once,
 * so that it takes one round trip, and the largest that is answered counts. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PATH_SIZES_MAX = 16,         /* pings that are due at once */
    PATH_FRAME_SIZE_IPV6 = 1232, /* fits 1280 bytes with IPv6 and UDP headers */
    PATH_FRAME_SIZE_MIN = 548,   /* fits 576 bytes with IPv4 and UDP headers */
};

/**
 * The sizes that a reachable path is asked about, largest first: few, so that it is usable soon on
 * a slow line, too. Returns their number. Parameters as below, and
 *
 * least   ask about PATH_FRAME_SIZE_MIN, too: others were asked about in vain
 */
size_t path_sizes_first(uint16_t out[PATH_SIZES_MAX], uint16_t size, uint16_t full, size_t head,
                        bool least);

/** Whether the size in use passes, and what passes otherwise, down to the smallest (0). It goes
 * first: if a smaller one is answered before it, it is probably lost. Returns their number. */
size_t path_sizes_below(uint16_t out[PATH_SIZES_MAX], uint16_t size, size_t head);

/**
 * The sizes of a search, largest first; returns their number.
 *
 * out    sizes above `size`, in bytes of a frame
 * size   the frame in use
 * full   the largest frame that is of use; it is asked about, too, if it is above `size`
 * head   bytes that stand before each frame in its datagram
 */
size_t path_sizes_above(uint16_t out[PATH_SIZES_MAX], uint16_t size, uint16_t full, size_t head);
