/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Introductions: control messages to and from the punch broker (rendezvous/punch/punch.h), which
 * sees keys, tokens and addresses, and never a session.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"
#include "rendezvous/punch/punch.h"

struct punch_service {
    struct relay_base *base; /* borrowed */
    struct punch *broker;
};

/** base is borrowed and outlives the service. ERR_NOMEM. */
int punch_service_init(struct punch_service *service, struct relay_base *base) MUST_CHECK;
void punch_service_fini(struct punch_service *service);

/** PunchRequest of a session; a refusal is answered. */
void punch_service_on_request(struct punch_service *service, const struct relay_client *client,
                              const Ziglan__Control *message, struct mono now);

/** PunchAnswer of a session; a refusal is answered. */
void punch_service_on_answer(struct punch_service *service, const struct relay_client *client,
                             const Ziglan__Control *message, struct mono now);

/** PunchResult of a session. */
void punch_service_on_result(struct punch_service *service, const struct relay_client *client,
                             const Ziglan__Control *message, struct mono now);

/** The session has another address: the other sides of its punches are told. */
void punch_service_moved(struct punch_service *service, const struct relay_client *client,
                         struct mono now);

/** This key has no session, or none of a member, any more: its punches end. */
void punch_service_gone(struct punch_service *service, const uint8_t key[KEY_SIZE]);

/** Timers up to now, and when to call this again. */
void punch_service_expire(struct punch_service *service, struct mono now);
struct mono punch_service_deadline(const struct punch_service *service);
