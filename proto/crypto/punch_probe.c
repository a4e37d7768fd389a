/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probe and answer are one layout; the MAC covers all that stands before it. */
#include "proto/crypto/punch_probe.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "proto/crypto/hash.h"

enum {
    PUNCH_ID_AT = 8,
    MAC_AT = PUNCH_PROBE_SIZE - MAC_SIZE,
};

void punch_probe_encode(const struct punch_probe *m, const uint8_t key[PUNCH_PROBE_KEY_SIZE],
                        uint8_t out[PUNCH_PROBE_SIZE])
{
    struct wbuf w = wbuf_over(out, PUNCH_PROBE_SIZE);
    uint8_t side = (uint8_t)m->side;

    wbuf_u8(&w, FRAME_TYPE_PUNCH);
    wbuf_u8(&w, m->answer ? (uint8_t)(side | PUNCH_PROBE_ANSWER_FLAG) : side);
    wbuf_zeros(&w, 6);
    wbuf_u64(&w, m->punch_id);
    wbuf_u64(&w, m->transaction);
    if (m->answer) {
        wbuf_put(&w, m->observed.ip, sizeof(m->observed.ip));
        wbuf_u16(&w, m->observed.port);
    } else {
        wbuf_zeros(&w, sizeof(m->observed.ip) + 2);
    }
    wbuf_zeros(&w, 6);
    CHECK(wbuf_ok(&w) && wbuf_size(&w) == MAC_AT);
    mac_label(out + MAC_AT, key, PUNCH_PROBE_KEY_SIZE, "", out, MAC_AT);
}

bool punch_probe_id(const uint8_t *data, size_t size, uint64_t *punch_id)
{
    if (size != PUNCH_PROBE_SIZE || data[0] != FRAME_TYPE_PUNCH) {
        return false;
    }
    *punch_id = be64_read(data + PUNCH_ID_AT);
    return true;
}

static bool ip_is_zero(const uint8_t ip[16])
{
    uint8_t any = 0;

    for (size_t i = 0; i < 16; i++) {
        any |= ip[i];
    }
    return any == 0;
}

/* A probe observed nothing. An answer did, and nothing comes from an address of zeros or port 0. */
static bool observed_ok(const struct punch_probe *m)
{
    bool ip_zero = ip_is_zero(m->observed.ip);
    bool port_zero = m->observed.port == 0;

    return m->answer ? !ip_zero && !port_zero : ip_zero && port_zero;
}

int punch_probe_decode(struct punch_probe *out, const uint8_t key[PUNCH_PROBE_KEY_SIZE],
                       enum punch_probe_side own_side, const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct punch_probe m = {0};
    const uint8_t *mac;
    uint8_t type, side;

    type = rbuf_u8(&r);
    side = rbuf_u8(&r);
    rbuf_zeros(&r, 6);
    m.punch_id = rbuf_u64(&r);
    m.transaction = rbuf_u64(&r);
    rbuf_copy(&r, m.observed.ip, sizeof(m.observed.ip));
    m.observed.port = rbuf_u16(&r);
    rbuf_zeros(&r, 6);
    mac = rbuf_take(&r, MAC_SIZE);
    if (!rbuf_done(&r) || type != FRAME_TYPE_PUNCH ||
        !mac_ok(mac, key, PUNCH_PROBE_KEY_SIZE, data, MAC_AT)) {
        return ERR_DROP;
    }
    m.answer = (side & PUNCH_PROBE_ANSWER_FLAG) != 0;
    side &= (uint8_t)~PUNCH_PROBE_ANSWER_FLAG;
    if (side > PUNCH_PROBE_SIDE_LISTEN || side == (uint8_t)own_side || !observed_ok(&m)) {
        return ERR_DROP;
    }
    m.side = (enum punch_probe_side)side;
    *out = m;
    return ERR_OK;
}
