/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row for each member, which begins with the version of its form. */
#include "rendezvous/directory/directory_details.h"

#include "rendezvous/directory/directory_internal.h"

#include <string.h>

enum { ROW_VERSION = 1 };

static bool row_decode(struct directory_details *out, const uint8_t *row, size_t size)
{
    struct rbuf r = rbuf_over(row, size);
    struct directory_details details = {0};
    uint8_t version = rbuf_u8(&r);

    details.joined_ms = rbuf_u64(&r);
    details.ends_ms = rbuf_u64(&r);
    directory_note_read(&r, details.note);
    if (!rbuf_done(&r) || version != ROW_VERSION) {
        return false;
    }
    *out = details;
    return true;
}

int directory_details_read(struct directory *directory, const uint8_t key[KEY_SIZE],
                           struct directory_details *out)
{
    uint8_t row[DIRECTORY_DETAILS_ROW_SIZE_MAX];
    size_t size;
    int rc = store_read_sized(directory->store, STORE_TABLE_DETAILS, key, KEY_SIZE, row, 0,
                              sizeof(row), &size);

    memset(out, 0, sizeof(*out));
    if (rc == ERR_OK && size != STORE_NONE && !row_decode(out, row, size)) {
        env_trace(directory->env, TRACE_LEVEL_WARN, "directory.passed_over",
                  "table=details why=\"a stored value makes no sense; it goes on without it\"");
    }
    return rc;
}

int directory_details_write(struct directory *directory, const uint8_t key[KEY_SIZE],
                            const struct directory_details *details)
{
    uint8_t row[DIRECTORY_DETAILS_ROW_SIZE_MAX];
    struct wbuf w = wbuf_over(row, sizeof(row));

    wbuf_u8(&w, ROW_VERSION);
    wbuf_u64(&w, details->joined_ms);
    wbuf_u64(&w, details->ends_ms);
    directory_note_write(&w, details->note);
    return store_write(directory->store, STORE_TABLE_DETAILS, key, KEY_SIZE, row, wbuf_size(&w));
}

bool directory_is_ended(uint64_t ends_ms, uint64_t now_ms)
{
    return ends_ms != 0 && ends_ms <= now_ms;
}
