/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The value of our STUN attribute LEND (docs/protocol.md, section 2, "Lent addresses"): a host asks
 * a relay to send it something from another port, and to let other relays send it something, so
 * that it finds out what its NAT lets in.
 *
 *   request: version(1)=1 reserved(1) port(2) cookie(16), then zeros up to LEND_REQUEST_SIZE
 *   answer:  version(1)=1 state(1) ports(1) lenders(1) cookie(16) port(2) for each port, then for
 *            each lender: result(1) family(1) port(2) ip(4 or 16); zeros up to a multiple of 4.
 *            In state SENT the cookie is the port of the request and zeros
 *
 * Pure: nothing is allocated or kept.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/endpoint.h"

#include <stddef.h>
#include <stdint.h>

enum {
    LEND_COOKIE_SIZE = 16,
    /* What all relays together send because of one request is less than this. */
    LEND_REQUEST_SIZE = 640,
    LEND_PORTS_MAX = 3,
    LEND_LENDERS_MAX = 2,
    LEND_ANSWER_SIZE_MAX = 68,
    LEND_COPIES = 3, /* of what is sent from each other address */
    LEND_ANSWER_PORTS_MAX = 4, /* of a relay, from which it answers for neighbours (RFC 5780) */
};

enum lend_state {
    LEND_STATE_COOKIE = 1, /* ask again, with the cookie, from the same address */
    LEND_STATE_SENT = 2,   /* it is being sent from the last of `ports`, and by the lenders */
    LEND_STATE_BUSY = 3,   /* too many ask: later */
};

/** What became of a lender. */
enum lend_result {
    LEND_RESULT_ASKED = 0,
    LEND_RESULT_SENT = 1,
    LEND_RESULT_REFUSED = 2, /* it does not, or did not say so in time */
};

struct lend_lender {
    enum lend_result result;
    struct endpoint address; /* from which it sends */
};

struct lend_answer {
    enum lend_state state;
    uint8_t cookie[LEND_COOKIE_SIZE]; /* of COOKIE; else zeros */
    uint16_t port;                    /* of SENT: to which it is sent, at the asker's address; 0: to
                                         that from which it asked, as all relays of before do */
    uint16_t ports[LEND_PORTS_MAX];   /* other UDP ports of this relay that answer STUN; what
                                         is sent comes from the last one */
    size_t ports_count;
    struct lend_lender lenders[LEND_LENDERS_MAX];
    size_t lenders_count;
};

/** Write a request; cookie NULL: there is none yet. */
void lend_request_encode(uint8_t out[LEND_REQUEST_SIZE], const uint8_t *cookie);

/** Let what is sent go to another port of the address that asks; 0: to that from which it asks. And
 * which one a request that was read names. */
void lend_request_set_port(uint8_t request[LEND_REQUEST_SIZE], uint16_t port);
uint16_t lend_request_port(const uint8_t request[LEND_REQUEST_SIZE]);

/** Read a request: size bytes of any content. *cookie is all zero if it has none. ERR_DROP, with
 * nothing written, unless it is well-formed and at least LEND_REQUEST_SIZE long. */
int lend_request_decode(uint8_t cookie[LEND_COOKIE_SIZE], const uint8_t *data,
                        size_t size) MUST_CHECK;

/** Write an answer, and its size, a multiple of 4, to *size. Its lenders have addresses. */
void lend_answer_encode(uint8_t out[LEND_ANSWER_SIZE_MAX], size_t *size,
                        const struct lend_answer *answer);

/** Read an answer: size bytes of any content. ERR_DROP, with out untouched, unless it is
 * well-formed. */
int lend_answer_decode(struct lend_answer *out, const uint8_t *data, size_t size) MUST_CHECK;
