/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of copies, each with its bytes behind it. */
#include "relayd/base/neighbour_queue.h"

#include <stdlib.h>
#include <string.h>

struct neighbour_waiting {
    TAILQ_ENTRY(neighbour_waiting) in_queue;
    size_t size;
    bool datagram;
    uint8_t bytes[];
};

void neighbour_queue_init(struct neighbour_queue *queue, size_t *bytes_all)
{
    *queue = (struct neighbour_queue){.bytes_all = bytes_all};
    TAILQ_INIT(&queue->list);
}

int neighbour_queue_put(struct neighbour_queue *queue, bool datagram, const void *head,
                        size_t head_size, const void *body, size_t body_size)
{
    size_t size = head_size + body_size;
    struct neighbour_waiting *waiting;

    if ((datagram ? queue->datagrams >= NEIGHBOUR_QUEUE_DATAGRAMS
                  : queue->controls >= NEIGHBOUR_QUEUE_CONTROLS) ||
        *queue->bytes_all + size > NEIGHBOUR_QUEUE_BYTES_ALL) {
        return ERR_LIMIT;
    }
    waiting = malloc(sizeof(*waiting) + size);
    if (waiting == NULL) {
        return ERR_NOMEM;
    }
    waiting->size = size;
    waiting->datagram = datagram;
    memcpy(waiting->bytes, head, head_size);
    if (body_size > 0) {
        memcpy(waiting->bytes + head_size, body, body_size);
    }
    TAILQ_INSERT_TAIL(&queue->list, waiting, in_queue);
    queue->datagrams += datagram ? 1 : 0;
    queue->controls += datagram ? 0 : 1;
    *queue->bytes_all += size;
    return ERR_OK;
}

const uint8_t *neighbour_queue_first(const struct neighbour_queue *queue, bool *datagram,
                                     size_t *size)
{
    const struct neighbour_waiting *first = TAILQ_FIRST(&queue->list);

    if (first == NULL) {
        return NULL;
    }
    *datagram = first->datagram;
    *size = first->size;
    return first->bytes;
}

void neighbour_queue_drop(struct neighbour_queue *queue)
{
    struct neighbour_waiting *first = TAILQ_FIRST(&queue->list);

    TAILQ_REMOVE(&queue->list, first, in_queue);
    queue->datagrams -= first->datagram ? 1 : 0;
    queue->controls -= first->datagram ? 0 : 1;
    *queue->bytes_all -= first->size;
    free(first);
}

void neighbour_queue_clear(struct neighbour_queue *queue)
{
    while (!TAILQ_EMPTY(&queue->list)) {
        neighbour_queue_drop(queue);
    }
}
