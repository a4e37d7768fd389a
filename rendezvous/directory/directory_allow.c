/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row for each key, which begins with the version of its form. */
#include "rendezvous/directory/directory_allow.h"

#include "proto/base/bytes.h"
#include "rendezvous/directory/directory_details.h"
#include "rendezvous/directory/directory_internal.h"
#include "rendezvous/directory/directory_write.h"

#include <string.h>

enum { ROW_VERSION = 1 };

static bool row_decode(struct directory_terms *out, const uint8_t *row, size_t size)
{
    struct rbuf r = rbuf_over(row, size);
    struct directory_terms terms = {.uses = 1};
    uint8_t version = rbuf_u8(&r);
    size_t name_size = rbuf_u8(&r);

    if (name_size > NAME_SIZE_MAX) {
        return false;
    }
    rbuf_copy(&r, terms.name, name_size);
    directory_note_read(&r, terms.note);
    directory_groups_read(&r, &terms.groups);
    terms.ends_ms = rbuf_u64(&r);
    if (!rbuf_done(&r) || version != ROW_VERSION) {
        return false;
    }
    *out = terms;
    return true;
}

/* Count the rows of other keys. This is done before one is written: by the operator's hand, seldom.
 */
static int rows_count(struct directory *d, const uint8_t key[KEY_SIZE], size_t *count)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_ALLOWED, NULL, 0);
    uint8_t row[STORE_VALUE_SIZE_MAX];
    size_t size = 0;
    int rc = ERR_OK;

    *count = 0;
    while (rc == ERR_OK && size != STORE_NONE) {
        rc = store_next(d->store, &cursor, row, sizeof(row), &size);
        if (rc == ERR_OK && size != STORE_NONE) {
            *count += cursor.key_size != KEY_SIZE || memcmp(cursor.key, key, KEY_SIZE) != 0 ? 1 : 0;
        }
    }
    return rc;
}

static int row_write(struct directory *d, const uint8_t key[KEY_SIZE],
                     const struct directory_terms *terms)
{
    uint8_t row[DIRECTORY_ALLOWED_ROW_SIZE_MAX];
    struct wbuf w = wbuf_over(row, sizeof(row));
    size_t name_size = strlen(terms->name);

    wbuf_u8(&w, ROW_VERSION);
    wbuf_u8(&w, (uint8_t)name_size);
    wbuf_put(&w, terms->name, name_size);
    directory_note_write(&w, terms->note);
    directory_groups_write(&w, &terms->groups);
    wbuf_u64(&w, terms->ends_ms);
    return store_write(d->store, STORE_TABLE_ALLOWED, key, KEY_SIZE, row, wbuf_size(&w));
}

enum verdict directory_allow(struct directory *directory, const uint8_t key[KEY_SIZE],
                             const struct directory_terms *terms)
{
    size_t count = 0;
    int rc;

    if ((terms->name[0] != '\0' && name_problem(terms->name, strlen(terms->name)) != NULL) ||
        !directory_note_is(terms->note) ||
        directory_is_ended(terms->ends_ms, env_wall_ms(directory->env))) {
        return VERDICT_BAD_REQUEST;
    }
    rc = rows_count(directory, key, &count);
    if (rc == ERR_OK && count >= DIRECTORY_ALLOWED_COUNT_MAX) {
        return VERDICT_LIMIT;
    }
    if (rc == ERR_OK) {
        rc = row_write(directory, key, terms);
    }
    return rc == ERR_OK ? VERDICT_OK : directory_unavailable(directory, "allow", rc);
}

enum verdict directory_disallow(struct directory *directory, const uint8_t key[KEY_SIZE])
{
    uint8_t row[STORE_VALUE_SIZE_MAX];
    size_t size;
    int rc =
        store_read(directory->store, STORE_TABLE_ALLOWED, key, KEY_SIZE, row, sizeof(row), &size);

    if (rc == ERR_OK && size == STORE_NONE) {
        return VERDICT_NOT_FOUND;
    }
    if (rc == ERR_OK) {
        rc = store_remove(directory->store, STORE_TABLE_ALLOWED, key, KEY_SIZE);
    }
    return rc == ERR_OK ? VERDICT_OK : directory_unavailable(directory, "disallow", rc);
}

int directory_allowed_find(struct directory *directory, const uint8_t key[KEY_SIZE],
                           struct directory_terms *out, bool *found)
{
    uint8_t row[DIRECTORY_ALLOWED_ROW_SIZE_MAX];
    size_t size;
    int rc = store_read_sized(directory->store, STORE_TABLE_ALLOWED, key, KEY_SIZE, row, 0,
                              sizeof(row), &size);

    *found = rc == ERR_OK && size != STORE_NONE && row_decode(out, row, size) &&
             !directory_is_ended(out->ends_ms, env_wall_ms(directory->env));
    return rc;
}

enum verdict directory_allowed_next(struct directory *directory, uint8_t key[KEY_SIZE],
                                    struct directory_terms *out)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_ALLOWED, key, KEY_SIZE);
    uint8_t row[DIRECTORY_ALLOWED_ROW_SIZE_MAX];
    size_t size;

    cursor.started = true; /* go on behind `key` */
    for (;;) {
        int rc = store_next_fitting(directory->store, &cursor, row, sizeof(row), &size);

        if (rc != ERR_OK) {
            return directory_unavailable(directory, "allowed", rc);
        }
        if (size == STORE_NONE) {
            return VERDICT_NOT_FOUND;
        }
        if (cursor.key_size == KEY_SIZE && row_decode(out, row, size)) {
            memcpy(key, cursor.key, KEY_SIZE);
            return VERDICT_OK;
        }
    }
}
