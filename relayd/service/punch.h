/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Punches (docs/protocol.md, section 13): hands control messages to the broker of
 * rendezvous/punch/punch.h, and sends what it wants to be sent. The broker sees keys, tokens and
 * addresses, and never a session.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/forward_relay.h"
#include "relayd/service/pool.h"
#include "rendezvous/punch/punch.h"

enum { PUNCH_MEASURE_MS = 600000 /* between two words to a host that it shall measure its NAT */ };

struct punch_service {
    struct relay_base *base;      /* borrowed */
    struct pool_service *pools;   /* borrowed; picks the target where none is named */
    struct forward_relay *relays; /* borrowed; knows who is at which relay */
    struct punch *broker;         /* owned */
};

/** base, pools and relays are borrowed and outlive the service. ERR_NOMEM; punch_service_fini is
 * legal then.
 */
int punch_service_init(struct punch_service *service, struct relay_base *base,
                       struct pool_service *pools, struct forward_relay *relays) MUST_CHECK;
void punch_service_fini(struct punch_service *service);

/** Serve a PunchRequest; a refusal is answered by Error. So is one without a kind of NAT, now and
 * then, which all the same goes on. */
void punch_service_on_request(struct punch_service *service, struct relay_client *client,
                              const Ziglan__Control *message, struct mono now);

/** Serve a PunchRelayed: a host of a neighbour asks for a punch with one here, whose broker this
 * relay is then; or that neighbour has something about it for the broker, or for the host here. */
void punch_service_on_relayed(struct punch_service *service, const struct relay_client *neighbour,
                              const Ziglan__Control *message, struct mono now);

/** Serve a PunchAnswer; a refusal is answered by Error. */
void punch_service_on_answer(struct punch_service *service, const struct relay_client *client,
                             const Ziglan__Control *message, struct mono now);

/** Serve a PunchResult, which gets no answer: the other side is told, also at another relay. */
void punch_service_on_result(struct punch_service *service, const struct relay_client *client,
                             const Ziglan__Control *message, struct mono now);

/** The session has another address: the other sides of its punches are told. */
void punch_service_moved(struct punch_service *service, const struct relay_client *client,
                         struct mono now);

/** This session took the place of an older one of its key. */
void punch_service_replaced(struct punch_service *service, const struct relay_client *client,
                            struct mono now);

/** The session of this key ended, or is a member's no longer: its punches end. */
void punch_service_gone(struct punch_service *service, const uint8_t key[KEY_SIZE],
                        struct mono now);

/** Timers up to now; punch_service_deadline tells when to call this again. */
void punch_service_expire(struct punch_service *service, struct mono now);
struct mono punch_service_deadline(const struct punch_service *service);
