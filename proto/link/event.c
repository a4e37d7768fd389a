/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Items and bytes are two arrays that grow; the ends are a list of structs inside the sessions. */
#include "proto/link/event.h"

#include "proto/base/bytes.h"

#include <stdlib.h>
#include <string.h>

void event_queue_init(struct event_queue *q)
{
    memset(q, 0, sizeof(*q));
    TAILQ_INIT(&q->ends);
}

void event_queue_fini(struct event_queue *q)
{
    free(q->items);
    free(q->bytes);
    event_queue_init(q);
}

/* Let an array of elements of item_size have room for `wanted`: its capacity begins with
 * capacity_min and doubles. */
static int grow(void **memory, size_t *capacity, size_t wanted, size_t capacity_min,
                size_t item_size)
{
    size_t larger = *capacity == 0 ? capacity_min : *capacity;
    void *moved;

    if (wanted <= *capacity) {
        return ERR_OK;
    }
    while (larger < wanted) {
        larger *= 2;
    }
    moved = realloc(*memory, larger * item_size);
    if (moved == NULL) {
        return ERR_NOMEM;
    }
    *memory = moved;
    *capacity = larger;
    return ERR_OK;
}

static int make_room(struct event_queue *q, size_t size)
{
    void *items = q->items, *bytes = q->bytes;
    int rc;

    rc = grow(&items, &q->capacity, q->count + 1, 64, sizeof(*q->items));
    q->items = items;
    if (rc == ERR_OK) {
        rc = grow(&bytes, &q->bytes_capacity, q->bytes_used + size, 16384, 1);
        q->bytes = bytes;
    }
    return rc;
}

int event_queue_push(struct event_queue *q, enum link_event_type type, struct link_session *session,
                     const void *data, size_t size)
{
    int rc;

    if (q->bytes_used + size > EVENT_BYTES_MAX || q->count >= EVENT_COUNT_MAX) {
        return ERR_LIMIT;
    }
    rc = make_room(q, size);
    if (rc != ERR_OK) {
        return rc;
    }
    q->items[q->count] = (struct event_item){
        .type = type, .session = session, .offset = u32_of(q->bytes_used), .size = u32_of(size)};
    q->count++;
    if (size > 0) {
        memcpy(q->bytes + q->bytes_used, data, size);
    }
    q->bytes_used += size;
    return ERR_OK;
}

void event_queue_push_end(struct event_queue *q, struct event_end *end,
                          struct link_session *session)
{
    end->session = session;
    end->position = q->count;
    TAILQ_INSERT_TAIL(&q->ends, end, entry);
}

bool event_queue_pop(struct event_queue *q, struct event_item *item, const uint8_t **bytes)
{
    struct event_end *end = TAILQ_FIRST(&q->ends);

    *bytes = NULL;
    if (end != NULL && end->position <= q->next) {
        TAILQ_REMOVE(&q->ends, end, entry);
        *item = (struct event_item){.type = LINK_EVENT_CLOSED, .session = end->session};
        return true;
    }
    if (q->next == q->count) {
        return false;
    }
    *item = q->items[q->next];
    *bytes = q->bytes == NULL ? NULL : q->bytes + item->offset;
    q->next++;
    return true;
}

void event_queue_recycle(struct event_queue *q)
{
    if (q->next == q->count && TAILQ_EMPTY(&q->ends)) {
        q->next = 0;
        q->count = 0;
        q->bytes_used = 0;
    }
}
