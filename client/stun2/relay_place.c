/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A row in the table of single values: key, sequence, kind of NAT, and the addresses, each as
 * ip(16) and port. The record itself need not be kept, for nobody else is shown it.
 */
#include "client/stun2/relay_place.h"

#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

#include <string.h>

static const char row[] = "relay-place ";

enum {
    ROW_SIZE = sizeof(row) - 1,
    ROW_KEY_SIZE = ROW_SIZE + KEY_SIZE,
    ROW_VALUE_SIZE = KEY_SIZE + 8 + 1 + RECORD_ADDRESSES_MAX * ENDPOINT_BYTES_SIZE,
};

static void row_key(uint8_t out[ROW_KEY_SIZE], const uint8_t url_key[KEY_SIZE])
{
    memcpy(out, row, ROW_SIZE);
    memcpy(out + ROW_SIZE, url_key, KEY_SIZE);
}

int relay_place_put(struct store *store, const uint8_t url_key[KEY_SIZE],
                    const struct relay_place *place)
{
    uint8_t key[ROW_KEY_SIZE];
    uint8_t value[ROW_VALUE_SIZE];
    struct wbuf w = wbuf_over(value, sizeof(value));

    row_key(key, url_key);
    wbuf_put(&w, place->key, KEY_SIZE);
    wbuf_u64(&w, place->sequence);
    wbuf_u8(&w, place->nat_kind);
    for (size_t i = 0; i < place->addresses_count; i++) {
        wbuf_put(&w, place->addresses[i].ip, sizeof(place->addresses[i].ip));
        wbuf_u16(&w, place->addresses[i].port);
    }
    return store_write(store, STORE_TABLE_META, key, sizeof(key), value, wbuf_size(&w));
}

int relay_place_get(struct store *store, const uint8_t url_key[KEY_SIZE], struct relay_place *out,
                    bool *found)
{
    uint8_t key[ROW_KEY_SIZE];
    uint8_t value[ROW_VALUE_SIZE];
    struct relay_place place = {.addresses_count = 0};
    size_t size;
    int rc;

    *found = false;
    row_key(key, url_key);
    rc = store_read(store, STORE_TABLE_META, key, sizeof(key), value, sizeof(value), &size);
    if (rc != ERR_OK || size == STORE_NONE) {
        return rc;
    }
    struct rbuf r = rbuf_over(value, size);

    rbuf_copy(&r, place.key, KEY_SIZE);
    place.sequence = rbuf_u64(&r);
    place.nat_kind = rbuf_u8(&r);
    while (rbuf_left(&r) >= ENDPOINT_BYTES_SIZE && place.addresses_count < RECORD_ADDRESSES_MAX) {
        struct endpoint *address = &place.addresses[place.addresses_count++];

        rbuf_copy(&r, address->ip, sizeof(address->ip));
        address->port = rbuf_u16(&r);
    }
    if (rbuf_done(&r)) {
        *out = place;
        *found = true;
    }
    return ERR_OK;
}

int relay_place_remove(struct store *store, const uint8_t url_key[KEY_SIZE])
{
    uint8_t key[ROW_KEY_SIZE];

    row_key(key, url_key);
    return store_remove(store, STORE_TABLE_META, key, sizeof(key));
}
