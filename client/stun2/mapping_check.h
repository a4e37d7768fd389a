/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether a port that the router lets in, so it says, is let in: a relay is asked by STUN to send
 * something to it, from another port than that to which this host sends, and to let other relays do
 * so (docs/protocol.md, section 2, "Lent addresses"). Only when that came the port counts.
 *
 *   IDLE --port--> ASKING --a packet came--> PROVEN --an hour, or another network--> ASKING
 *                    | ^
 *                    v | after 1 min .. 1 h
 *                   WAITING
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/net/dgram.h"
#include "proto/wire/lend.h"
#include "proto/wire/stun.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    MAPPING_CHECK_TRIES = 6,         /* requests of one round, cookies included */
    MAPPING_CHECK_TRY_MS = 500,      /* between two of them */
    MAPPING_CHECK_PACKETS_MS = 3000, /* so long what is sent may be on its way */
    MAPPING_CHECK_AGAIN_MS_MIN = 60000,
    MAPPING_CHECK_AGAIN_MS_MAX = 3600000,
};

enum mapping_state {
    MAPPING_STATE_IDLE, /* there is no port */
    MAPPING_STATE_ASKING,
    MAPPING_STATE_PROVEN,
    MAPPING_STATE_WAITING, /* nothing came, or nobody could be asked */
};

struct mapping_check {
    const struct env *env; /* borrowed */
    enum mapping_state state;
    uint16_t port;            /* in question */
    struct endpoint relay;    /* that was asked in this round; none: nobody yet */
    uint8_t id[STUN_ID_SIZE]; /* of the latest request */
    uint8_t cookie[LEND_COOKIE_SIZE];
    bool sent;               /* it said that it sends */
    struct endpoint outside; /* our address as it sees us, with the port in question */
    struct endpoint proven;  /* the one that counts, also while it is asked for again; none */
    uint32_t tries;
    struct mono due;
    uint64_t again_ms;
};

/** The router lets this port in, so it says; 0: none. env is kept. */
void mapping_check_set(struct mapping_check *check, const struct env *env, uint16_t port,
                       struct mono now);

/** The network is another one: what was proven is not any more. */
void mapping_check_doubt(struct mapping_check *check, struct mono now);

/** Time passes. True if a request is due; then mapping_check_ask is called with a relay that has a
 * session, or without. */
bool mapping_check_due(const struct mapping_check *check, struct mono now);

/** Ask this relay. relay NULL: there is none, so it waits for mapping_check_on_relay. Appends to
 * out. local: from where packets to it leave. */
void mapping_check_ask(struct mapping_check *check, const struct endpoint *local,
                       const struct endpoint *relay, struct outbox *out, struct mono now);

/** There is a relay to ask now. */
void mapping_check_on_relay(struct mapping_check *check, struct mono now);

/** Take a datagram of any content. True if it answers a request, or proves the port. */
bool mapping_check_on_stun(struct mapping_check *check, const struct dgram *in, struct mono now);

/** When it is due; MONO_NEVER. */
struct mono mapping_check_deadline(const struct mapping_check *check);

/** The address that was proven, or NULL. */
const struct endpoint *mapping_check_proven(const struct mapping_check *check);
