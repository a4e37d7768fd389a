/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of candidates, goodbyes, what a NAT was opened for, and where to aim. */
#include "proto/wire/intunnel.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

size_t intunnel_candidates_encode(const struct intunnel_candidates *candidates,
                                  uint8_t out[INTUNNEL_SIZE_MAX])
{
    struct wbuf w = wbuf_over(out, INTUNNEL_SIZE_MAX);

    CHECK(candidates->count <= INTUNNEL_CANDIDATES_MAX);
    wbuf_u8(&w, INTUNNEL_KIND_CANDIDATES);
    wbuf_u8(&w, (uint8_t)candidates->count);
    wbuf_zeros(&w, 2);
    wbuf_u32(&w, candidates->sequence);
    for (size_t i = 0; i < candidates->count; i++) {
        wbuf_put(&w, candidates->list[i].ip, sizeof(candidates->list[i].ip));
        wbuf_u16(&w, candidates->list[i].port);
    }
    CHECK(wbuf_ok(&w));
    return wbuf_size(&w);
}

int intunnel_candidates_decode(struct intunnel_candidates *out, const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct intunnel_candidates c = {0};
    uint8_t kind = rbuf_u8(&r);
    size_t count = rbuf_u8(&r);

    rbuf_zeros(&r, 2);
    c.sequence = rbuf_u32(&r);
    if (kind != INTUNNEL_KIND_CANDIDATES || count > INTUNNEL_CANDIDATES_MAX) {
        return ERR_DROP;
    }
    for (c.count = 0; c.count < count; c.count++) {
        rbuf_copy(&r, c.list[c.count].ip, sizeof(c.list[c.count].ip));
        c.list[c.count].port = rbuf_u16(&r);
    }
    if (!rbuf_done(&r)) {
        return ERR_DROP;
    }
    *out = c;
    return ERR_OK;
}

void intunnel_goodbye_encode(uint8_t out[INTUNNEL_GOODBYE_SIZE])
{
    struct wbuf w = wbuf_over(out, INTUNNEL_GOODBYE_SIZE);

    wbuf_u8(&w, INTUNNEL_KIND_GOODBYE);
    wbuf_zeros(&w, 3);
    CHECK(wbuf_ok(&w));
}

int intunnel_goodbye_decode(const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    uint8_t kind = rbuf_u8(&r);

    rbuf_zeros(&r, 3);
    return rbuf_done(&r) && kind == INTUNNEL_KIND_GOODBYE ? ERR_OK : ERR_DROP;
}

void intunnel_opened_encode(uint8_t out[INTUNNEL_OPENED_SIZE], const struct endpoint *peer)
{
    struct wbuf w = wbuf_over(out, INTUNNEL_OPENED_SIZE);

    wbuf_u8(&w, INTUNNEL_KIND_OPENED);
    wbuf_zeros(&w, 1);
    wbuf_put(&w, peer->ip, sizeof(peer->ip));
    wbuf_u16(&w, peer->port);
    CHECK(wbuf_ok(&w));
}

int intunnel_opened_decode(struct endpoint *out, const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct endpoint e = {0};
    uint8_t kind = rbuf_u8(&r);

    rbuf_zeros(&r, 1);
    rbuf_copy(&r, e.ip, sizeof(e.ip));
    e.port = rbuf_u16(&r);
    if (!rbuf_done(&r) || kind != INTUNNEL_KIND_OPENED) {
        return ERR_DROP;
    }
    *out = e;
    return ERR_OK;
}

void intunnel_aim_encode(uint8_t out[INTUNNEL_AIM_SIZE], const struct intunnel_aim *aim)
{
    struct wbuf w = wbuf_over(out, INTUNNEL_AIM_SIZE);

    wbuf_u8(&w, INTUNNEL_KIND_AIM);
    wbuf_u8(&w, (uint8_t)aim->part);
    wbuf_u8(&w, aim->turn);
    wbuf_zeros(&w, 1);
    wbuf_u16(&w, aim->step);
    wbuf_u16(&w, aim->low);
    wbuf_u16(&w, aim->high);
    wbuf_put(&w, aim->at.ip, sizeof(aim->at.ip));
    wbuf_u16(&w, aim->at.port);
    CHECK(wbuf_ok(&w));
}

/* A range of ports, each `step` from the one before. */
static bool is_range(const struct intunnel_aim *aim, uint16_t step)
{
    return aim->low > 0 && aim->low <= aim->high && (aim->high - aim->low) % step == 0;
}

static bool aim_fits(const struct intunnel_aim *aim)
{
    bool no_range = aim->low == 0 && aim->high == 0;

    switch (aim->part) {
    case INTUNNEL_PART_UNWILLING:
    case INTUNNEL_PART_BUSY:
        return no_range && aim->step == 0 && aim->turn == 0 && endpoint_is_none(&aim->at);
    case INTUNNEL_PART_FIXED:
        return no_range && aim->step == 0 && aim->turn == 0 && aim->at.port > 0;
    case INTUNNEL_PART_STEPS:
        return aim->step > 0 && (aim->at.port > 0 ? no_range : is_range(aim, aim->step));
    case INTUNNEL_PART_RANDOM:
        return aim->step == 0 && aim->turn == 0 && aim->at.port == 0 && is_range(aim, 1);
    case INTUNNEL_PART_COUNT:
        break;
    }
    return false;
}

int intunnel_aim_decode(struct intunnel_aim *out, const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct intunnel_aim aim = {0};
    uint8_t kind = rbuf_u8(&r);
    uint8_t part = rbuf_u8(&r);

    aim.turn = rbuf_u8(&r);
    rbuf_zeros(&r, 1);
    aim.step = rbuf_u16(&r);
    aim.low = rbuf_u16(&r);
    aim.high = rbuf_u16(&r);
    rbuf_copy(&r, aim.at.ip, sizeof(aim.at.ip));
    aim.at.port = rbuf_u16(&r);
    if (!rbuf_done(&r) || kind != INTUNNEL_KIND_AIM || part >= INTUNNEL_PART_COUNT) {
        return ERR_DROP;
    }
    aim.part = (enum intunnel_part)part;
    if (!aim_fits(&aim)) {
        return ERR_DROP;
    }
    *out = aim;
    return ERR_OK;
}
