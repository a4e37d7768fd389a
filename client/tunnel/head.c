/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The head's fields and their bits. Reading accepts exactly what writing makes, so that each packet
 * has only one plaintext.
 */
#include "client/tunnel/head.h"

#include <string.h>

size_t tunnel_head_size(const struct tunnel_head *head)
{
    size_t size = PLAIN_HEADER_SIZE;

    size += head->source == PLAIN_KIND_FIXED ? PLAIN_FIXED_SIZE : 0;
    size += head->destination == PLAIN_KIND_FIXED ? PLAIN_FIXED_SIZE : 0;
    return size;
}

void tunnel_head_write(uint8_t *out, const struct tunnel_head *head)
{
    unsigned flags = (head->v6 ? PLAIN_FAMILY6_FLAG : 0U) | (head->df ? PLAIN_DF_FLAG : 0U) |
                     ((unsigned)head->source << PLAIN_SOURCE_SHIFT) |
                     ((unsigned)head->destination << PLAIN_DESTINATION_SHIFT) |
                     ((unsigned)head->checksum << PLAIN_CHECKSUM_SHIFT);
    size_t at = PLAIN_HEADER_SIZE;

    out[0] = head->protocol;
    out[1] = head->traffic_class;
    out[2] = head->hop_limit;
    out[3] = (uint8_t)flags;
    if (head->source == PLAIN_KIND_FIXED) {
        memcpy(out + at, head->source_middle, PLAIN_FIXED_SIZE);
        at += PLAIN_FIXED_SIZE;
    }
    if (head->destination == PLAIN_KIND_FIXED) {
        memcpy(out + at, head->destination_middle, PLAIN_FIXED_SIZE);
    }
}

int tunnel_head_read(struct tunnel_head *out, struct rbuf *r)
{
    *out = (struct tunnel_head){0};
    out->protocol = rbuf_u8(r);
    out->traffic_class = rbuf_u8(r);
    out->hop_limit = rbuf_u8(r);
    unsigned flags = rbuf_u8(r);

    out->v6 = (flags & PLAIN_FAMILY6_FLAG) != 0;
    out->df = (flags & PLAIN_DF_FLAG) != 0;
    out->source = (enum plain_kind)((flags >> PLAIN_SOURCE_SHIFT) & PLAIN_KIND_MASK);
    out->destination = (enum plain_kind)((flags >> PLAIN_DESTINATION_SHIFT) & PLAIN_KIND_MASK);
    if (((flags >> PLAIN_CHECKSUM_SHIFT) & PLAIN_CHECKSUM_MASK) > PLAIN_CHECKSUM_PARTIAL) {
        return ERR_DROP;
    }
    out->checksum = (enum plain_checksum)((flags >> PLAIN_CHECKSUM_SHIFT) & PLAIN_CHECKSUM_MASK);
    if (out->source == PLAIN_KIND_FIXED) {
        rbuf_copy(r, out->source_middle, PLAIN_FIXED_SIZE);
    }
    if (out->destination == PLAIN_KIND_FIXED) {
        rbuf_copy(r, out->destination_middle, PLAIN_FIXED_SIZE);
    }
    if (r->failed) {
        return ERR_DROP;
    }
    bool only6 = out->source == PLAIN_KIND_4IN6 || out->source == PLAIN_KIND_FIXED ||
                 out->destination == PLAIN_KIND_4IN6 || out->destination == PLAIN_KIND_FIXED;

    if (out->v6 ? out->df : only6) {
        return ERR_DROP;
    }
    return ERR_OK;
}
