/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * STUN (RFC 8489, RFC 5780; docs/protocol.md, section 2) on the relay's port: binding requests are
 * answered, at limited rates for each address and in all. Where workers run they answer most of
 * them (stun_switch.h), under the same limits. Memory is taken at the start only.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/dgram.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/lend.h"
#include "relayd/service/live.h"
#include "relayd/service/other_address.h"
#include "relayd/service/stun_board.h"

#include <stdbool.h>

enum { STUN_QUEUE_MAX = 256 /* answers that wait for the next transmit */ };

struct stun_service {
    struct relay_base *base; /* these are borrowed */
    struct lend_service *lend;
    struct other_address *other;
    struct live_service live;
    struct outbox out;        /* answers that wait */
    struct stun_board *board; /* for workers; NULL: there are none */
};

/** What is given is borrowed and outlives the service; base says whether there are workers.
 * ERR_NOMEM; stun_service_fini is legal then. */
int stun_service_init(struct stun_service *service, struct relay_base *base,
                      struct lend_service *lend, struct other_address *other) MUST_CHECK;
void stun_service_fini(struct stun_service *service);

/** One datagram whose first byte says STUN, any other content. Its answer waits. What is malformed
 * or too much is counted and dropped. */
void stun_service_receive(struct stun_service *service, const struct dgram *in, struct mono now);

/** Move the answers that wait to `out`; those for which it has no room are lost. And tell workers
 * what they have to know. */
void stun_service_transmit(struct stun_service *service, struct outbox *out, struct mono now);

/** True while answers wait for the next transmit. */
bool stun_service_waits(const struct stun_service *service);
