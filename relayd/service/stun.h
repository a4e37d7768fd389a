/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * STUN (RFC 8489) on the relay's port: requests are answered from constant memory, limited per
 * address and in all.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/dgram.h"
#include "relayd/base/relay_base.h"

#include <stdbool.h>

enum { STUN_QUEUE_MAX = 256 /* answers between two transmits */ };

struct stun_service {
    struct relay_base *base; /* borrowed */
    struct outbox out;       /* answers until the next transmit */
};

/** base is borrowed and outlives the service. ERR_NOMEM. */
int stun_service_init(struct stun_service *service, struct relay_base *base) MUST_CHECK;
void stun_service_fini(struct stun_service *service);

/** One datagram whose first byte says STUN, any content. */
void stun_service_receive(struct stun_service *service, const struct dgram *in, struct mono now);

/** Move the answers to `out`. */
void stun_service_transmit(struct stun_service *service, struct outbox *out);

/** True while answers wait for the next transmit. */
bool stun_service_waits(const struct stun_service *service);
