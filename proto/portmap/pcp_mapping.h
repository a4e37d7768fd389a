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
 *
 * Later: relayd and the client ask their routers by it.
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
    struct mono due;        /* the next request, or change of state */
    struct mono expires_at; /* MAPPED and RENEWING */
    bool epoch_known;
    uint32_t epoch_s;     /* of the last answer ... */
    struct mono epoch_at; /* ... and when that came */
};

/** Begin to ask the router at `server` (its port is set here) for the port of `internal`, which is
 * the address of ours by which the router is reached. env is kept. */
void pcp_begin(struct pcp_mapping *mapping, const struct env *env, const struct endpoint *server,
               const struct endpoint *internal, struct mono now);

/** Take a datagram that came from the server's address, any content; an announcement may also have
 * come by multicast. Returns true if the mapping changed (mapped, another address, lost). */
bool pcp_on_datagram(struct pcp_mapping *mapping, const struct endpoint *from, const uint8_t *data,
                     size_t size, struct mono now);

/** Time passes. Returns true if a request is to be sent to the server: it is written to out. */
bool pcp_expire(struct pcp_mapping *mapping, uint8_t out[PCP_MAP_SIZE], struct mono now);

/** When pcp_expire has something to do; MONO_NEVER if it is off. */
struct mono pcp_deadline(const struct pcp_mapping *mapping);

/** The address outside, while the router keeps it for us; NULL otherwise. */
const struct endpoint *pcp_external(const struct pcp_mapping *mapping);

/** End it. Returns true if there is something to tell the router: one request, written to out. */
bool pcp_end(struct pcp_mapping *mapping, uint8_t out[PCP_MAP_SIZE]);
