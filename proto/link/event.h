/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events on their way from the sessions of a hub to the layer above, which polls them when the hub
 * has returned. An event is a type, a session, and a range of bytes in one buffer; the buffer
 * starts anew when all events were polled. CLOSED is the exception: it lies in a struct that its
 * session embeds, so that the end of a session can always be told, even if memory is out.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/link/link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct link_session;

/* Between two polls. A session whose event finds no room ends (docs/security.md). */
enum { EVENT_BYTES_MAX = 8 * 1024 * 1024, EVENT_COUNT_MAX = 65536 };

/** One event. The rest of what it says (peer, addresses, reason) is looked up in its session, which
 * lives until its CLOSED was polled. */
struct event_item {
    enum link_event_type type;
    uint32_t offset, size; /* its bytes, in the queue's buffer */
    struct link_session *session;
};

/** The CLOSED event of a session, which embeds it. */
struct event_end {
    TAILQ_ENTRY(event_end) entry;
    struct link_session *session;
    size_t position; /* it is polled when so many of the queue's items were */
};

struct event_queue {
    struct event_item *items;
    size_t count, capacity;
    size_t next;                            /* index of the first item that was not polled */
    TAILQ_HEAD(event_ends, event_end) ends; /* not polled, by position */
    uint8_t *bytes;
    size_t bytes_used, bytes_capacity;
};

/** An empty queue. */
void event_queue_init(struct event_queue *q);

/** Free its memory; what was not polled is forgotten. */
void event_queue_fini(struct event_queue *q);

/** Append an event, any but CLOSED, with a copy of size bytes. ERR_LIMIT if the bounds above are
 * reached, ERR_NOMEM; both change nothing. */
int event_queue_push(struct event_queue *q, enum link_event_type type, struct link_session *session,
                     const void *data, size_t size) MUST_CHECK;

/** Append the CLOSED event of a session; once for each session. It cannot fail. `end` is kept and
 * must not move until it was polled. */
void event_queue_push_end(struct event_queue *q, struct event_end *end,
                          struct link_session *session);

/** Take the next event. *bytes leads to its item->size bytes, borrowed until the next push or
 * recycle. False if there is none; then item is not written. */
bool event_queue_pop(struct event_queue *q, struct event_item *item, const uint8_t **bytes);

/** Start the buffer anew if all events were polled; else nothing happens. */
void event_queue_recycle(struct event_queue *q);
