/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 6887: sections 7.1 and 7.2 for the header, 11.1 for MAP. */
#include "proto/portmap/pcp.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

#include <string.h>

enum {
    RESPONSE_FLAG = 0x80,
    IP_SIZE = 16,
    NATPMP_ANSWER_SIZE_MIN = 8,
    NATPMP_UNSUPPORTED = 1,
    NATPMP_ADDRESS_SIZE = 12, /* opcode 0: the address outside (RFC 6886, section 3.2) */
};

static const uint8_t no_ip[IP_SIZE];

void pcp_announce_encode(uint8_t out[PCP_HEADER_SIZE], const struct endpoint *client)
{
    struct wbuf w = wbuf_over(out, PCP_HEADER_SIZE);

    wbuf_u8(&w, PCP_VERSION);
    wbuf_u8(&w, PCP_OPCODE_ANNOUNCE);
    wbuf_zeros(&w, 6);
    wbuf_put(&w, client->ip, IP_SIZE);
    CHECK(wbuf_ok(&w));
}

void pcp_map_encode(uint8_t out[PCP_MAP_SIZE], const struct pcp_map_request *request)
{
    struct wbuf w = wbuf_over(out, PCP_MAP_SIZE);

    wbuf_u8(&w, PCP_VERSION);
    wbuf_u8(&w, PCP_OPCODE_MAP);
    wbuf_zeros(&w, 2);
    wbuf_u32(&w, request->lifetime_s);
    wbuf_put(&w, request->internal.ip, IP_SIZE);
    wbuf_put(&w, request->nonce, PCP_NONCE_SIZE);
    wbuf_u8(&w, PCP_PROTOCOL_UDP);
    wbuf_zeros(&w, 3);
    wbuf_u16(&w, request->internal.port);
    wbuf_u16(&w, request->external.port);
    if (memcmp(request->external.ip, no_ip, IP_SIZE) == 0 && endpoint_is_v4(&request->internal)) {
        wbuf_zeros(&w, IP_SIZE - 6); /* no address of this family: ::ffff:0.0.0.0 (section 5) */
        wbuf_u16(&w, 0xffff);
        wbuf_zeros(&w, 4);
    } else {
        wbuf_put(&w, request->external.ip, IP_SIZE);
    }
    CHECK(wbuf_ok(&w));
}

static void map_decode(struct pcp_answer *m, struct rbuf *r)
{
    uint8_t protocol;

    rbuf_copy(r, m->nonce, PCP_NONCE_SIZE);
    protocol = rbuf_u8(r);
    (void)rbuf_take(r, 3);
    m->internal_port = rbuf_u16(r);
    m->external.port = rbuf_u16(r);
    rbuf_copy(r, m->external.ip, IP_SIZE);
    if (protocol != PCP_PROTOCOL_UDP) {
        r->failed = true;
    }
}

int pcp_answer_decode(struct pcp_answer *out, const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct pcp_answer m = {0};
    uint8_t version = rbuf_u8(&r);
    uint8_t opcode = rbuf_u8(&r);

    (void)rbuf_u8(&r);
    m.result = rbuf_u8(&r);
    m.lifetime_s = rbuf_u32(&r);
    m.epoch_s = rbuf_u32(&r);
    (void)rbuf_take(&r, 12);
    if (opcode == (RESPONSE_FLAG | PCP_OPCODE_MAP)) {
        m.opcode = PCP_OPCODE_MAP;
        map_decode(&m, &r);
    } else if (opcode == (RESPONSE_FLAG | PCP_OPCODE_ANNOUNCE)) {
        m.opcode = PCP_OPCODE_ANNOUNCE;
    } else {
        return ERR_DROP;
    }
    (void)rbuf_take(&r, rbuf_left(&r)); /* options */
    if (!rbuf_done(&r) || version != PCP_VERSION || size > PCP_ANSWER_SIZE_MAX || size % 4 != 0) {
        return ERR_DROP;
    }
    *out = m;
    return ERR_OK;
}

bool pcp_is_natpmp(const uint8_t *data, size_t size)
{
    return size >= NATPMP_ANSWER_SIZE_MIN && data[0] == 0 && (data[1] & RESPONSE_FLAG) != 0 &&
           data[2] == 0 && data[3] == NATPMP_UNSUPPORTED;
}

bool pcp_is_natpmp_broadcast(const uint8_t *data, size_t size)
{
    return size == NATPMP_ADDRESS_SIZE && data[0] == 0 && data[1] == RESPONSE_FLAG &&
           data[2] == 0 && data[3] == 0;
}
