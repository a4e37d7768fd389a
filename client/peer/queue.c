/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bounded queue in one block of memory that grows with need. */
#include "client/peer/queue.h"

#include <stdlib.h>
#include <string.h>

static void drop_first(struct plain_queue *queue)
{
    size_t size = queue->sizes[0];

    queue->count--;
    queue->bytes_used -= size;
    memmove(queue->bytes, queue->bytes + size, queue->bytes_used);
    memmove(queue->sizes, queue->sizes + 1, queue->count * sizeof(queue->sizes[0]));
}

/* Room for more, as far as the queue's bound, the budget of all queues and the memory allow. */
static void grow(struct plain_queue *queue, struct budget *shared, size_t wanted)
{
    size_t capacity = QUEUE_BYTES_OWN;

    while (capacity < wanted && capacity < QUEUE_BYTES_MAX) {
        capacity *= 2;
    }
    size_t before = budget_charge(queue->bytes_capacity, QUEUE_BYTES_OWN);
    size_t after = budget_charge(capacity, QUEUE_BYTES_OWN);

    if (capacity <= queue->bytes_capacity || !budget_move(shared, before, after)) {
        return;
    }
    uint8_t *bytes = realloc(queue->bytes, capacity);
    if (bytes == NULL) {
        (void)budget_move(shared, after, before);
        return;
    }
    queue->bytes = bytes;
    queue->bytes_capacity = capacity;
}

size_t queue_put(struct plain_queue *queue, struct budget *shared, const uint8_t *plain,
                 size_t size)
{
    size_t lost = 0;

    grow(queue, shared, queue->bytes_used + size);
    if (size > queue->bytes_capacity || size > UINT16_MAX) {
        return 1;
    }
    for (; queue->count == QUEUE_COUNT_MAX || queue->bytes_used + size > queue->bytes_capacity;
         lost++) {
        drop_first(queue);
    }
    memcpy(queue->bytes + queue->bytes_used, plain, size);
    queue->sizes[queue->count++] = (uint16_t)size;
    queue->bytes_used += size;
    return lost;
}

void queue_clear(struct plain_queue *queue, struct budget *shared)
{
    (void)budget_move(shared, budget_charge(queue->bytes_capacity, QUEUE_BYTES_OWN), 0);
    free(queue->bytes);
    *queue = (struct plain_queue){0};
}
