/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Four fixed layouts that begin alike. */
#include "proto/crypto/lane_frame.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "proto/crypto/hash.h"

#include <sodium.h>

enum { RESERVED_SIZE = LANE_LABEL_AT - 1 };

static const char mac_text[] = "stun2 lane 1";

/* Type and reserved bytes as one number. */
static uint64_t first_bytes(uint8_t type)
{
    return (uint64_t)type << 56;
}

void lane_header_write(uint8_t out[LANE_HEADER_SIZE], uint64_t label)
{
    be64_write(out, first_bytes(FRAME_TYPE_LANE_DATA));
    be64_write(out + LANE_LABEL_AT, label);
}

int lane_data_decode(uint64_t *label, const uint8_t *data, size_t size)
{
    if (size < LANE_DATA_SIZE_MIN || size > LANE_DATA_SIZE_MAX ||
        be64_read(data) != first_bytes(FRAME_TYPE_LANE_DATA) ||
        (data[LANE_HEADER_SIZE] != FRAME_TYPE_DATA && data[LANE_HEADER_SIZE] != FRAME_TYPE_PING)) {
        return ERR_DROP;
    }
    *label = be64_read(data + LANE_LABEL_AT);
    return ERR_OK;
}

/* ---- the three messages ---- */

static struct wbuf begin(uint8_t *out, size_t size, uint8_t type, const struct lane_message *m)
{
    struct wbuf w = wbuf_over(out, size);

    wbuf_u8(&w, type);
    wbuf_zeros(&w, RESERVED_SIZE);
    wbuf_u64(&w, m->label);
    wbuf_u64(&w, m->nonce);
    return w;
}

static void mac_write(uint8_t *out, size_t size, const uint8_t secret[LANE_SECRET_SIZE])
{
    mac_label(out + size - MAC_SIZE, secret, LANE_SECRET_SIZE, mac_text, out, size - MAC_SIZE);
}

static int decode(struct lane_message *out, uint8_t type, bool has_cookie, bool has_mac,
                  const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct lane_message m = {0};
    uint8_t first = rbuf_u8(&r);

    rbuf_zeros(&r, RESERVED_SIZE);
    m.label = rbuf_u64(&r);
    m.nonce = rbuf_u64(&r);
    if (has_cookie) {
        rbuf_copy(&r, m.cookie, sizeof(m.cookie));
    }
    if (has_mac) {
        (void)rbuf_take(&r, MAC_SIZE);
    }
    if (!rbuf_done(&r) || first != type) {
        return ERR_DROP;
    }
    *out = m;
    return ERR_OK;
}

void lane_bind_encode(uint8_t out[LANE_BIND_SIZE], const struct lane_message *m,
                      const uint8_t secret[LANE_SECRET_SIZE])
{
    struct wbuf w = begin(out, LANE_BIND_SIZE, FRAME_TYPE_LANE_BIND, m);

    wbuf_put(&w, m->cookie, sizeof(m->cookie));
    CHECK(wbuf_ok(&w) && wbuf_size(&w) == LANE_BIND_SIZE - MAC_SIZE);
    mac_write(out, LANE_BIND_SIZE, secret);
}

int lane_bind_decode(struct lane_message *out, const uint8_t *data, size_t size)
{
    return decode(out, FRAME_TYPE_LANE_BIND, true, true, data, size);
}

void lane_challenge_encode(uint8_t out[LANE_CHALLENGE_SIZE], const struct lane_message *m)
{
    struct wbuf w = begin(out, LANE_CHALLENGE_SIZE, FRAME_TYPE_LANE_CHALLENGE, m);

    wbuf_put(&w, m->cookie, sizeof(m->cookie));
    CHECK(wbuf_ok(&w) && wbuf_size(&w) == LANE_CHALLENGE_SIZE);
}

int lane_challenge_decode(struct lane_message *out, const uint8_t *data, size_t size)
{
    return decode(out, FRAME_TYPE_LANE_CHALLENGE, true, false, data, size);
}

void lane_bound_encode(uint8_t out[LANE_BOUND_SIZE], const struct lane_message *m,
                       const uint8_t secret[LANE_SECRET_SIZE])
{
    struct wbuf w = begin(out, LANE_BOUND_SIZE, FRAME_TYPE_LANE_BOUND, m);

    CHECK(wbuf_ok(&w) && wbuf_size(&w) == LANE_BOUND_SIZE - MAC_SIZE);
    mac_write(out, LANE_BOUND_SIZE, secret);
}

int lane_bound_decode(struct lane_message *out, const uint8_t *data, size_t size)
{
    return decode(out, FRAME_TYPE_LANE_BOUND, false, true, data, size);
}

bool lane_mac_ok(const uint8_t *data, size_t size, const uint8_t secret[LANE_SECRET_SIZE])
{
    uint8_t want[MAC_SIZE];

    mac_label(want, secret, LANE_SECRET_SIZE, mac_text, data, size - MAC_SIZE);
    return sodium_memcmp(want, data + size - MAC_SIZE, MAC_SIZE) == 0;
}
