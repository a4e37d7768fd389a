/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both have a fixed layout. */
#include "proto/wire/live.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

#include <string.h>

enum { VERSION = 1, WORD_BITS = 64 };

bool live_set_has(const struct live_set *set, size_t index)
{
    return (set->words[index / WORD_BITS] >> index % WORD_BITS & 1) != 0;
}

void live_set_add(struct live_set *set, size_t index)
{
    set->words[index / WORD_BITS] |= UINT64_C(1) << index % WORD_BITS;
}

void live_set_join(struct live_set *set, const struct live_set *more)
{
    set->words[0] |= more->words[0];
    set->words[1] |= more->words[1];
}

size_t live_set_count(const struct live_set *set)
{
    size_t count = 0;

    for (size_t i = 0; i < 2; i++) {
        for (uint64_t word = set->words[i]; word != 0; word &= word - 1) {
            count++;
        }
    }
    return count;
}

/* How long its value has to be: what comes of it is paid for. */
static size_t size_of(const struct live_request *request)
{
    size_t fires = 0;

    if (request->kind != LIVE_KIND_ASK && request->delay_ms != LIVE_HELD) {
        fires = request->kind == LIVE_KIND_SET ? live_set_count(&request->set) : 1;
    }
    return LIVE_REQUEST_SIZE_MIN + fires * LIVE_FIRE_PRICE;
}

static bool is_in_bounds(const struct live_request *m)
{
    bool held = m->delay_ms == LIVE_HELD;
    size_t count = live_set_count(&m->set);

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
        return m->set.words[1] >> (LIVE_SOCKETS_MAX - WORD_BITS) == 0 && count > 0 &&
               (held || count <= LIVE_FIRES_MAX);
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
    wbuf_u64(&w, request->set.words[0]);
    wbuf_put(&w, request->round, LIVE_ROUND_SIZE);
    wbuf_put(&w, request->cookie, LIVE_COOKIE_SIZE);
    wbuf_u64(&w, request->set.words[1]);
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
    m.set.words[0] = rbuf_u64(&r);
    rbuf_copy(&r, m.round, sizeof(m.round));
    rbuf_copy(&r, m.cookie, sizeof(m.cookie));
    m.set.words[1] = rbuf_u64(&r);
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
        for (size_t i = 0; i < 2; i++) {
            wbuf_u64(&w, answer->state == LIVE_STATE_OPEN ? answer->known.words[i] : 0);
        }
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
        m.known.words[0] = rbuf_u64(&r);
        m.known.words[1] = rbuf_u64(&r);
    }
    m.state = (enum live_state)state;
    m.known = m.state == LIVE_STATE_OPEN ? m.known : (struct live_set){{0, 0}};
    if (!rbuf_done(&r) || version != VERSION || state < LIVE_STATE_COOKIE ||
        state > LIVE_STATE_BUSY) {
        return ERR_DROP;
    }
    *out = m;
    return ERR_OK;
}
