/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events on their way from a hub's sessions to the layer above, which polls when the hub is at
 * rest. An event is a type, a session and a place in one buffer of bytes, which starts anew when
 * everything was polled. The end of a session needs no memory: its place in the line is part of the
 * session, so that it can always be told.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/link/link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct link_session;

enum { EVENT_BYTES_MAX = 8 * 1024 * 1024, EVENT_COUNT_MAX = 65536 };

/** What an event says besides its bytes is kept by its session, which outlives it. */
struct event_item {
    enum link_event_type type;
    uint32_t offset, size;
    struct link_session *session;
};

/** A session's CLOSED event, embedded in it. */
struct event_end {
    TAILQ_ENTRY(event_end) entry;
    struct link_session *session;
    size_t position; /* after so many of the queue's items */
};

struct event_queue {
    struct event_item *items;
    size_t count, capacity, next;
    TAILQ_HEAD(event_ends, event_end) ends; /* by position */
    uint8_t *bytes;
    size_t bytes_used, bytes_capacity;
};

/** An empty queue. */
void event_queue_init(struct event_queue *q);

/** Free its memory; what was not polled is forgotten. */
void event_queue_fini(struct event_queue *q);

/** Append an event with head || body as its bytes, not CLOSED. ERR_LIMIT if nobody polled for too
 * long, ERR_NOMEM. */
int event_queue_push(struct event_queue *q, enum link_event_type type, struct link_session *session,
                     const void *head, size_t head_size, const void *body,
                     size_t body_size) MUST_CHECK;

/** Append the CLOSED event of a session; once for each. It cannot fail. `end` stays where it is
 * until it was polled. */
void event_queue_push_end(struct event_queue *q, struct event_end *end,
                          struct link_session *session);

/** Take the next one: its bytes stay valid until the next push or recycle. False if none. */
bool event_queue_pop(struct event_queue *q, struct event_item *item, const uint8_t **bytes);

/** Start the buffer anew if all was polled. */
void event_queue_recycle(struct event_queue *q);
