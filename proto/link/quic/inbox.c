/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One buffer that grows; each piece in it stands behind its head. */
#include "proto/link/quic/inbox.h"

#include "proto/base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 4096 };

struct head {
    uint32_t size;
    bool is_datagram;
};

void inbox_fini(struct inbox *inbox)
{
    free(inbox->bytes);
    *inbox = (struct inbox){.bytes = NULL};
}

static int reserve(struct inbox *inbox, size_t wanted)
{
    size_t capacity = inbox->capacity == 0 ? CAPACITY_MIN : inbox->capacity;
    uint8_t *moved;

    if (wanted <= inbox->capacity) {
        return ERR_OK;
    }
    while (capacity < wanted) {
        capacity *= 2;
    }
    moved = realloc(inbox->bytes, capacity);
    if (moved == NULL) {
        return ERR_NOMEM;
    }
    inbox->bytes = moved;
    inbox->capacity = capacity;
    return ERR_OK;
}

int inbox_put(struct inbox *inbox, bool is_datagram, const uint8_t *data, size_t size)
{
    struct head head = {.size = u32_of(size), .is_datagram = is_datagram};

    if (size == 0) {
        return ERR_OK;
    }
    if (reserve(inbox, inbox->used + sizeof(head) + size) != ERR_OK) {
        return ERR_NOMEM;
    }
    memcpy(inbox->bytes + inbox->used, &head, sizeof(head));
    memcpy(inbox->bytes + inbox->used + sizeof(head), data, size);
    inbox->used += sizeof(head) + size;
    return ERR_OK;
}

bool inbox_empty(const struct inbox *inbox)
{
    return inbox->read == inbox->used;
}

bool inbox_next(struct inbox *inbox, struct inbox_piece *out)
{
    struct head head;

    if (inbox_empty(inbox)) {
        return false;
    }
    memcpy(&head, inbox->bytes + inbox->read, sizeof(head));
    *out = (struct inbox_piece){.bytes = inbox->bytes + inbox->read + sizeof(head),
                                .size = head.size,
                                .is_datagram = head.is_datagram};
    inbox->read += sizeof(head) + head.size;
    return true;
}

void inbox_clear(struct inbox *inbox)
{
    inbox->used = 0;
    inbox->read = 0;
}
