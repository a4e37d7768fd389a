/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both have a fixed layout. */
#include "proto/wire/live.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

#include <string.h>

enum { VERSION = 1 };

static unsigned bits_count(uint64_t set)
{
    unsigned count = 0;

    for (; set != 0; set &= set - 1) {
        count++;
    }
    return count;
}

/* How long its value has to be: what comes of it is paid for. */
static size_t size_of(const struct live_request *request)
{
    size_t fires = 0;

    if (request->kind == LIVE_KIND_SET) {
        fires = bits_count(request->set);
    } else if (request->kind != LIVE_KIND_ASK && request->delay_ms != LIVE_HELD) {
        fires = 1;
    }
    return LIVE_REQUEST_SIZE_MIN + fires * LIVE_FIRE_PRICE;
}

static bool is_in_bounds(const struct live_request *m)
{
    bool held = m->delay_ms == LIVE_HELD && m->kind != LIVE_KIND_SET;

    if (m->kind > LIVE_KIND_SET) {
        return false;
    }
    if (m->kind == LIVE_KIND_ASK) {
        return true;
    }
    if (m->delay_ms > LIVE_DELAY_MS_MAX && !held) {
        return false;
    }
    if (m->kind == LIVE_KIND_SET) {
        return m->set != 0 && m->set >> LIVE_SOCKETS_MAX == 0 &&
               bits_count(m->set) <= LIVE_FIRES_MAX;
    }
    return m->index < LIVE_SOCKETS_MAX;
}

void live_request_encode(uint8_t out[LIVE_REQUEST_SIZE_MAX], size_t *size,
                         const struct live_request *request)
{
    struct wbuf w = wbuf_over(out, LIVE_REQUEST_SIZE_MAX);

    CHECK(is_in_bounds(request));
    wbuf_u8(&w, VERSION);
    wbuf_u8(&w, (uint8_t)request->kind);
    wbuf_u8(&w, request->index);
    wbuf_u8(&w, 0);
    wbuf_u32(&w, request->delay_ms);
    wbuf_u64(&w, request->set);
    wbuf_put(&w, request->round, LIVE_ROUND_SIZE);
    wbuf_put(&w, request->cookie, LIVE_COOKIE_SIZE);
    wbuf_zeros(&w, size_of(request) - wbuf_size(&w));
    CHECK(wbuf_ok(&w));
    *size = wbuf_size(&w);
}

int live_request_decode(struct live_request *out, const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct live_request m = {.kind = LIVE_KIND_ASK};
    uint8_t version = rbuf_u8(&r);
    uint8_t kind = rbuf_u8(&r);

    m.kind = (enum live_kind)kind;
    m.index = rbuf_u8(&r);
    (void)rbuf_u8(&r); /* for later: any content */
    m.delay_ms = rbuf_u32(&r);
    m.set = rbuf_u64(&r);
    rbuf_copy(&r, m.round, sizeof(m.round));
    rbuf_copy(&r, m.cookie, sizeof(m.cookie));
    if (r.failed || version != VERSION || !is_in_bounds(&m) || size < size_of(&m)) {
        return ERR_DROP;
    }
    *out = m;
    return ERR_OK;
}

void live_answer_encode(uint8_t out[LIVE_ANSWER_SIZE], const struct live_answer *answer)
{
    struct wbuf w = wbuf_over(out, LIVE_ANSWER_SIZE);

    wbuf_u8(&w, VERSION);
    wbuf_u8(&w, (uint8_t)answer->state);
    wbuf_zeros(&w, 2);
    if (answer->state == LIVE_STATE_COOKIE) {
        wbuf_put(&w, answer->cookie, LIVE_COOKIE_SIZE);
    } else {
        wbuf_u64(&w, answer->state == LIVE_STATE_OPEN ? answer->known : 0);
        wbuf_zeros(&w, LIVE_COOKIE_SIZE - 8);
    }
    CHECK(wbuf_ok(&w));
}

int live_answer_decode(struct live_answer *out, const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct live_answer m = {.state = LIVE_STATE_BUSY};
    uint8_t version = rbuf_u8(&r);
    uint8_t state = rbuf_u8(&r);

    (void)rbuf_u16(&r);
    if (state == LIVE_STATE_COOKIE) {
        rbuf_copy(&r, m.cookie, sizeof(m.cookie));
    } else {
        m.known = rbuf_u64(&r);
        (void)rbuf_take(&r, LIVE_COOKIE_SIZE - 8);
    }
    m.state = (enum live_state)state;
    m.known = m.state == LIVE_STATE_OPEN ? m.known : 0;
    if (!rbuf_done(&r) || version != VERSION || state < LIVE_STATE_COOKIE ||
        state > LIVE_STATE_BUSY) {
        return ERR_DROP;
    }
    *out = m;
    return ERR_OK;
}
