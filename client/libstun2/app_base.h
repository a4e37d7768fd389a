/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What all parts of an agent of libstun2 stand on. The agent owns it; parts borrow it for their
 * life.
 */
#pragma once

#include "client/libstun2/app_events.h"
#include "client/path/candidates.h"
#include "client/stun2/relay_set.h"
#include "proto/base/env.h"
#include "proto/net/dgram.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    APP_KEEPALIVE_MS_MIN = 1000,
    APP_KEEPALIVE_MS_MAX = 600000,
    APP_ANSWER_MS = 12000, /* a relay waits 10 s for who is asked, and may be far */
};

struct app_base {
    const struct env *env; /* these are borrowed */
    const struct identity *identity;
    struct relay_set relays;
    struct app_events events;
    struct outbox box;          /* what is to be sent */
    uint8_t nat_kind;           /* as relays are told; 0: not known yet */
    struct keepalive keepalive; /* of open ways; that of sessions is in relays */
    bool keepalive_measured;
    struct own_addresses own; /* of this machine; none: peers are told none */
    uint32_t request_last;    /* the last number of a question to a relay */
    bool kind_wanted;         /* the application was told that the kind of NAT is waited for */
};

/** Something waits for the kind of NAT: the application is told, once. */
void app_base_want_kind(struct app_base *base);

/** The application says how often its ways are used. Sessions are so, too, but not more seldom than
 * usual. */
void app_base_set_keepalive(struct app_base *base, uint32_t ms);

/** The number of the next question to a relay; never 0, nor one of another room's questions
 * (client/stun2/seeking.h). */
uint32_t app_base_request(struct app_base *base);

/** The open session of this relay, or NULL. */
struct relay_session *app_base_relay(const struct app_base *base, uint64_t relay);
