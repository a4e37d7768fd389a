/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Can others reach this relay, and where? Only a relay that others reach announces itself. It asks
 * its neighbours; each lets a relay at the end of a short random walk dial the address that the
 * neighbour observes, so relays measure that this one did not choose (docs/protocol.md, section 17,
 * "Reach"). What it does for others so is in reach_jobs.h.
 *
 *   ALONE --neighbour--> CHECKING --reached--> PUBLIC or FULL_CONE --address changed--> CHECKING
 *                           |  ^
 *                           v  | again, after 1 min .. 1 h
 *                       NOT_REACHABLE
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/mesh.h"
#include "relayd/service/reach_jobs.h"
#include "relayd/service/reach_watch.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    REACH_ASKED_MAX = 3, /* neighbours that are asked at a time */
    REACH_OBSERVED_MS =
        5000, /* so long after one round the next, because neighbours see us elsewhere */
    REACH_SILENT_MAX = 5,   /* so often; then it waits as after other failures */
    REACH_SILENT_MS = 5000, /* no result came: other neighbours, and their other ones, are asked */
    REACH_RETRY_MS_MIN = 60000,
    REACH_RETRY_MS_MAX = 3600000,
    REACH_DOUBT_MS = 600000, /* only neighbours got through: so long until the next round */
};

enum reach_state {
    REACH_STATE_ALONE,     /* no relay is there that could measure */
    REACH_STATE_CHECKING,  /* until `until` */
    REACH_STATE_PUBLIC,    /* reached, at an address of its own */
    REACH_STATE_FULL_CONE, /* reached, behind a NAT */
    REACH_STATE_NOT_REACHABLE,
};

/** Why others do not reach this relay. */
enum reach_fault {
    REACH_FAULT_NONE,
    REACH_FAULT_CLOSED,     /* nobody gets through to the port */
    REACH_FAULT_SYMMETRIC,  /* the NAT gives it another port towards each relay */
    REACH_FAULT_RESTRICTED, /* only those get through to whom it has sent */
    REACH_FAULT_SILENT,     /* no neighbour gave a result that says something */
};

/** A neighbour that was asked about this relay, and may answer once. */
struct reach_asked {
    uint8_t key[KEY_SIZE];
    bool answered;
    bool through; /* it says that somebody got through to this address: */
    bool by_port; /* not to a port to which we had not sent before */
    struct endpoint address;
    uint8_t attestation[RECORD_OTHER_SIGNED_SIZE_MAX]; /* of who did */
    size_t attestation_size;
};

/** What the router says. */
struct reach_mapping {
    uint16_t port;  /* that it lets in; 0: none */
    uint16_t asked; /* in the latest round; 0: the one from which others see us come */
    bool failed;    /* nobody got through to it: the next round does without */
    bool waits;     /* it is another one since the round began: the next one begins at its end */
};

/** How long it waits after a round that failed. */
struct reach_retry {
    uint64_t ms;     /* the next time */
    uint32_t silent; /* rounds without any result, one after the other */
};

struct reach_service {
    struct relay_base *base; /* these are borrowed */
    struct mesh_service *mesh;
    enum reach_state state;
    enum reach_fault fault;
    struct endpoint address; /* where it is reached; or where it was tried, as neighbours see it */
    struct endpoint seen;    /* when the round began: what most neighbours observed; with
                                the mapped port, if that was asked for */
    struct reach_mapping mapping;
    struct endpoint local;  /* where packets of relays arrive on this machine */
    struct mono until;      /* CHECKING: the results are in */
    struct mono next_at;    /* then it is measured again */
    struct mono checked_at; /* the last round began */
    struct reach_retry retry;
    struct reach_asked neighbours[REACH_ASKED_MAX];
    struct endpoint told;                       /* the one in the log */
    uint32_t asked, answered, reached, by_port; /* in this round: what came of it */
    struct reach_watch watch;
    struct reach_jobs jobs; /* what it does for others */
};

/** In zeroed memory. What is given is borrowed. ERR_NOMEM; reach_service_fini is legal then. */
int reach_service_init(struct reach_service *service, struct relay_base *base,
                       struct mesh_service *mesh, struct mono now) MUST_CHECK;
void reach_service_fini(struct reach_service *service);

/** A neighbour came or went: there may be somebody to ask, and it is told where we reached it. */
void reach_on_neighbour(struct reach_service *service, const struct neighbour_event *event,
                        struct mono now);

/** Messages of neighbours. */
void reach_on_observed(struct reach_service *service, const struct relay_client *client,
                       const Ziglan__Control *message, struct mono now);
void reach_on_result(struct reach_service *service, const struct relay_client *client,
                     const Ziglan__ReachResult *result, struct mono now);

/** The router lets this port in, so it says (0: none): others measure it, at the address from which
 * this relay comes. */
void reach_on_mapping(struct reach_service *service, uint16_t port, struct mono now);

/** True if nobody got through yet to whom this relay had never sent, and it is behind a NAT:
 * perhaps that lets in only neighbours. */
bool reach_is_doubtful(const struct reach_service *service);

/** A packet of QUIC arrived here. */
void reach_note_local(struct reach_service *service, const struct endpoint *local);

/** Timers up to now; and when to call this again. */
void reach_expire(struct reach_service *service, struct mono now);
struct mono reach_deadline(const struct reach_service *service);
