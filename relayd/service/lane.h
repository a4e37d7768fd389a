/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lanes (docs/protocol.md, section 18): frames between two sessions that travel without them. Both
 * hosts bind an end each to the address from which they send; from then on a data frame costs a
 * look-up of its label, a comparison of its source, its charge, and the other end's label in its
 * place. All that leaves waits in one queue, in which lanes have equal shares.
 */
#pragma once

#include "proto/base/log_gate.h"
#include "proto/net/dgram.h"
#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/address_cookie.h"
#include "relayd/service/lane_chain.h"
#include "relayd/service/lane_kept.h"
#include "relayd/service/lane_table.h"
#include "relayd/service/lane_workers.h"

#include <stdbool.h>

enum {
    LANE_IDLE_MS = 600000,   /* a lane without traffic is closed */
    LANE_CHALLENGE_MS = 100, /* between two that frames from another address make, of one end */
    LANE_QUEUE_BYTES = 3 << 19,
    LANE_QUEUE_DGRAMS = 3072,
};

struct lane_service {
    struct relay_base *base; /* borrowed */
    struct lane_table table;
    struct address_cookies cookies; /* with the first lane: before that nobody gets one */
    bool cookies_drawn;
    struct outbox out; /* what waits for the next transmit */
    size_t out_at;     /* datagrams before this one were handed over */
    struct lane_turn turn;
    struct log_gate log; /* of binds from addresses to which nothing is sent */
    struct lane_workers workers;
    struct lane_chain chain; /* lanes to hosts at other relays */
    struct lane_kept kept;   /* lanes whose sessions ended with the program, or the one before */
};

/** No lanes. base and relays are borrowed and outlive the service. ERR_NOMEM; lane_service_fini is
 * legal then. */
int lane_service_init(struct lane_service *service, struct relay_base *base,
                      struct forward_relay *relays) MUST_CHECK;
void lane_service_fini(struct lane_service *service);

/** Keep the lanes that the program before this one had (lane_kept.h); says how many. */
size_t lane_service_load(struct lane_service *service, const uint8_t *data, size_t size,
                         struct mono now);

/** LaneOpen: LaneOpened, or an Error; and LaneIncoming to the other host if the lane is new. */
void lane_service_on_open(struct lane_service *service, struct relay_client *client,
                          const Ziglan__Control *message, struct mono now);

/** One datagram of at least one byte whose first byte says lane, any other content. What is not
 * forwarded or answered is counted. */
void lane_service_receive(struct lane_service *service, const struct dgram *in, struct mono now);

/** The session ends, or may have no lanes any more: its lanes are closed, and the others told. */
void lane_service_leave(struct lane_service *service, const struct relay_client *client);

/** Close the lane of a client with a key, if the two may not talk any more. */
void lane_service_on_block(struct lane_service *service, const struct relay_client *client,
                           const uint8_t key[KEY_SIZE]);

/** A session has another address: what is bound at its relay, if it is one, is bound anew. */
void lane_service_on_moved(struct lane_service *service, const struct relay_client *client,
                           struct mono now);

/** Close lanes without traffic, and those whose hosts may not talk any more; about once a minute,
 * and when the settings changed. */
void lane_service_sweep(struct lane_service *service, struct mono now);

/** Move what waits to `out`, as much as there is room for. */
void lane_service_transmit(struct lane_service *service, struct outbox *out);

/** True while something waits for the next transmit. */
bool lane_service_waits(const struct lane_service *service);

/** What is due: binds at neighbours, and what workers used; and when to call this again. */
void lane_service_expire(struct lane_service *service, struct mono now);
struct mono lane_service_deadline(const struct lane_service *service);
