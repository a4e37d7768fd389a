/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd's side of a session: an authenticated node, from its Hellos to the end of its connection,
 * and the state machine that it goes through. Its first state is RELAY_CLIENT_STATE_STRANGER:
 *
 *                 +---- left ----+
 *                 v              |
 *   NEW ----> STRANGER --join--> MEMBER
 *                 |              |
 *                 +--------------+--- replaced, revoked, busy, not admitted (any more), shutdown
 *                                |
 *                                v
 *                             CLOSING --told the link to close--> CLOSED
 *
 * Any state also goes to CLOSED when the link says that the connection is gone.
 */
#pragma once

#include "proto/link/link.h"
#include "relayd/base/fair.h"
#include "relayd/base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    ADMISSION_MS = 60000, /* a stranger's session lives this long without admission */
    CLOSING_MS = 250,     /* between GoAway and the end, so that it is read */
};

enum relay_client_state {
    RELAY_CLIENT_STATE_NEW,      /* within the call that makes it */
    RELAY_CLIENT_STATE_STRANGER, /* until `deadline`, unless the relay is open to strangers */
    RELAY_CLIENT_STATE_MEMBER,   /* until `deadline`: its admission is over and was not renewed */
    RELAY_CLIENT_STATE_CLOSING,  /* GoAway was sent; the connection is closed at `deadline` */
    RELAY_CLIENT_STATE_CLOSED,   /* no deadline: the link's CLOSED event is what frees it */
};

struct watch; /* relayd/service/watch.h */

struct relay_client {
    struct handle handle;
    uint8_t key[KEY_SIZE];
    struct endpoint remote;
    enum relay_client_state state; /* written by relay_client_enter only */
    struct mono opened_at;
    struct mono deadline;
    struct client_limits limits;
    struct fair fair;                     /* whose frames to this session wait */
    struct watch *watch;                  /* NULL: it watches nothing */
    TAILQ_ENTRY(relay_client) in_waiting; /* strangers or closing */
};

TAILQ_HEAD(relay_client_list, relay_client);

/** Who waits for what, by state; each list is ordered by deadline. */
struct relay_client_lists {
    struct limits *limits; /* borrowed: told when a stranger is none any more */
    struct relay_client_list strangers, closing;
    uint32_t stranger_count;
};

/** Empty lists. limits is borrowed and outlives them. */
void relay_client_lists_init(struct relay_client_lists *lists, struct limits *limits);

/** The only writer of client->state. It keeps the lists and the count, and sets the deadline: that
 * of a member is MONO_NEVER, and the caller who knows its admission sets it. */
void relay_client_enter(struct relay_client_lists *lists, struct relay_client *client,
                        enum relay_client_state next, struct mono now);

/** True for a stranger or a member: the session can be talked to. */
bool relay_client_is_active(const struct relay_client *client);
