/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Capsules (RFC 9297, section 3.2): type and length as variable-length integers, then the value.
 * The parser takes the byte stream in pieces of any size and content. It gives out capsules of the
 * two types that we know, and skips all others, of any length, without storing them.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CAPSULE_HEADER_SIZE_MAX = 16,
    CAPSULE_DATAGRAM_SIZE_MAX = FRAME_SIZE_MAX + 1024, /* value of a DATAGRAM capsule */
};

/** The parser of one direction of one stream. Zero it at first; capsule_parser_fini ends it. */
struct capsule_parser {
    uint8_t head[CAPSULE_HEADER_SIZE_MAX];
    size_t head_size;
    bool in_value, yielded, failed;
    uint64_t type, left; /* of the capsule that is read: its type; bytes of its value to come */
    uint8_t *value;      /* what there is of a known capsule that began in an earlier piece */
    size_t value_size;
    uint64_t skipped_count; /* unknown capsules */
};

/** One complete capsule of type CONTROL_CAPSULE_TYPE or DATAGRAM_CAPSULE_TYPE. */
struct capsule {
    uint64_t type;
    const uint8_t *value; /* size bytes, borrowed from the parser or the piece: valid until the
                             next call with this parser, and while the piece is there */
    size_t size;
    bool complete; /* false: there is no capsule yet, and the piece is used up */
};

/**
 * Read the next capsule from the piece *data of *size bytes; both are moved past what was read.
 * Call it with the same piece until out->complete is false, then with the next piece.
 *
 * ERR_SESSION if a known capsule is longer than its cap (every further call returns that, too);
 * ERR_NOMEM if there is no memory for a value that is spread over pieces. The stream cannot go on
 * then.
 */
int capsule_next(struct capsule_parser *parser, const uint8_t **data, size_t *size,
                 struct capsule *out) MUST_CHECK;

/** True if the stream may end here: no capsule is half read. Later: for sessions over TCP, whose
 * streams may end anywhere. */
bool capsule_parser_idle(const struct capsule_parser *parser);

/** Free what the parser holds and zero it, as for another stream. */
void capsule_parser_fini(struct capsule_parser *parser);

/** Write the header of a capsule with a value of `size` bytes; returns the header's length. */
size_t capsule_header(uint8_t out[CAPSULE_HEADER_SIZE_MAX], uint64_t type, uint64_t size);
