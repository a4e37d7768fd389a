/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a measurement of lifetimes (lifetime.h) remembers: its sockets, and what the relay is being
 * told. Values in caller memory.
 */
#pragma once

#include "client/netcheck/ladder.h"
#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/net/dgram.h"
#include "proto/wire/live.h"
#include "proto/wire/stun.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LIFETIME_SOCKETS = LADDER_END,
    LIFETIME_ORDERS_MAX = 8,
    LIFETIME_AGE_MS_MAX = LADDER_AGE_MS_MAX,
    /* Of a measurement in each direction, with IPv4 headers; 40,000 if nothing gets lost. */
    LIFETIME_BYTES_MAX = 60000,
};

struct lifetime_config {
    struct endpoint relay;
    uint16_t ports[LIFETIME_SOCKETS]; /* own ones, of the sockets */
};

enum lifetime_socket_state {
    LIFETIME_SOCKET_WAITING,  /* it has sent nothing yet */
    LIFETIME_SOCKET_TOUCHED,  /* KEPT: the first packet was sent */
    LIFETIME_SOCKET_ANSWERED, /* ... and answered; the second one follows */
    LIFETIME_SOCKET_ENTERING, /* the last packet was sent */
    LIFETIME_SOCKET_SILENT,   /* ... and the relay has it */
    LIFETIME_SOCKET_CAME,     /* the relay was heard after the silence */
    LIFETIME_SOCKET_GONE,     /* it was not */
    LIFETIME_SOCKET_LOST,     /* nothing can be said of it */
};

struct lifetime_socket {
    enum lifetime_socket_state state;
    uint8_t tries;            /* of the packet on its way */
    uint8_t id[STUN_ID_SIZE]; /* of the last request */
    struct mono touched_at, entered_at;
    struct mono fire_at; /* when the relay was told to send; NEVER: not yet */
    bool awaited;        /* CONTROL tells it to send at once, or did */
    bool again;          /* ... though it did not hear that before */
    uint32_t age_ms;     /* CAME, GONE: of its mapping, in a NAT near this host */
    struct mono came_at;
};

/** The relay is told by the socket CONTROL to send at once, until it answers. */
struct lifetime_order {
    bool used;
    struct live_set set;
    uint8_t tries;
    uint8_t id[STUN_ID_SIZE];
    struct mono due;
};

enum lifetime_phase {
    LIFETIME_PHASE_STEPS, /* ages grow */
    LIFETIME_PHASE_FINE,  /* the last step is divided */
    LIFETIME_PHASE_OVER,
};

/** Whether packets from outside alone keep a mapping. */
enum lifetime_inbound { LIFETIME_INBOUND_UNKNOWN, LIFETIME_INBOUND_NO, LIFETIME_INBOUND_YES };

/** What CONTROL asks: for a cookie, and then which sockets the relay knows. */
struct lifetime_asking {
    uint8_t tries; /* since the last answer */
    uint8_t id[STUN_ID_SIZE];
    struct mono sent_at, due;
};

struct lifetime {
    struct lifetime_config cfg;
    const struct env *env; /* borrowed */
    struct mono began_at;  /* when the relay was known to answer */
    bool running, failed;
    size_t bytes_sent;
    uint8_t round[LIVE_ROUND_SIZE];
    uint8_t cookie[LIVE_COOKIE_SIZE];
    struct lifetime_asking asking;
    bool heard; /* something came since the last transmit */
    bool late;  /* the last transmit did nothing for that reason */
    struct mono next_at;
    uint64_t rtt_ns;
    struct lifetime_socket sockets[LIFETIME_SOCKETS];
    struct lifetime_order orders[LIFETIME_ORDERS_MAX];
    enum lifetime_phase quiet, kept;
    size_t again; /* the KEPT socket that came and is sent to again; 0: none */
    struct mono again_due;
    enum lifetime_inbound inbound;
};

/** Begin to tell the relay to send to these sockets at once. */
void lifetime_order(struct lifetime *lifetime, const struct live_set *set, struct mono now);

/** So long after the relay sent, its packet has come, or does not come any more. */
uint64_t lifetime_wait_ns(const struct lifetime *lifetime);
