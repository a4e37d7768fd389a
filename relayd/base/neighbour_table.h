/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The neighbours of a relay: relays with which it has a session, dialled or accepted, or is getting
 * one (docs/protocol.md, section 3). The client of such a session (relay_client.h) is in the state
 * NEIGHBOUR and leads to its neighbour. There is one session for each pair. A service that has
 * something for a relay says so by its key (neighbour_send_to, neighbour_datagram_to): if there is
 * no session yet, the relay is dialled where its node record says, and what is for it waits a
 * little. Such a session ends when nobody used it for a while; those that the mesh keeps stay.
 *
 *   DIALLING ---- proved its key ----> OPEN
 *      |                                |
 *      +-- no answer, no address left --+-- ended, replaced, idle --> GONE, polled, freed
 *
 * Services hear of it by events, which relayd/core/core.c polls and hands on. Later: presence, the
 * search and forwarding between relays use it.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/map.h"
#include "proto/link/link.h"
#include "proto/wire/lend.h"
#include "relayd/base/limits.h"
#include "relayd/base/neighbour_dial.h"
#include "relayd/base/neighbour_queue.h"
#include "relayd/base/reply.h"
#include "relayd/base/session_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    NEIGHBOURS_MAX = 64,
    NEIGHBOURS_ACCEPTED_MAX = 40,    /* who comes takes no place from whom we look for */
    NEIGHBOUR_DIAL_MS = 5000,        /* an attempt, and what waits for it, lasts so long */
    NEIGHBOUR_IDLE_MS = 120000,      /* then a session that nobody keeps ends */
    NEIGHBOUR_SPARE_MS = 90000,      /* unused for so long, one makes room for another */
    NEIGHBOUR_BRIEF_MS = 10000,      /* one that is for a word only ends when unused for so long, */
    NEIGHBOUR_BRIEF_SPARE_MS = 1000, /* and makes room for another after so long */
    NEIGHBOUR_SILENT_MS = 25000,     /* who dialled us sends something each 15 s, or is dead */
    NEIGHBOUR_STALL_MS = 5000,       /* one that owes an answer for longer is dead */
    NEIGHBOUR_RACE_MS = 10000,       /* two sessions of a pair within it were dialled at once */
};

enum neighbour_state { NEIGHBOUR_STATE_DIALLING, NEIGHBOUR_STATE_OPEN, NEIGHBOUR_STATE_GONE };

/** The ports from which a neighbour answers for us, as it says (RFC 5780). */
struct lend_offer {
    uint16_t ports[LEND_ANSWER_PORTS_MAX];
    size_t count;
};

/** A relay that we have, or look for. */
struct neighbour {
    TAILQ_ENTRY(neighbour) in_use;  /* the list of those that are not gone, least used first */
    TAILQ_ENTRY(neighbour) in_line; /* of those that an event tells of */
    uint8_t key[KEY_SIZE];
    enum neighbour_state state;  /* written by the table only */
    struct relay_client *client; /* OPEN: its session */
    bool dialled;                /* by us */
    bool brief;                  /* nobody used it for more than a word (neighbour_send_brief) */
    bool kept;                   /* written by the mesh: it does not end for being idle */
    bool opened;                 /* it was open */
    bool older;                  /* GONE: it is of a version that knows no other relays */
    bool waits;                  /* in the line for an event */
    uint32_t away_ms;            /* GONE: it said to come back in so long; 0: nothing */
    enum link_reason reason;     /* GONE: why, if its connection ended by itself */
    struct mono opened_at, used_at;
    struct mono deadline;     /* DIALLING: give up; OPEN: it stalled */
    struct endpoint observed; /* OPEN: our address as it sees it; none if not told */
    struct lend_offer offer;
    struct neighbour_dial dial;
    struct neighbour_queue queue;
};

TAILQ_HEAD(neighbour_list, neighbour);

/** The port by which the table asks about relays. */
struct neighbour_book {
    void *context;
    /* Where is the relay of a key? False: unknown. */
    bool (*find)(void *context, const uint8_t key[KEY_SIZE], struct neighbour_place *out);
    /* There is no room for the relay that has come: tell it of others. NULL: nobody is known. */
    void (*introduce)(void *context, const struct relay_client *client);
};

enum neighbour_event_type {
    NEIGHBOUR_EVENT_OPEN, /* a session with it is open */
    NEIGHBOUR_EVENT_GONE, /* there is none any more, or it could not be reached */
};

struct neighbour_event {
    enum neighbour_event_type type;
    struct neighbour *neighbour; /* borrowed until the next event; a gone one is freed then */
};

/** What a table stands on; all is borrowed and outlives it. */
struct neighbour_ports {
    const struct env *env;
    struct session_table *sessions;
    struct limits *limits;
    struct reply *reply;
    struct relay_counters *counters;
};

struct neighbour_table {
    struct neighbour_ports ports;
    struct link_hub *hub; /* borrowed; set before anything is dialled or comes */
    uint8_t own_key[KEY_SIZE];
    bool stopping;              /* dial nobody and let nobody in */
    struct neighbour_book book; /* find is NULL: no relay is known by its key */
    struct map *by_key;         /* those that are not gone */
    struct neighbour_list list; /* the same, least recently used first */
    struct neighbour_list line; /* for events */
    struct neighbour *polled;   /* gone, told, to be freed */
    uint32_t count, accepted_count;
    size_t waiting_bytes; /* in all queues */
};

