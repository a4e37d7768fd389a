/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A UDP port of ours that a router lets in, by whichever protocol the router speaks: PCP, NAT-PMP
 * or UPnP IGD. All three are tried at once; the first of this order that is granted keeps the
 * mapping, and the others rest, because two mappings of one port get into each other's way in one
 * router. What it keeps is renewed at half of its life at the latest, asked for anew when the
 * router forgot it, and asked for at another port when one is refused.
 *
 * Sans-IO. PCP is spoken here: datagrams come and go. NAT-PMP and UPnP are spoken by libraries that
 * wait, so they are jobs: who runs them, in threads, brings back what came of it.
 *
 * A mapping is what the router says. Nobody relies on it before somebody outside got through.
 */
#pragma once

#include "proto/portmap/pcp_find.h"
#include "proto/portmap/pcp_mapping.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PORTMAP_PORTS_MAX = 4,        /* as PCP_PORTS_MAX */
    PORTMAP_LIFETIME_S = 7200,    /* asked for */
    PORTMAP_LIFETIME_S_MIN = 120, /* less is not believed: a router would be asked all the time */
    PORTMAP_PATIENCE_MS = 1500,   /* so long PCP goes before what else the router speaks */
    PORTMAP_AGAIN_MS_MIN = 30000, /* nothing granted: all is tried again; doubled each time */
    PORTMAP_AGAIN_MS_MAX = 600000,
    PORTMAP_RETRY_MS = 20000, /* a renewal without an answer */
    /* Renewals tell whether the router still knows: by these protocols it says nothing else of it.
     */
    PORTMAP_NATPMP_RENEW_MS = 60000,
    PORTMAP_UPNP_RENEW_MS = 120000,
    PORTMAP_BROADCAST_MS = 5000, /* what a router tells of itself is heard so often at most */
};

/** In the order in which they are preferred. */
enum portmap_protocol {
    PORTMAP_PROTOCOL_PCP,
    PORTMAP_PROTOCOL_NATPMP,
    PORTMAP_PROTOCOL_UPNP,
    PORTMAP_PROTOCOLS,
};

/** Whether to ask the router at all. */
enum portmap_mode {
    PORTMAP_MODE_AUTO, /* if this machine's own address is a private one */
    PORTMAP_MODE_ON,
    PORTMAP_MODE_OFF,
};

/** What the router makes of a protocol. */
enum portmap_state {
    PORTMAP_STATE_OFF,
    PORTMAP_STATE_ASKING,  /* it was asked, and may still answer */
    PORTMAP_STATE_SILENT,  /* it does not speak it, or was not heard */
    PORTMAP_STATE_FOUND,   /* it speaks it; there is no mapping by it */
    PORTMAP_STATE_MAPPING, /* a mapping was asked for */
    PORTMAP_STATE_MAPPED,
    PORTMAP_STATE_REFUSED, /* it speaks it, and grants nothing */
};

enum portmap_verb {
    PORTMAP_VERB_FIND, /* does the router speak it? */
    PORTMAP_VERB_MAP,  /* make the mapping, or renew it */
    PORTMAP_VERB_END,
};

/** What a thread is to do. */
struct portmap_job {
    enum portmap_protocol protocol; /* NAT-PMP or UPnP */
    enum portmap_verb verb;
    struct endpoint router; /* its port does not matter */
    struct endpoint internal;
    uint16_t external_port; /* wanted, or to be ended */
    uint32_t lifetime_s;
};

enum portmap_outcome {
    PORTMAP_OUTCOME_SILENT,
    PORTMAP_OUTCOME_DONE,
    PORTMAP_OUTCOME_REFUSED,
};

/** What came of it. */
struct portmap_result {
    enum portmap_outcome outcome;
    struct endpoint external; /* DONE: the router's address outside (none: it did not say), and the
                                 port that was mapped */
    uint32_t lifetime_s;      /* DONE: granted; 0: until it is deleted */
    int code;                 /* REFUSED: the protocol's own number */
};

