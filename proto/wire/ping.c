/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both kinds have the same fields; only the padding differs. */
#include "proto/wire/ping.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

void ping_encode(const struct ping *ping, uint8_t *out, size_t plain_size)
{
    struct wbuf w = wbuf_over(out, plain_size);

    wbuf_u8(&w, (uint8_t)ping->kind);
    wbuf_zeros(&w, 3);
    wbuf_u64(&w, ping->transaction);
    wbuf_u16(&w, ping->frame_size);
    wbuf_put(&w, ping->observed.ip, sizeof(ping->observed.ip));
    wbuf_u16(&w, ping->observed.port);
    CHECK(wbuf_ok(&w) && wbuf_size(&w) == PING_PLAIN_SIZE);
    wbuf_zeros(&w, plain_size - PING_PLAIN_SIZE);
}

int ping_decode(struct ping *out, const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct ping ping = {0};
    uint8_t kind = rbuf_u8(&r);

    rbuf_zeros(&r, 3);
    ping.transaction = rbuf_u64(&r);
    ping.frame_size = rbuf_u16(&r);
    rbuf_copy(&r, ping.observed.ip, sizeof(ping.observed.ip));
    ping.observed.port = rbuf_u16(&r);
    if (kind == PING_KIND_PING) {
        rbuf_zeros(&r, rbuf_left(&r));
    }
    if (!rbuf_done(&r) || (kind != PING_KIND_PING && kind != PING_KIND_PONG)) {
        return ERR_DROP;
    }
    ping.kind = (enum ping_kind)kind;
    *out = ping;
    return ERR_OK;
}
