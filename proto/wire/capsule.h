/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Capsules (RFC 9297, section 3.2): type and length as variable-length integers, then the value.
 * The parser takes the byte stream in pieces of any size. It yields the two types we know, and
 * skips all others, of any length, without storing them.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CAPSULE_HEADER_SIZE_MAX = 16,
    CAPSULE_DATAGRAM_SIZE_MAX = FRAME_SIZE_MAX + 64, /* value of a DATAGRAM capsule */
};

/** State of one direction of one stream; zeroed at start, capsule_parser_fini at the end. */
struct capsule_parser {
    uint8_t head[CAPSULE_HEADER_SIZE_MAX];
    size_t head_size;
    bool in_value, yielded, failed;
    uint64_t type, left; /* of the capsule being read: bytes of its value still to come */
    uint8_t *value;      /* only while a known capsule is spread over several pieces */
    size_t value_size;
    uint64_t skipped_count; /* unknown capsules */
};

/** One complete capsule of type CONTROL_CAPSULE_TYPE or DATAGRAM_CAPSULE_TYPE. */
struct capsule {
    uint64_t type;
    const uint8_t *value; /* size bytes, until the next call with this parser or until the piece
                             that was passed in goes away */
    size_t size;
    bool complete; /* false: the piece is used up, no capsule is ready */
};

/**
 * Read on in the piece *data of *size bytes, both of which move on. Call until out->complete is
 * false. ERR_SESSION if a known capsule is longer than its cap (the parser then stays failed),
 * ERR_NOMEM.
 */
int capsule_next(struct capsule_parser *parser, const uint8_t **data, size_t *size,
                 struct capsule *out) MUST_CHECK;

/** True if the stream may end here: no capsule is half read. Later: sessions over TCP, whose
 * streams end without a word. */
bool capsule_parser_idle(const struct capsule_parser *parser);

/** Free what the parser holds; it may then be used anew, for another stream. */
void capsule_parser_fini(struct capsule_parser *parser);

/** Write the header of a capsule with a value of `size` bytes; returns the header's length. */
size_t capsule_header(uint8_t out[CAPSULE_HEADER_SIZE_MAX], uint64_t type, uint64_t size);
