/* SPDX-License-Identifier: GPL-3.0-or-later */
/* There are so few that they are looked through. */
#include "client/peer/blocks.h"

#include <string.h>

int blocks_init(struct blocks *blocks, struct store *store)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_BLOCKS, NULL, 0);
    uint8_t value[1];
    size_t size;

    *blocks = (struct blocks){.store = store};
    for (;;) {
        int rc = store_next_fitting(store, &cursor, value, sizeof(value), &size);

        if (rc != ERR_OK || size == STORE_NONE) {
            return rc;
        }
        if (cursor.key_size == KEY_SIZE && blocks->count < BLOCKS_MAX) {
            memcpy(blocks->keys[blocks->count++], cursor.key, KEY_SIZE);
        }
    }
}

/* Its place, or count. */
static size_t place_of(const struct blocks *blocks, const uint8_t key[KEY_SIZE])
{
    size_t i = 0;

    while (i < blocks->count && memcmp(blocks->keys[i], key, KEY_SIZE) != 0) {
        i++;
    }
    return i;
}

bool blocks_have(const struct blocks *blocks, const uint8_t key[KEY_SIZE])
{
    return place_of(blocks, key) < blocks->count;
}

int blocks_add(struct blocks *blocks, const uint8_t key[KEY_SIZE])
{
    int rc;

    if (blocks_have(blocks, key)) {
        return ERR_OK;
    }
    if (blocks->count == BLOCKS_MAX) {
        return ERR_LIMIT;
    }
    rc = store_write(blocks->store, STORE_TABLE_BLOCKS, key, KEY_SIZE, "", 0);
    if (rc == ERR_OK) {
        memcpy(blocks->keys[blocks->count++], key, KEY_SIZE);
    }
    return rc;
}

int blocks_remove(struct blocks *blocks, const uint8_t key[KEY_SIZE])
{
    size_t place = place_of(blocks, key);
    int rc;

    if (place == blocks->count) {
        return ERR_DROP;
    }
    rc = store_remove(blocks->store, STORE_TABLE_BLOCKS, key, KEY_SIZE);
    if (rc == ERR_OK) {
        blocks->count--;
        memmove(blocks->keys[place], blocks->keys[blocks->count], KEY_SIZE);
    }
    return rc;
}
