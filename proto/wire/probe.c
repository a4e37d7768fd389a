/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plaintext of pings and pongs, in and out. */
#include "proto/wire/probe.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

void probe_encode(const struct probe *probe, uint8_t *out, size_t plain_size)
{
    struct wbuf w = wbuf_over(out, plain_size);

    wbuf_u8(&w, (uint8_t)probe->kind);
    wbuf_zeros(&w, 3);
    wbuf_u64(&w, probe->transaction);
    wbuf_u16(&w, probe->frame_size);
    wbuf_put(&w, probe->observed.ip, sizeof(probe->observed.ip));
    wbuf_u16(&w, probe->observed.port);
    CHECK(wbuf_ok(&w) && wbuf_size(&w) == PROBE_PLAIN_SIZE);
    wbuf_zeros(&w, plain_size - PROBE_PLAIN_SIZE);
}

int probe_decode(struct probe *out, const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct probe probe = {0};
    uint8_t kind = rbuf_u8(&r);

    rbuf_zeros(&r, 3);
    probe.transaction = rbuf_u64(&r);
    probe.frame_size = rbuf_u16(&r);
    rbuf_copy(&r, probe.observed.ip, sizeof(probe.observed.ip));
    probe.observed.port = rbuf_u16(&r);
    if (kind == PROBE_KIND_PING) {
        rbuf_zeros(&r, rbuf_left(&r));
    }
    if (!rbuf_done(&r) || (kind != PROBE_KIND_PING && kind != PROBE_KIND_PONG)) {
        return ERR_DROP;
    }
    probe.kind = (enum probe_kind)kind;
    *out = probe;
    return ERR_OK;
}
