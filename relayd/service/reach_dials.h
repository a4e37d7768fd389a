/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Dials that only find out whether a relay can be reached at an address: who answers there must
 * prove its key, and then the connection ends. They say no role, so they are no neighbour's and
 * displace none. They leave from a second port, of which no relay is told: a relay that dials
 * others opens its NAT for them before that port only, and nobody has ever sent to the port from
 * which it is measured.
 *
 * Where to dial is what others say. So the address is asked by STUN first, with 28 bytes that any
 * relay answers; only where such an answer comes from is a connection dialled, whose packets are
 * large. Nobody else hears more than REACH_DIAL_TRIES such requests.
 *
 *   ASKING ---- STUN answer ----> DIALLING ---- proved its key, or not ----> ended
 *      +-- no answer ------------------------------------------------------^
 */
#pragma once

#include "proto/link/link.h"
#include "proto/wire/stun.h"
#include "relayd/base/relay_base.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REACH_DIALS_MAX = 16,
    REACH_DIALS_OF_JOBS_MAX = 12, /* the others are for the mesh's own */
    /* Of jobs that it passed on; the first relay of many passes on those of all. */
    REACH_DIALS_OF_NEIGHBOUR_MAX = 8,
    REACH_DIAL_TRIES = 3,     /* STUN requests */
    REACH_DIAL_TRY_MS = 400,  /* between two of them */
    REACH_DIAL_ASK_MS = 3000, /* then nobody answers there */
};

/** What is to be found out. */
struct reach_aim {
    uint8_t key[KEY_SIZE];
    struct endpoint address;
    uint64_t job;           /* for the caller; 0: the mesh's own dial */
    uint8_t from[KEY_SIZE]; /* of a job: the neighbour that passed it on */
};

struct reach_dial {
    struct reach_aim aim;
    struct handle handle; /* none while it is asked by STUN */
    bool used;
    uint8_t transaction[STUN_ID_SIZE];
    uint32_t tries;
    struct mono due;   /* the next request */
    struct mono until; /* of asking */
};

struct reach_dials {
    struct relay_base *base; /* borrowed */
    uint16_t port;           /* of the socket that they leave from; 0: that of all sessions */
    struct reach_dial list[REACH_DIALS_MAX];
};

struct reach_outcome {
    struct reach_aim aim;
    bool proved;
    uint32_t rtt_us; /* 0: not measured */
};

/** True if a job's dial of this key at this address is on its way. Its end tells all such jobs. */
bool reach_dials_has(const struct reach_dials *dials, const struct reach_aim *aim);

/** Begin one. False if there are too many; or, for a job, if its neighbour has its share, or the
 * same IP address is dialled for a job already. */
bool reach_dials_begin(struct reach_dials *dials, const struct reach_aim *aim, struct mono now);

/** A STUN datagram that came. True if it answers one of these dials: it is dialled now. */
bool reach_dials_on_stun(struct reach_dials *dials, const struct dgram *in, struct mono now);

/** Append the requests that are due. */
void reach_dials_transmit(struct reach_dials *dials, struct outbox *out, struct mono now);

/** True if one has ended without an answer; *out says which. To be called until it is false. */
bool reach_dials_expire(struct reach_dials *dials, struct reach_outcome *out, struct mono now);

/** When one of these two has something to do. */
struct mono reach_dials_deadline(const struct reach_dials *dials);

/** True if an event is of one of these dials, and nobody else's business; then *ended says whether
 * the dial has ended, and *out with what. */
bool reach_dials_take(struct reach_dials *dials, const struct link_event *event, bool *ended,
                      struct reach_outcome *out, struct mono now);
