/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hosts find out for how long their NAT remembers a mapping (docs/protocol.md, section 2,
 * "Lifetimes"). A host enters its sockets into a round; this relay sends to each after the silence
 * that the host chose. Only who proved that it receives at an IP address has a round, and is sent
 * to there only. Memory is taken at the start only.
 */
#pragma once

#include "proto/base/bucket_table.h"
#include "proto/net/dgram.h"
#include "proto/wire/live.h"
#include "proto/wire/stun.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/address_cookie.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    LIVE_ROUNDS_MAX = 256, /* at a time */
    LIVE_ROUND_MS = LIVE_DELAY_MS_MAX + 60 * 1000,
    LIVE_REQUESTS_MAX = 500, /* of one round */
    /* One IPv4 address or IPv6 /56 may begin LIVE_BURST rounds at once, then one in LIVE_COST
     * seconds. */
    LIVE_BURST = 6,
    LIVE_COST = 60,
    LIVE_ADDRESSES_MAX = 4096, /* remembered */
};

/** A socket of a host, behind its NAT. */
struct live_socket {
    struct endpoint remote;
    struct mono entered_at; /* last heard */
    struct mono due;        /* the next packet to it; NEVER: none */
    uint8_t copies;         /* that have gone */
    bool known;
};

struct live_round {
    bool used;
    uint8_t id[LIVE_ROUND_SIZE];
    struct endpoint local; /* where its requests arrive */
    struct endpoint asker; /* its IP address */
    struct mono began_at;
    uint32_t requests;
    struct live_socket sockets[LIVE_SOCKETS_MAX];
};

struct live_service {
    struct relay_base *base; /* borrowed */
    struct address_cookies cookies;
    struct bucket_table *addresses;
    struct mono due; /* not later than that of any socket */
    struct live_round rounds[LIVE_ROUNDS_MAX];
};

/** In zeroed memory; base is borrowed and outlives it. ERR_NOMEM; live_service_fini is legal then.
 */
int live_service_init(struct live_service *service, struct relay_base *base) MUST_CHECK;
void live_service_fini(struct live_service *service);

/** A STUN request with LIVE came. The round that it belongs to, if it may have more requests; else
 * NULL: it counts as any other STUN request. */
struct live_round *live_round_of(struct live_service *service, const struct dgram *in,
                                 const struct live_request *request, struct mono now);

/** Do what it asks for, and fill in the answer. round is that of live_round_of, or NULL. False if
 * it gets no answer. */
bool live_on_request(struct live_service *service, const struct dgram *in,
                     const struct live_request *request, struct live_round *round,
                     struct live_answer *answer, struct mono now);

/** Append what is due; and when that is. */
void live_transmit(struct live_service *service, struct outbox *out, struct mono now);
struct mono live_deadline(const struct live_service *service);