/** One of the two protocols that are jobs. */
struct portmap_way {
    enum portmap_state state;
    bool busy;                /* a job is out */
    bool stale;               /* its result is of a router that was asked before */
    struct endpoint external; /* MAPPED; else the address outside, if known, and the wanted port */
    uint32_t refused;         /* ports outside, one after the other */
    int code;                 /* REFUSED */
    struct mono due;          /* the next job */
    struct mono expires_at;   /* MAPPED */
};

struct portmap {
    const struct env *env; /* borrowed */
    bool on;
    bool finds; /* it only finds out what the router speaks */
    struct pcp_place place;
    struct pcp_find find; /* finds: in place of pcp */
    struct pcp_mapping pcp;
    struct portmap_way ways[PORTMAP_PROTOCOLS]; /* that of PCP is not used */
    bool patient;                               /* PCP goes before the others, until: */
    struct mono patience_until;
    struct mono again_at;
    struct mono broadcast_at; /* what is told before that is not heard */
    uint64_t again_ms;
};

/** Begin to ask the router of this place; also anew, after another one, of which nothing is told to
 * it: it is out of reach. Zeroed before the first time. env is kept. */
void portmap_begin(struct portmap *portmap, const struct env *env, const struct pcp_place *place,
                   struct mono now);

/** Find out only what the router of this place speaks, and its address outside; once. Nothing is
 * mapped, so nothing has to be ended. */
void portmap_find(struct portmap *portmap, const struct env *env, const struct pcp_place *place,
                  struct mono now);

/** Stop without a word. */
void portmap_stop(struct portmap *portmap);

/** Take a datagram from the router's PCP port; any content. */
void portmap_on_datagram(struct portmap *portmap, const struct endpoint *from, const uint8_t *data,
                         size_t size, struct mono now);

/** Take one that came by multicast, any content: a router tells everybody when it was restarted. */
void portmap_on_broadcast(struct portmap *portmap, const struct endpoint *from, const uint8_t *data,
                          size_t size, struct mono now);

/** Time passes. Returns the size of a datagram for the router's PCP port, written to out; 0: there
 * is none. */
size_t portmap_expire(struct portmap *portmap, uint8_t out[PCP_MAP_SIZE], struct mono now);

/** Poll the next job. False: there is none. Each ends by portmap_done. */
bool portmap_job(struct portmap *portmap, struct portmap_job *job, struct mono now);

/** A job has ended. */
void portmap_done(struct portmap *portmap, const struct portmap_job *job,
                  const struct portmap_result *result, struct mono now);

/** When expire or job has something to do. */
struct mono portmap_deadline(const struct portmap *portmap);

/** The address outside, and by which protocol; NULL: there is no mapping. If the router did not say
 * its address, that part is zero. Borrowed until the next call. */
const struct endpoint *portmap_external(const struct portmap *portmap,
                                        enum portmap_protocol *protocol);

/** The router's own address outside, as far as it tells by any protocol; none: it does not. Its
 * port is 0. */
struct endpoint portmap_outside(const struct portmap *portmap);

/** True if the router says that it has no address outside that is any good, though it speaks: one
 * that is behind another router does. */
bool portmap_lacks_outside(const struct portmap *portmap);

/** What the router makes of a protocol. */
enum portmap_state portmap_state(const struct portmap *portmap, enum portmap_protocol protocol);

/** True while there is no telling yet whether the router grants anything. */
bool portmap_is_asking(const struct portmap *portmap);

/** End for good. Returns the size of a datagram for the router's PCP port, written to out, or 0 and
 * *is_job, or neither: then there was no mapping. */
size_t portmap_end(struct portmap *portmap, uint8_t out[PCP_MAP_SIZE], struct portmap_job *job,
                   bool *is_job);

/** "PCP", "NAT-PMP" or "UPnP"; and as a label of metrics: "pcp", ... */
const char *portmap_protocol_name(enum portmap_protocol protocol);
const char *portmap_protocol_label(enum portmap_protocol protocol);