/** Zeroed memory becomes an empty table. ports is copied. ERR_NOMEM; neighbour_table_fini is legal
 * then, and for zeroed memory. */
int neighbour_table_init(struct neighbour_table *table, const struct neighbour_ports *ports,
                         const uint8_t own_key[KEY_SIZE]) MUST_CHECK;
void neighbour_table_fini(struct neighbour_table *table);

/* ---- for services ---- */

/** The neighbour of this key with an open session; NULL if there is none. */
struct neighbour *neighbour_of_key(const struct neighbour_table *table,
                                   const uint8_t key[KEY_SIZE]);

/** Walk over all that are not gone: NULL gives the first, each its next, the last NULL. */
struct neighbour *neighbour_next(const struct neighbour_table *table,
                                 const struct neighbour *before);

/** Send a message to an open neighbour. That counts as use of it. */
void neighbour_send(struct neighbour_table *table, struct neighbour *neighbour,
                    const Ziglan__Control *message, struct mono now);

/** Send a message to an open neighbour that would not be worth a session of its own. */
void neighbour_tell(struct neighbour_table *table, struct neighbour *neighbour,
                    const Ziglan__Control *message);

/** Queue a datagram head || body for an open neighbour; as link_hub_datagram. It counts as use. */
bool neighbour_datagram(struct neighbour_table *table, struct neighbour *neighbour,
                        const uint8_t *head, size_t head_size, const uint8_t *body,
                        size_t body_size, struct mono now);

/**
 * Send a message to the relay of this key, at once or when it has been reached.
 * NEIGHBOUR_EVENT_GONE tells that it could not be reached, and that what waited is lost. ERR_DROP
 * if nobody knows where it is, if it is we, or if the message breaks a rule; ERR_LIMIT if too much
 * waits or there are too many neighbours; ERR_NOMEM.
 */
int neighbour_send_to(struct neighbour_table *table, const uint8_t key[KEY_SIZE],
                      const Ziglan__Control *message, struct mono now) MUST_CHECK;

/** The same for a word, of which a relay may have one for each of many others: a session that is
 * made for it ends NEIGHBOUR_BRIEF_MS after the last one, and soon makes room for others, unless
 * somebody uses it for more. */
int neighbour_send_brief(struct neighbour_table *table, const uint8_t key[KEY_SIZE],
                         const Ziglan__Control *message, struct mono now) MUST_CHECK;

/** The same for a datagram. */
int neighbour_datagram_to(struct neighbour_table *table, const uint8_t key[KEY_SIZE],
                          const uint8_t *head, size_t head_size, const uint8_t *body,
                          size_t body_size, struct mono now) MUST_CHECK;

/** A session with the relay of this key: open, or being dialled from now on. NULL as above. */
struct neighbour *neighbour_want(struct neighbour_table *table, const uint8_t key[KEY_SIZE],
                                 struct mono now);

/** The same for a relay of which the caller knows where it is. */
struct neighbour *neighbour_want_at(struct neighbour_table *table, const uint8_t key[KEY_SIZE],
                                    const struct neighbour_place *place, struct mono now);

/** End the session with a neighbour, or the attempt to get one. Its event follows. */
void neighbour_end(struct neighbour_table *table, struct neighbour *neighbour, struct mono now);

/** Poll one event; false if there is none. */
bool neighbour_event(struct neighbour_table *table, struct neighbour_event *out);

/* ---- for the session service and the core ---- */

/** True if a session of an OPEN event is a neighbour's: we dialled it, or it came as a relay. */
bool neighbour_is_meant(const struct link_event *event);

/** An OPEN event of a neighbour: it becomes one, or its client is sent away. client is its client,
 * still a stranger that nobody counted. */
void neighbour_on_open(struct neighbour_table *table, struct relay_client *client,
                       const struct link_event *event, struct mono now);

/** A CLOSED event: of a neighbour's client, or of a connection that is no client's (client is NULL)
 * and may be one of ours on its way. */
void neighbour_on_closed(struct neighbour_table *table, const struct relay_client *client,
                         const struct link_event *event, struct mono now);

/** A client is sent away, or said GoAway: if it is a neighbour, it is gone. */
void neighbour_on_away(struct neighbour_table *table, const struct relay_client *client,
                       uint32_t away_ms, struct mono now);

/** STALLED and REVIVED events; client may be NULL. */
void neighbour_on_stalled(const struct relay_client *client, struct mono now);
void neighbour_on_revived(const struct relay_client *client);

/** It sent something that counts as use. */
void neighbour_used(struct neighbour_table *table, struct neighbour *neighbour, struct mono now);

/** Dial what is due, give up, end what is idle; and when to call this again. */
void neighbour_expire(struct neighbour_table *table, struct mono now);
struct mono neighbour_deadline(const struct neighbour_table *table);

/** Dial nobody any more: the relay stops. */
void neighbour_shutdown(struct neighbour_table *table, struct mono now);
