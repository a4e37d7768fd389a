/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fixed head, and behind it ports and lenders as often as the head says. */
#include "proto/wire/lend.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

#include <string.h>

enum { PORT_AT = 2, VERSION = 1, FAMILY_IPV4 = 4, FAMILY_IPV6 = 6 };

void lend_request_encode(uint8_t out[LEND_REQUEST_SIZE], const uint8_t *cookie)
{
    struct wbuf w = wbuf_over(out, LEND_REQUEST_SIZE);

    wbuf_u8(&w, VERSION);
    wbuf_zeros(&w, 3);
    if (cookie != NULL) {
        wbuf_put(&w, cookie, LEND_COOKIE_SIZE);
    }
    wbuf_zeros(&w, LEND_REQUEST_SIZE - wbuf_size(&w));
    CHECK(wbuf_ok(&w));
}

void lend_request_set_port(uint8_t request[LEND_REQUEST_SIZE], uint16_t port)
{
    be16_write(request + PORT_AT, port);
}

uint16_t lend_request_port(const uint8_t request[LEND_REQUEST_SIZE])
{
    return be16_read(request + PORT_AT);
}

int lend_request_decode(uint8_t cookie[LEND_COOKIE_SIZE], const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    uint8_t version = rbuf_u8(&r);
    uint8_t reserved[3];

    rbuf_copy(&r, reserved, sizeof(reserved)); /* the port, and for later: any content */
    const uint8_t *given = rbuf_take(&r, LEND_COOKIE_SIZE);

    if (r.failed || version != VERSION || size < LEND_REQUEST_SIZE) {
        return ERR_DROP;
    }
    memcpy(cookie, given, LEND_COOKIE_SIZE);
    return ERR_OK;
}

static void lender_write(struct wbuf *w, const struct lend_lender *lender)
{
    size_t ip_size;
    const uint8_t *ip = endpoint_ip_bytes(&lender->address, &ip_size);

    wbuf_u8(w, (uint8_t)lender->result);
    wbuf_u8(w, ip_size == 4 ? FAMILY_IPV4 : FAMILY_IPV6);
    wbuf_u16(w, lender->address.port);
    wbuf_put(w, ip, ip_size);
}

void lend_answer_encode(uint8_t out[LEND_ANSWER_SIZE_MAX], size_t *size,
                        const struct lend_answer *answer)
{
    struct wbuf w = wbuf_over(out, LEND_ANSWER_SIZE_MAX);

    CHECK(answer->ports_count <= LEND_PORTS_MAX && answer->lenders_count <= LEND_LENDERS_MAX);
    wbuf_u8(&w, VERSION);
    wbuf_u8(&w, (uint8_t)answer->state);
    wbuf_u8(&w, (uint8_t)answer->ports_count);
    wbuf_u8(&w, (uint8_t)answer->lenders_count);
    if (answer->state == LEND_STATE_SENT) {
        wbuf_u16(&w, answer->port);
        wbuf_zeros(&w, LEND_COOKIE_SIZE - 2);
    } else {
        wbuf_put(&w, answer->cookie, LEND_COOKIE_SIZE);
    }
    for (size_t i = 0; i < answer->ports_count; i++) {
        wbuf_u16(&w, answer->ports[i]);
    }
    for (size_t i = 0; i < answer->lenders_count; i++) {
        lender_write(&w, &answer->lenders[i]);
    }
    wbuf_zeros(&w, (4 - wbuf_size(&w) % 4) % 4);
    CHECK(wbuf_ok(&w));
    *size = wbuf_size(&w);
}

static void lender_read(struct rbuf *r, struct lend_lender *out)
{
    uint8_t result = rbuf_u8(r);
    uint8_t family = rbuf_u8(r);
    uint16_t port = rbuf_u16(r);
    size_t ip_size = family == FAMILY_IPV4 ? 4 : 16;
    uint8_t ip[16] = {0};

    rbuf_copy(r, ip, ip_size);
    if (result > LEND_RESULT_REFUSED || (family != FAMILY_IPV4 && family != FAMILY_IPV6)) {
        r->failed = true;
    }
    out->result = (enum lend_result)result;
    out->address = endpoint_of_bytes(ip, ip_size, port);
}

int lend_answer_decode(struct lend_answer *out, const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct lend_answer m = {0};
    uint8_t version = rbuf_u8(&r);
    uint8_t state = rbuf_u8(&r);

    m.state = (enum lend_state)state;
    m.ports_count = rbuf_u8(&r);
    m.lenders_count = rbuf_u8(&r);
    if (state == LEND_STATE_SENT) {
        m.port = rbuf_u16(&r);
        (void)rbuf_take(&r, LEND_COOKIE_SIZE - 2);
    } else {
        rbuf_copy(&r, m.cookie, sizeof(m.cookie));
    }
    if (r.failed || version != VERSION || state < LEND_STATE_COOKIE || state > LEND_STATE_BUSY ||
        m.ports_count > LEND_PORTS_MAX || m.lenders_count > LEND_LENDERS_MAX) {
        return ERR_DROP;
    }
    for (size_t i = 0; i < m.ports_count; i++) {
        m.ports[i] = rbuf_u16(&r);
    }
    for (size_t i = 0; i < m.lenders_count; i++) {
        lender_read(&r, &m.lenders[i]);
    }
    if (r.failed || rbuf_left(&r) > 3) {
        return ERR_DROP;
    }
    *out = m;
    return ERR_OK;
}
