/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayd's side of a session: an authenticated node, from its Hellos to the end of its connection,
 * and the state machine that it goes through. Its first state is RELAY_CLIENT_STATE_STRANGER:
 *
 *                 +---- left ----+
 *                 v              |
 *   NEW ----> STRANGER --join--> MEMBER      (or, if it is a relay, NEIGHBOUR)
 *                 |              |
 *                 +--------------+--- replaced, revoked, busy, not admitted (any more), shutdown
 *                                |
 *                                v
 *                             CLOSING --told the link to close--> CLOSED
 *
 * Any state also goes to CLOSED when the link says that the connection is gone. Who stands in for a
 * member without a session is a MEMBER all its time.
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
    RELAY_CLIENT_STATE_NEW,       /* within the call that makes it */
    RELAY_CLIENT_STATE_STRANGER,  /* until `deadline`, unless the relay is open to strangers */
    RELAY_CLIENT_STATE_MEMBER,    /* until `deadline`: its admission is over and was not renewed */
    RELAY_CLIENT_STATE_NEIGHBOUR, /* a relay: neighbour_table.h says how long it stays */
    RELAY_CLIENT_STATE_CLOSING,   /* GoAway was sent; the connection is closed at `deadline` */
    RELAY_CLIENT_STATE_CLOSED,    /* no deadline: the link's CLOSED event is what frees it */
};

struct watch;      /* relayd/service/watch.h */
struct node_watch; /* relayd/service/node_watch.h */
struct neighbour;  /* relayd/base/neighbour_table.h */
struct lane_end;   /* relayd/service/lane_table.h */

/** The lanes of a session, kept by the table of lanes. */
struct client_lanes {
    LIST_HEAD(, lane_end) ends;
    uint32_t opened, incoming; /* asked for by this host, and by others; */
    uint32_t given;            /* of the latter, those of hosts at other relays */
};

/** What a session counted for others since that was written last (relayd/service/use.h). */
struct client_use {
    bool member;       /* it is or was a member's */
    uint64_t rx_bytes; /* of frames that came from it for others */
    uint64_t tx_bytes; /* of frames that went to it from others */
};

struct relay_client {
    struct handle handle;
    uint8_t key[KEY_SIZE];
    struct endpoint remote;
    uint64_t told_session; /* random, never 0: tells members this session from the key's others */
    enum relay_client_state state; /* written by relay_client_enter only */
    struct mono opened_at;
    struct mono deadline;
    struct client_limits limits;
    struct fair fair;              /* who filled this session's queue */
    struct watch *watch;           /* owned by the watch service; NULL: it watches nothing */
    struct node_watch *node_watch; /* owned by node_watches; NULL: it watches no relay */
    struct client_lanes lanes;
    struct client_use use;
    struct neighbour *neighbour; /* in state NEIGHBOUR, owned by its table; else NULL */
    bool gave_way; /* CLOSING: to another session of the same relay (control_session) */
    TAILQ_ENTRY(relay_client) in_waiting; /* in the list of strangers or of closing */
};

TAILQ_HEAD(relay_client_list, relay_client);

/** The clients that wait for a deadline, one list for each state. The earliest deadline is first,
 * because all clients of a state wait equally long. */
struct relay_client_lists {
    struct limits *limits; /* borrowed; told when a client stops being a stranger */
    struct relay_client_list strangers, closing;
    uint32_t stranger_count;
};

/** Empty lists. limits is borrowed and outlives them. */
void relay_client_lists_init(struct relay_client_lists *lists, struct limits *limits);

/** Enter the next state; only this function writes client->state. It keeps the lists and the count
 * of strangers, and sets the deadline. A member's deadline becomes MONO_NEVER: the caller knows
 * when its admission ends and sets it. A step that the drawing above does not have is our own
 * mistake and aborts. */
void relay_client_enter(struct relay_client_lists *lists, struct relay_client *client,
                        enum relay_client_state next, struct mono now);

/** A stand-in for a member that has no session now (relayd/service/lane_kept.h): it is in no list
 * and no table, and what is sent to it goes nowhere. */
void relay_client_init_absent(struct relay_client *client, const uint8_t key[KEY_SIZE],
                              struct mono now);

/** True for a stranger, a member or a neighbour: messages of the session are served, and it is sent
 * some. */
bool relay_client_is_active(const struct relay_client *client);

/** The client's handle as one number: no other session has or had it. */
uint64_t relay_client_number(const struct relay_client *client);
