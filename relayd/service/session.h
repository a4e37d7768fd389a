/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sessions from the Hellos to the end (docs/protocol.md, sections 3 and 4): which are let in, which
 * make room for others, which are sent away and why. Punches and watchers are told what follows.
 */
#pragma once

#include "proto/base/log_gate.h"
#include "proto/base/mono.h"
#include "proto/link/link.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/forward_relay.h"
#include "relayd/service/lane.h"
#include "relayd/service/node_watch.h"
#include "relayd/service/presence.h"
#include "relayd/service/punch.h"
#include "relayd/service/use.h"
#include "relayd/service/watch.h"

#include <stdbool.h>
#include <stdint.h>

struct session_service {
    struct relay_base *base;           /* these are borrowed */
    struct punch_service *punches;     /* told who is gone and who moved */
    struct watch_service *watches;     /* told which member came and went */
    struct presence_service *presence; /* told who is here */
    struct forward_relay *forwards;
    struct lane_service *lanes;        /* told who is gone */
    struct pool_service *pools;        /* told who is gone */
    struct node_watches *node_watches; /* told whose session is over */
    struct use_service *uses;          /* told what a session counted */
    struct log_gate log;               /* of what clients can make us write, by enum goaway */
    struct mono ends_at;               /* when a member's time is over, the earliest of those
                                          that are known; NEVER: none */
    bool stopping;                     /* after session_shutdown: nobody is let in, and all are */
    uint32_t lanes_ms;                 /* told how long their lanes are kept */
};

/** An OPEN event: both Hellos verified. The session becomes a member's or a stranger's, or is sent
 * away. */
void session_on_open(struct session_service *service, const struct link_event *event,
                     struct mono now);

/** A MOVED event: the session has another address. It is told, and so are the partners of its
 * punches. */
void session_on_moved(struct session_service *service, const struct link_event *event,
                      struct mono now);

/** A CLOSED event: the session is freed. Nothing happens for connections that had none. */
void session_on_closed(struct session_service *service, const struct link_event *event,
                       struct mono now);

/** A stranger was admitted, or a member's admission was renewed. until is its end; the session
 * lasts RECORD_CLOCK_SKEW_MS longer, unless the membership ends then. No-op for a session that is
 * being closed. */
void session_admit(struct session_service *service, struct relay_client *client,
                   const struct directory_until *until, struct mono now);

/** A member left: its session is a stranger's, watches nothing, and is in no punch. */
void session_dismiss(struct session_service *service, struct relay_client *client, struct mono now);

/** Send GoAway to an active session, and close it CLOSING_MS later. From now on it is not found by
 * its key, watches nothing, and is served no more. */
void session_send_away(struct session_service *service, struct relay_client *client,
                       enum goaway reason, uint32_t reconnect_in_ms, struct mono now);

/** Close the sessions that were sent away CLOSING_MS ago, and send away the strangers who were not
 * admitted in ADMISSION_MS; on an open relay strangers stay. session_deadline tells when to call
 * this again. */
void session_expire(struct session_service *service, struct mono now);
struct mono session_deadline(const struct session_service *service);

/** Send members away whose admission is over; about once a minute. */
void session_expire_admissions(struct session_service *service, struct mono now);

/** Tell a member by which hosts this relay can be reached, `public:` of the configuration; or all
 * members, because they have changed. Nothing is told if there are none. */
void session_send_hosts(struct session_service *service, const struct relay_client *client);
void session_hosts_changed(struct session_service *service);

/** Send everybody away, and from now on everybody who comes, to come back in reconnect_in_ms. If
 * keeps_lanes, the lanes that can be are kept for LANES_KEPT_MS (lane_kept.h). */
void session_shutdown(struct session_service *service, uint32_t reconnect_in_ms, bool keeps_lanes,
                      struct mono now);

/** True once no session is left after session_shutdown. */
bool session_is_stopped(const struct session_service *service);
