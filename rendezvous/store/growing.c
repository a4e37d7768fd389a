/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A mark of eight bytes, big-endian. */
#include "rendezvous/store/growing.h"

#include "proto/base/bytes.h"

#include <string.h>

int growing_load(struct growing *growing, struct store *store, const char *name)
{
    uint8_t mark[8];
    size_t size;
    int rc = store_read_sized(store, STORE_TABLE_META, name, strlen(name), mark, sizeof(mark),
                              sizeof(mark), &size);

    *growing = (struct growing){0};
    if (rc == ERR_OK && size != STORE_NONE) {
        growing->last_ms = be64_read(mark);
        growing->reserved_ms = growing->last_ms;
    }
    return rc;
}

int growing_next(struct growing *growing, struct store *store, const char *name, uint64_t wall_ms,
                 uint64_t *next)
{
    uint64_t reserve_ms;
    uint8_t mark[8];
    int rc = ERR_OK;

    *next = wall_ms > growing->last_ms ? wall_ms : growing->last_ms + 1;
    growing->last_ms = *next;
    if (*next > growing->reserved_ms) {
        reserve_ms = *next + GROWING_RESERVE_MS;
        be64_write(mark, reserve_ms);
        rc = store_write(store, STORE_TABLE_META, name, strlen(name), mark, sizeof(mark));
        growing->reserved_ms = rc == ERR_OK ? reserve_ms : growing->reserved_ms;
    }
    return rc;
}
