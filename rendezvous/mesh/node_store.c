/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Only the bytes that were signed are stored; all else follows from them. */
#include "rendezvous/mesh/node_store.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

#include <string.h>

enum { VALUE_VERSION = 1 };

static void item_write(struct wbuf *w, const struct node_item *item)
{
    wbuf_u16(w, item->size);
    wbuf_put(w, item->bytes, item->size);
}

int node_store_write(struct store *store, const struct node_row *row)
{
    uint8_t value[NODE_STORE_VALUE_MAX];
    struct wbuf w = wbuf_over(value, sizeof(value));

    wbuf_u8(&w, VALUE_VERSION);
    wbuf_u64(&w, row->known_since_ms);
    item_write(&w, row->node);
    for (size_t i = 0; i < node_row_attestations(row); i++) {
        item_write(&w, row->attestations[i]);
    }
    CHECK(wbuf_ok(&w));
    return store_write(store, STORE_TABLE_NODES, node_item_key(row->node), KEY_SIZE, value,
                       wbuf_size(&w));
}

static struct node_item *item_read(struct rbuf *r, struct node_shelf *shelf, enum record_type type)
{
    size_t size = rbuf_u16(r);
    const uint8_t *bytes = rbuf_take(r, size);
    struct node_item *item = NULL;

    if (bytes != NULL) {
        (void)node_shelf_take(shelf, &item, type, bytes, size);
    }
    return item;
}

bool node_store_read(struct node_stored *out, struct node_shelf *shelf, const uint8_t *key,
                     size_t key_size, const uint8_t *value, size_t size)
{
    struct rbuf r = rbuf_over(value, size);
    struct node_stored read = {.attestations_count = 0};
    uint8_t version = rbuf_u8(&r);

    read.known_since_ms = rbuf_u64(&r);
    read.node = item_read(&r, shelf, RECORD_TYPE_NODE);
    for (size_t i = 0; i < NODE_ATTESTATIONS_MAX && !r.failed && !rbuf_done(&r); i++) {
        struct node_item *item = item_read(&r, shelf, RECORD_TYPE_ATTESTATION);

        if (item != NULL) {
            read.attestations[read.attestations_count++] = item;
        }
    }
    if (!rbuf_done(&r) || version != VALUE_VERSION || read.node == NULL || key_size != KEY_SIZE ||
        memcmp(node_item_key(read.node), key, KEY_SIZE) != 0) {
        node_stored_release(&read, shelf);
        return false;
    }
    *out = read;
    return true;
}

void node_stored_release(struct node_stored *stored, struct node_shelf *shelf)
{
    node_item_release(shelf, stored->node);
    for (size_t i = 0; i < stored->attestations_count; i++) {
        node_item_release(shelf, stored->attestations[i]);
    }
}
