/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A frame of a host on its way from relay to relay: the datagram of kind 3 (docs/protocol.md,
 * section 3). The relays that it passed stand in it, and those that it shall still pass, so a relay
 * in the middle keeps no state about it. Pure.
 *
 *   kind(1) counts(1: passed << 4 | via) hops(1) dst(32) src(32) passed(32 each) via(32 each)
 *   attachment size(2) attachment frame
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "proto/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RELAYED_PASSED_MAX = 4, /* entry relay, two between, and whoever passes it on to the last */
    RELAYED_HOPS_MAX = 4,
    RELAYED_FRAME_SIZE_MIN = 16, /* the shortest host-to-host frame has a 16-byte header */
    RELAYED_ATTACHMENT_SIZE_MAX = 256,
    RELAYED_HEAD_SIZE_MIN = 3 + 2 * KEY_SIZE + KEY_SIZE + 2,
    RELAYED_HEAD_SIZE_MAX = 3 + 2 * KEY_SIZE + (RELAYED_PASSED_MAX + RELAYED_VIA_MAX) * KEY_SIZE +
                            2 + RELAYED_ATTACHMENT_SIZE_MAX,
};

/** Such a datagram taken apart. All pointers are borrowed. */
struct relayed {
    uint8_t hops;          /* relays that it may still be passed on to */
    const uint8_t *dst;    /* KEY_SIZE bytes: the receiving host */
    const uint8_t *src;    /* KEY_SIZE bytes: the sending host */
    const uint8_t *passed; /* passed_count keys; the first is the entry relay of src */
    size_t passed_count;   /* 1 to RELAYED_PASSED_MAX */
    const uint8_t *via;    /* via_count keys: to be passed, in this order */
    size_t via_count;
    const uint8_t *attachment; /* signed record of src, NULL if there is none in it */
    size_t attachment_size;
    const uint8_t *frame;
    size_t frame_size;
};

/** True for what a host may let a relay forward: a host-to-host frame of a possible size. */
bool relayed_frame_allowed(const uint8_t *frame, size_t size);

/**
 * Take a datagram of kind 3 (size bytes of any content, kind byte first) apart. ERR_DROP, with out
 * untouched, if it is cut, has a count, a size or hops beyond the bounds, names a relay twice, is
 * from dst to itself, or holds no frame that a host may send. Whether src is what it says, the
 * caller finds out by its attachment.
 */
int relayed_decode(struct relayed *out, const uint8_t *data, size_t size) MUST_CHECK;

/** Write all that stands before the frame to out and its length to *size. ERR_DROP if the decoder
 * would refuse it; *size is then untouched. */
int relayed_head_encode(uint8_t out[RELAYED_HEAD_SIZE_MAX], size_t *size,
                        const struct relayed *relayed) MUST_CHECK;

/** True if this relay stands among those that it passed or shall pass. */
bool relayed_names(const struct relayed *relayed, const uint8_t relay_key[KEY_SIZE]);
