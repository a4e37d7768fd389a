/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One mapping of a UDP port that a router keeps for us, asked for by PCP (RFC 6887): when to ask,
 * when to renew, and when to doubt that the router still knows it.
 *
 *   ASKING ---- success ----> MAPPED --- half of its life, or the router forgot ---> RENEWING
 *     |  ^                                                                            |
 *     |  +------------- its life ended without an answer ----------------------------+
 *     +-- refused, no answer --> WAITING --- the time of the error is over ---> ASKING
 *
 * Sans-IO: datagrams of the router go in, requests come out. It says only what the router says;
 * whether the mapping works is known when somebody outside used it.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/portmap/pcp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PCP_LIFETIME_S = 7200,      /* asked for */
    PCP_LIFETIME_S_MAX = 86400, /* a router's answer counts as no longer than this (section 15) */
    PCP_RETRY_MS_MIN = 3000,    /* IRT (section 8.1.1); doubled with each try, and jittered */
    PCP_RETRY_MS_MAX = 1024000,
    PCP_TRIES_MAX = 4, /* then the router counts as one that does not speak PCP, for a while */
    PCP_SILENT_MS = 600000,
    PCP_ERROR_S_MIN = 30, /* an error lasts so long, however short the router says it does */
    PCP_RENEW_MS_MIN = 4000,
    PCP_PORTS_MAX =
        4, /* so many ports outside are asked for, each after the one before is refused */
    /* So often a router that keeps a mapping is asked whether it still remembers: not all tell when
     * they were restarted. */
    PCP_CHECK_MS = 30000,
};

enum pcp_state {
    PCP_STATE_OFF,
    PCP_STATE_ASKING,
    PCP_STATE_MAPPED,
    PCP_STATE_RENEWING, /* still mapped */
    PCP_STATE_WAITING,  /* not mapped: refused, or no answer */
};

struct pcp_mapping {
    const struct env *env; /* borrowed */
    struct endpoint server, internal;
    enum pcp_state state;
    struct endpoint external; /* MAPPED and RENEWING; else the last one, which is asked for again */
    uint8_t nonce[PCP_NONCE_SIZE];
    uint8_t result; /* WAITING: enum pcp_result; 0: no answer came */
    bool natpmp;    /* the router answered that it speaks only NAT-PMP */
    uint32_t tries;
    uint32_t refused;       /* ports outside, one after the other */
    struct mono check_at;   /* MAPPED: it is asked how old its mappings are */
    struct mono due;        /* the next request, or change of state */
    struct mono expires_at; /* MAPPED and RENEWING */
    bool epoch_known;
    uint32_t epoch_s;     /* of the last answer ... */
    struct mono epoch_at; /* ... and when that came */
};

/** Whose port is mapped by which router. */
struct pcp_place {
    struct endpoint router;   /* its port does not matter */
    struct endpoint internal; /* our address by which the router is reached, and the port */
    /* Nobody else can guess it, and it is the same after a restart: a router that still keeps a
     * mapping gives it to nobody who comes with another one. */
    uint8_t nonce[PCP_NONCE_SIZE];
};

/** Begin to ask; outside the same port is wanted. env is kept. */
void pcp_begin(struct pcp_mapping *mapping, const struct env *env, const struct pcp_place *place,
               struct mono now);

/** Take a datagram that came from the server's address, any content; an announcement may also have
 * come by multicast. Returns true if the mapping changed (mapped, another address, lost). */
bool pcp_on_datagram(struct pcp_mapping *mapping, const struct endpoint *from, const uint8_t *data,
                     size_t size, struct mono now);

/** Time passes. Returns the size of a request that is to be sent to the server, which is written to
 * out; 0: there is none. */
size_t pcp_expire(struct pcp_mapping *mapping, uint8_t out[PCP_MAP_SIZE], struct mono now);

/** The router says, in another way, that it was restarted: a mapping is asked for anew, soon. */
void pcp_doubt(struct pcp_mapping *mapping, struct mono now);

/** When pcp_expire has something to do; MONO_NEVER if it is off. */
struct mono pcp_deadline(const struct pcp_mapping *mapping);

/** The address outside, while the router keeps it for us; NULL otherwise. */
const struct endpoint *pcp_external(const struct pcp_mapping *mapping);

/** End it. Returns true if there is something to tell the router: one request, written to out. */
bool pcp_end(struct pcp_mapping *mapping, uint8_t out[PCP_MAP_SIZE]);

/** A port outside to ask for in place of one that was refused. */
uint16_t pcp_port_other(const struct env *env);
