/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events on their way from a hub's connections to the layer above. Callbacks of the QUIC library
 * only append here; the layer above polls when the hub is at rest. The bytes of events share one
 * buffer, which starts anew when everything was polled.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/link/link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link_conn;

enum { EVENT_BYTES_MAX = 8 * 1024 * 1024, EVENT_COUNT_MAX = 65536 };

/* What an event says besides its bytes is kept by its connection, which outlives it. */
struct event_item {
    enum link_event_type type;
    struct link_conn *conn;
    uint32_t offset, size;
};

struct event_queue {
    struct event_item *items;
    size_t count, capacity, next;
    uint8_t *bytes;
    size_t bytes_used, bytes_capacity;
};

/** Zeroed is an empty queue. Frees its memory. */
void event_queue_fini(struct event_queue *q);

/** Append an event with head || body as its bytes. ERR_LIMIT if nobody polled for too long,
 * ERR_NOMEM. CLOSED is taken beyond the cap too. */
int event_queue_push(struct event_queue *q, enum link_event_type type, struct link_conn *conn,
                     const void *head, size_t head_size, const void *body,
                     size_t body_size) MUST_CHECK;

/** Take the next one: its bytes stay valid until the next push or recycle. False if none. */
bool event_queue_pop(struct event_queue *q, struct event_item *item, const uint8_t **bytes);

/** Start the buffer anew if all was polled. */
void event_queue_recycle(struct event_queue *q);
