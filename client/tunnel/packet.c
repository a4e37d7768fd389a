/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A box is one buffer and one list, filled from the front and emptied as a whole.
 */
#include "client/tunnel/packet.h"

#include "proto/base/bytes.h"
#include "proto/net/checksum.h"

#include <stdlib.h>
#include <string.h>

int packet_checksum_complete(struct packet *packet)
{
    size_t start = packet->checksum_start;
    size_t at = start + packet->checksum_offset;

    if (!packet->checksum_partial) {
        return ERR_OK;
    }
    if (packet->gso != PACKET_GSO_NONE || at + 2 > packet->size) {
        return ERR_DROP;
    }
    /* The field holds the pseudo-header's sum, so it is simply part of what is summed. */
    uint16_t checksum =
        checksum_finish(checksum_add(0, packet->data + start, packet->size - start));

    be16_write(packet->data + at, checksum == 0 ? 0xffff : checksum);
    packet->checksum_partial = false;
    return ERR_OK;
}

int packet_box_init(struct packet_box *box, size_t bytes_capacity, size_t items_capacity)
{
    *box = (struct packet_box){.bytes_capacity = bytes_capacity, .items_capacity = items_capacity};
    box->bytes = malloc(bytes_capacity);
    box->items = calloc(items_capacity, sizeof(*box->items));
    if (box->bytes == NULL || box->items == NULL) {
        packet_box_fini(box);
        return ERR_NOMEM;
    }
    return ERR_OK;
}

void packet_box_fini(struct packet_box *box)
{
    free(box->bytes);
    free(box->items);
    memset(box, 0, sizeof(*box));
}

uint8_t *packet_box_reserve(struct packet_box *box, size_t size_max)
{
    if (box->items_count == box->items_capacity ||
        box->bytes_capacity - box->bytes_used < PACKET_BOX_HEADROOM + size_max) {
        box->refused_count++;
        return NULL;
    }
    return box->bytes + box->bytes_used + PACKET_BOX_HEADROOM;
}

void packet_box_commit(struct packet_box *box, const struct packet *packet)
{
    size_t end = (size_t)(packet->data - box->bytes) + packet->size;

    CHECK(packet->data >= box->bytes + box->bytes_used && end <= box->bytes_capacity);
    box->items[box->items_count] = *packet;
    box->items_count++;
    box->bytes_used = end;
    box->changes++;
}

void packet_box_clear(struct packet_box *box)
{
    box->items_count = 0;
    box->bytes_used = 0;
    box->changes++;
}
