/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parser stores a header, and the value of a known type if it does not lie in one piece. */
#include "proto/wire/capsule.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

#include <stdlib.h>
#include <string.h>

/* Length of the variable-length integer that begins with this byte (RFC 9000, section 16). */
static size_t varint_size(uint8_t first)
{
    return (size_t)1 << (first >> 6);
}

/* How many more bytes of the header are surely needed; 0: it is whole. */
static size_t head_missing(const struct capsule_parser *p)
{
    if (p->head_size == 0) {
        return 1;
    }
    size_t type_size = varint_size(p->head[0]);

    if (p->head_size <= type_size) {
        return type_size + 1 - p->head_size;
    }
    return type_size + varint_size(p->head[type_size]) - p->head_size;
}

/* The longest value that is accepted of this type; UINT64_MAX for a type that is skipped. */
static uint64_t size_cap(uint64_t type)
{
    switch (type) {
    case CONTROL_CAPSULE_TYPE:
        return CONTROL_SIZE_MAX;
    case DATAGRAM_CAPSULE_TYPE:
        return CAPSULE_DATAGRAM_SIZE_MAX;
    default:
        return UINT64_MAX;
    }
}

static bool known(uint64_t type)
{
    return size_cap(type) != UINT64_MAX;
}

/* Forget the capsule that was read, and the value that was lent out. */
static void begin(struct capsule_parser *p)
{
    free(p->value);
    p->value = NULL;
    p->value_size = 0;
    p->head_size = 0;
    p->in_value = false;
    p->yielded = false;
    p->left = 0;
}

/* Collect the header. True once it is whole and its value begins. */
static bool read_head(struct capsule_parser *p, const uint8_t **data, size_t *size)
{
    size_t missing = head_missing(p);

    while (missing > 0) {
        size_t count = *size < missing ? *size : missing;

        if (count == 0) {
            return false;
        }
        memcpy(p->head + p->head_size, *data, count);
        p->head_size += count;
        *data += count;
        *size -= count;
        missing = head_missing(p);
    }
    struct rbuf r = rbuf_over(p->head, p->head_size);

    p->type = rbuf_varint(&r);
    p->left = rbuf_varint(&r);
    p->in_value = true;
    return true;
}

/* Read on in the value of a known capsule. */
static int read_value(struct capsule_parser *p, const uint8_t **data, size_t *size,
                      struct capsule *out)
{
    size_t left = (size_t)p->left; /* below size_cap */
    size_t count = *size < left ? *size : left;

    if (p->value == NULL && count == left) { /* all of it is in this piece: it is lent from there */
        *out = (struct capsule){p->type, *data, left, true};
        p->yielded = true;
    } else {
        if (p->value == NULL) {
            p->value = malloc(left);
            if (p->value == NULL) {
                return ERR_NOMEM;
            }
        }
        if (count > 0) {
            memcpy(p->value + p->value_size, *data, count);
            p->value_size += count;
        }
        if (count == left) {
            *out = (struct capsule){p->type, p->value, p->value_size, true};
            p->yielded = true;
        }
    }
    if (count > 0) {
        *data += count;
        *size -= count;
    }
    p->left -= count;
    return ERR_OK;
}

static void skip_value(struct capsule_parser *p, const uint8_t **data, size_t *size)
{
    size_t count = *size < p->left ? *size : (size_t)p->left;

    if (count > 0) {
        *data += count;
        *size -= count;
    }
    p->left -= count;
    if (p->left == 0) {
        p->skipped_count++;
        begin(p);
    }
}

int capsule_next(struct capsule_parser *parser, const uint8_t **data, size_t *size,
                 struct capsule *out)
{
    struct capsule_parser *p = parser;

    *out = (struct capsule){.complete = false};
    if (p->failed) {
        return ERR_SESSION;
    }
    if (p->yielded) {
        begin(p);
    }
    do {
        if (!p->in_value && !read_head(p, data, size)) {
            return ERR_OK;
        }
        if (p->left > size_cap(p->type)) {
            p->failed = true;
            return ERR_SESSION;
        }
        if (known(p->type)) {
            return read_value(p, data, size, out);
        }
        skip_value(p, data, size);
    } while (*size > 0);
    return ERR_OK;
}

bool capsule_parser_idle(const struct capsule_parser *parser)
{
    return !parser->failed && (parser->yielded || parser->head_size == 0);
}

void capsule_parser_fini(struct capsule_parser *parser)
{
    free(parser->value);
    *parser = (struct capsule_parser){.failed = false};
}

size_t capsule_header(uint8_t out[CAPSULE_HEADER_SIZE_MAX], uint64_t type, uint64_t size)
{
    struct wbuf w = wbuf_over(out, CAPSULE_HEADER_SIZE_MAX);

    wbuf_varint(&w, type);
    wbuf_varint(&w, size);
    CHECK(wbuf_ok(&w));
    return wbuf_size(&w);
}
