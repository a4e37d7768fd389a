/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hosts find out what their NAT lets in (docs/protocol.md, section 2, "Lent addresses"). Who asks
 * by STUN gets a cookie, and with it proves that it receives at its address; then this relay sends
 * to it from another port, and lets up to two neighbours, which that address need never have heard
 * of, send to it as well. Whoever repeats the question is told what became of it.
 */
#pragma once

#include "proto/base/bucket.h"
#include "proto/base/bucket_table.h"
#include "proto/wire/control.h"
#include "proto/wire/lend.h"
#include "proto/wire/stun.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/address_cookie.h"
#include "relayd/service/lend_knocks.h"
#include "rendezvous/mesh/mesh.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    LEND_JOBS_MAX = 256, /* at a time */
    LEND_JOB_MS = 5000,  /* so long one is remembered, and not done anew */
    LEND_WAIT_MS = 1000, /* a lender that did not answer by then has refused */
    /* One IPv4 address or IPv6 /56 may be measured so often: LEND_BURST times at once, then once in
     * LEND_COST seconds. */
    LEND_BURST = 12,
    LEND_COST = 5,
    LEND_ADDRESSES_MAX = 4096, /* remembered */
    LEND_PER_S = 50,           /* all together */
};

struct lend_job {
    uint64_t id; /* 0: the place is free */
    struct endpoint target;
    uint8_t transaction[STUN_ID_SIZE];
    struct mono began_at;
    uint8_t keys[LEND_LENDERS_MAX][KEY_SIZE]; /* of lenders */
    struct lend_lender lenders[LEND_LENDERS_MAX];
    size_t lenders_count;
};

struct lend_service {
    struct relay_base *base; /* these are borrowed */
    const struct mesh *mesh;
    struct endpoint local;          /* where requests arrive on this machine */
    uint16_t ports[LEND_PORTS_MAX]; /* own ones; the last is that to send from */
    size_t ports_count;
    uint16_t answer_ports[LEND_ANSWER_PORTS_MAX]; /* at which this relay answers STUN (RFC 5780) */
    size_t answer_ports_count;
    struct address_cookies cookies;
    struct lend_job jobs[LEND_JOBS_MAX];
    struct bucket_table *addresses;
    struct bucket all;
    struct lend_knocks knocks;
};

/** In zeroed memory; what is given is borrowed and outlives it. ERR_NOMEM; lend_service_fini is
 * legal then. */
int lend_service_init(struct lend_service *service, struct relay_base *base,
                      const struct mesh *mesh, struct mono now) MUST_CHECK;
void lend_service_fini(struct lend_service *service);

/** The own UDP ports, at most LEND_PORTS_MAX, to be told to hosts. What is sent leaves from the
 * last one, to which hosts send nothing before they were sent to from there. */
void lend_service_ports(struct lend_service *service, const uint16_t *ports, size_t count);

/** The ports at which this relay listens at its address, at most LEND_ANSWER_PORTS_MAX: those from
 * which it answers for neighbours. */
void lend_service_answer_ports(struct lend_service *service, const uint16_t *ports, size_t count);

/** The port that nobody sends to before he was sent to from there; 0: there is none. */
uint16_t lend_knock_port(const struct lend_service *service);

/** The first address of this family that is proven for a neighbour: that of its session, from which
 * it will send; else one of its node record. False if there is none. */
bool lend_neighbour_address(const struct lend_service *service, const struct neighbour *neighbour,
                            bool v4, struct endpoint *out);

/** Let a neighbour answer once, from that port of its own, a binding request that came here from
 * target. */
void lend_answer_ask(const struct lend_service *service, struct neighbour *neighbour,
                     const struct endpoint *target, const uint8_t transaction[STUN_ID_SIZE],
                     uint16_t from_port);

/** A packet of another relay arrived here. */
void lend_note_local(struct lend_service *service, const struct endpoint *local);

/** A STUN request with LEND came: write the answer. ERR_DROP: there is none. */
int lend_on_request(struct lend_service *service, const struct dgram *in,
                    const struct stun_message *request, uint8_t out[STUN_LEND_ANSWER_SIZE_MAX],
                    size_t *size, struct mono now) MUST_CHECK;

/** Messages of neighbours: one wants something sent, or one has sent, or refused. */
void lend_on_job(struct lend_service *service, const struct relay_client *client,
                 const Ziglan__Control *message, struct mono now);
void lend_on_done(struct lend_service *service, const struct relay_client *client,
                  const Ziglan__Control *message);
