/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums, one row for each member. */
#include "rendezvous/directory/directory_use.h"

#include "proto/base/bytes.h"
#include "rendezvous/directory/directory_internal.h"
#include "rendezvous/directory/directory_write.h"

#include <string.h>

int directory_use_read(struct directory *directory, const uint8_t key[KEY_SIZE],
                       struct directory_use *out)
{
    uint8_t row[DIRECTORY_USE_ROW_SIZE];
    size_t size;
    int rc = store_read_sized(directory->store, STORE_TABLE_USE, key, KEY_SIZE, row, sizeof(row),
                              sizeof(row), &size);

    memset(out, 0, sizeof(*out));
    if (rc == ERR_OK && size != STORE_NONE) {
        out->seen_ms = be64_read(row);
        out->rx_bytes = be64_read(row + 8);
        out->tx_bytes = be64_read(row + 16);
    }
    return rc;
}

static int row_add(struct directory *d, const struct directory_use_row *row)
{
    uint8_t value[DIRECTORY_USE_ROW_SIZE];
    uint8_t admission[STORE_VALUE_SIZE_MAX];
    struct directory_use use;
    size_t size;
    int rc = store_read(d->store, STORE_TABLE_ADMISSIONS, row->key, KEY_SIZE, admission,
                        sizeof(admission), &size);

    if (rc != ERR_OK || size == STORE_NONE) {
        return rc;
    }
    rc = directory_use_read(d, row->key, &use);
    if (rc != ERR_OK) {
        return rc;
    }
    be64_write(value, row->use.seen_ms > use.seen_ms ? row->use.seen_ms : use.seen_ms);
    be64_write(value + 8, use.rx_bytes + row->use.rx_bytes);
    be64_write(value + 16, use.tx_bytes + row->use.tx_bytes);
    return store_write(d->store, STORE_TABLE_USE, row->key, KEY_SIZE, value, sizeof(value));
}

enum verdict directory_use_add(struct directory *directory, const struct directory_use_row *rows,
                               size_t count)
{
    int rc = store_begin(directory->store);

    if (rc == ERR_OK) {
        for (size_t i = 0; rc == ERR_OK && i < count; i++) {
            rc = row_add(directory, &rows[i]);
        }
        rc = directory_finish(directory, rc);
    }
    return rc == ERR_OK ? VERDICT_OK : directory_unavailable(directory, "use", rc);
}
