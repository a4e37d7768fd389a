/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both directions keep one set of rules, relayed_allowed. */
#include "proto/wire/relayed.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "proto/wire/capsule.h"

#include <string.h>

_Static_assert(RELAYED_HEAD_SIZE_MAX + FRAME_SIZE_MAX <= CAPSULE_DATAGRAM_SIZE_MAX,
               "the largest frame fits behind the largest head");

enum { COUNT_BITS = 4, COUNT_MASK = 15 };

bool relayed_frame_allowed(const uint8_t *frame, size_t size)
{
    return size >= RELAYED_FRAME_SIZE_MIN && size <= FRAME_SIZE_MAX &&
           frame[0] >= FRAME_HOST_FIRST && frame[0] <= FRAME_HOST_LAST;
}

static bool key_in(const uint8_t *keys, size_t count, const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(keys + i * KEY_SIZE, key, KEY_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

bool relayed_names(const struct relayed *relayed, const uint8_t relay_key[KEY_SIZE])
{
    return key_in(relayed->passed, relayed->passed_count, relay_key) ||
           key_in(relayed->via, relayed->via_count, relay_key);
}

/* A relay that stands twice would be a loop. */
static bool relays_distinct(const struct relayed *m)
{
    for (size_t i = 1; i < m->passed_count; i++) {
        if (key_in(m->passed, i, m->passed + i * KEY_SIZE)) {
            return false;
        }
    }
    for (size_t i = 0; i < m->via_count; i++) {
        const uint8_t *key = m->via + i * KEY_SIZE;

        if (key_in(m->via, i, key) || key_in(m->passed, m->passed_count, key)) {
            return false;
        }
    }
    return true;
}

/* The rules of everything before the frame. */
static bool head_allowed(const struct relayed *m)
{
    bool attachment_ok =
        m->attachment_size == 0 || (m->attachment_size >= RECORD_SIGNED_SIZE_MIN &&
                                    m->attachment_size <= RELAYED_ATTACHMENT_SIZE_MAX);

    return m->passed_count >= 1 && m->passed_count <= RELAYED_PASSED_MAX &&
           m->via_count <= RELAYED_VIA_MAX && m->hops <= RELAYED_HOPS_MAX && attachment_ok &&
           memcmp(m->dst, m->src, KEY_SIZE) != 0 && relays_distinct(m);
}

int relayed_decode(struct relayed *out, const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct relayed m = {0};
    uint8_t kind = rbuf_u8(&r);
    uint8_t counts = rbuf_u8(&r);

    m.passed_count = counts >> COUNT_BITS;
    m.via_count = counts & COUNT_MASK;
    m.hops = rbuf_u8(&r);
    m.dst = rbuf_take(&r, KEY_SIZE);
    m.src = rbuf_take(&r, KEY_SIZE);
    m.passed = rbuf_take(&r, m.passed_count * KEY_SIZE);
    m.via = rbuf_take(&r, m.via_count * KEY_SIZE);
    m.attachment_size = rbuf_u16(&r);
    m.attachment = rbuf_take(&r, m.attachment_size);
    m.frame_size = rbuf_left(&r);
    m.frame = rbuf_take(&r, m.frame_size);
    if (!rbuf_done(&r) || kind != SESSION_DGRAM_RELAY || !head_allowed(&m) ||
        !relayed_frame_allowed(m.frame, m.frame_size)) {
        return ERR_DROP;
    }
    if (m.attachment_size == 0) {
        m.attachment = NULL;
    }
    *out = m;
    return ERR_OK;
}

int relayed_head_encode(uint8_t out[RELAYED_HEAD_SIZE_MAX], size_t *size,
                        const struct relayed *relayed)
{
    struct wbuf w = wbuf_over(out, RELAYED_HEAD_SIZE_MAX);

    if (!head_allowed(relayed)) {
        return ERR_DROP;
    }
    wbuf_u8(&w, SESSION_DGRAM_RELAY);
    wbuf_u8(&w, (uint8_t)(relayed->passed_count << COUNT_BITS | relayed->via_count));
    wbuf_u8(&w, relayed->hops);
    wbuf_put(&w, relayed->dst, KEY_SIZE);
    wbuf_put(&w, relayed->src, KEY_SIZE);
    wbuf_put(&w, relayed->passed, relayed->passed_count * KEY_SIZE);
    wbuf_put(&w, relayed->via, relayed->via_count * KEY_SIZE);
    wbuf_u16(&w, (uint16_t)relayed->attachment_size);
    wbuf_put(&w, relayed->attachment, relayed->attachment_size);
    CHECK(wbuf_ok(&w));
    *size = wbuf_size(&w);
    return ERR_OK;
}
