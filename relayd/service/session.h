/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sessions of authenticated nodes, from the Hellos to the end: who is let in, who makes room, who
 * is sent away and why, and which services hear of it.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/link/link.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/punch.h"
#include "relayd/service/watch.h"

#include <stdbool.h>
#include <stdint.h>

/** Numbers of GoAway.reason in control.proto. */
enum goaway {
    GOAWAY_SHUTDOWN = 0,
    GOAWAY_REPLACED = 1,
    GOAWAY_REVOKED = 2,
    GOAWAY_BUSY = 3,
    GOAWAY_NOT_ADMITTED = 4,
};

struct session_service {
    struct relay_base *base;       /* these are borrowed */
    struct punch_service *punches; /* told who is gone and who moved */
    struct watch_service *watches; /* told which member came and went */
    bool stopping;                 /* after session_shutdown: nobody is let in */
};

/** What the link tells about sessions: both Hellos verified, another address, the end. */
void session_on_open(struct session_service *service, const struct link_event *event,
                     struct mono now);
void session_on_moved(struct session_service *service, const struct link_event *event,
                      struct mono now);
void session_on_closed(struct session_service *service, const struct link_event *event,
                       struct mono now);

/** A stranger was admitted, or a member's admission was renewed, until this wall clock. */
void session_admit(struct session_service *service, struct relay_client *client, uint64_t until_ms,
                   struct mono now);

/** A member left: it is a stranger, watches nothing and is in no punch. */
void session_dismiss(struct session_service *service, struct relay_client *client, struct mono now);

/** Say GoAway and close a little later; from now on the session is nobody's. */
void session_send_away(struct session_service *service, struct relay_client *client,
                       enum goaway reason, uint32_t reconnect_in_ms, struct mono now);

/** Strangers who were not admitted in time, and closing sessions whose time has come; and when to
 * call this again. */
void session_expire(struct session_service *service, struct mono now);
struct mono session_deadline(const struct session_service *service);

/** Send members away whose admission is over; about once a minute. */
void session_expire_admissions(struct session_service *service, struct mono now);

/** Send everybody away, and whoever comes from now on. */
void session_shutdown(struct session_service *service, uint32_t reconnect_in_ms, struct mono now);

/** True once no session is left after session_shutdown. */
bool session_is_stopped(const struct session_service *service);
