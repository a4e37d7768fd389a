/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams stand back to back in one buffer, their ends and sizes in a second one. */
#include "proto/net/dgram.h"

#include "proto/base/bytes.h"

#include <stdlib.h>
#include <string.h>

size_t dgram_train_count(const struct dgram_train *train)
{
    return train->size == 0 ? 1 : (train->size + train->segment_size - 1) / train->segment_size;
}

int outbox_init(struct outbox *box, size_t bytes_capacity, size_t items_capacity)
{
    CHECK(bytes_capacity > 0 && bytes_capacity <= UINT32_MAX && items_capacity > 0);
    *box = (struct outbox){.bytes_capacity = bytes_capacity, .items_capacity = items_capacity};
    box->bytes = malloc(bytes_capacity);
    box->items = calloc(items_capacity, sizeof(*box->items));
    if (box->bytes == NULL || box->items == NULL) {
        outbox_fini(box);
        return ERR_NOMEM;
    }
    return ERR_OK;
}

void outbox_fini(struct outbox *box)
{
    free(box->bytes);
    free(box->items);
    *box = (struct outbox){0};
}

bool outbox_has_room(const struct outbox *box, size_t size_max)
{
    return box->items_count < box->items_capacity &&
           box->bytes_capacity - box->bytes_used >= size_max;
}

uint8_t *outbox_reserve(struct outbox *box, size_t size_max)
{
    if (!outbox_has_room(box, size_max)) {
        box->refused_count++;
        return NULL;
    }
    return box->bytes + box->bytes_used;
}

void outbox_commit(struct outbox *box, const struct endpoint *local, const struct endpoint *remote,
                   size_t size)
{
    CHECK(box->items_count < box->items_capacity);
    CHECK(size <= box->bytes_capacity - box->bytes_used && size <= DGRAM_SIZE_MAX);
    box->items[box->items_count] = (struct outbox_item){
        .local = *local,
        .remote = *remote,
        .offset = u32_of(box->bytes_used),
        .size = u32_of(size),
    };
    box->items_count++;
    box->bytes_used += size;
}

void outbox_put(struct outbox *box, const struct endpoint *local, const struct endpoint *remote,
                const uint8_t *data, size_t size)
{
    outbox_put_hops(box, local, remote, data, size, 0);
}

void outbox_put_hops(struct outbox *box, const struct endpoint *local,
                     const struct endpoint *remote, const uint8_t *data, size_t size, uint8_t hops)
{
    uint8_t *to = outbox_reserve(box, size);

    if (to == NULL) {
        return;
    }
    if (size > 0) {
        memcpy(to, data, size);
    }
    outbox_commit(box, local, remote, size);
    box->items[box->items_count - 1].hops = hops;
}

void outbox_move(struct outbox *from, struct outbox *to)
{
    for (size_t i = 0; i < from->items_count; i++) {
        const struct outbox_item *item = &from->items[i];

        outbox_put_hops(to, &item->local, &item->remote, from->bytes + item->offset, item->size,
                        item->hops);
    }
    outbox_clear(from);
}

void outbox_clear(struct outbox *box)
{
    box->bytes_used = 0;
    box->items_count = 0;
    box->clears++;
}
