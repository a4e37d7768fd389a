/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks CHANGES from the watcher's place on, until one message is full. */
#include "rendezvous/directory/directory_watch.h"

#include "proto/base/bytes.h"
#include "rendezvous/directory/directory_entry.h"
#include "rendezvous/directory/directory_find.h"
#include "rendezvous/directory/directory_internal.h"
#include "rendezvous/directory/directory_write.h"

#include <string.h>

/* Copy a record into the chunk; NULL if there is none. The caller has checked that it fits. */
static const uint8_t *chunk_keep(struct directory_chunk *chunk, size_t *used, const uint8_t *data,
                                 size_t size)
{
    if (size == 0) {
        return NULL;
    }
    uint8_t *at = chunk->bytes + *used;
    memcpy(at, data, size);
    *used += size;
    return at;
}

/* Add an entry; false if it does not fit any more. */
static bool chunk_add(struct directory_chunk *chunk, size_t *used,
                      const struct directory_entry *entry)
{
    size_t need = entry->member_part_size + entry->admission_size + entry->revocation_size;

    if (chunk->count == DIRECTORY_CHUNK_COUNT_MAX || need > sizeof(chunk->bytes) - *used) {
        return false;
    }
    struct directory_change *change = &chunk->changes[chunk->count];
    memcpy(change->key, entry->key, KEY_SIZE);
    change->sequence = entry->sequence;
    change->member_part = chunk_keep(chunk, used, entry->member_part, entry->member_part_size);
    change->member_part_size = entry->member_part_size;
    change->admission = chunk_keep(chunk, used, entry->admission, entry->admission_size);
    change->admission_size = entry->admission_size;
    change->revocation = chunk_keep(chunk, used, entry->revocation, entry->revocation_size);
    change->revocation_size = entry->revocation_size;
    chunk->count++;
    return true;
}

/* An admission without member part (the disk lost it) is not told: nobody could verify it, and the
   member brings its part again when it joins next. */
static bool entry_can_be_told(const struct directory_entry *entry)
{
    return entry->revocation_size > 0 || (entry->admission_size > 0 && entry->member_part_size > 0);
}

enum verdict directory_changes(struct directory *directory, uint64_t since,
                               struct directory_chunk *out)
{
    struct directory_entry entry;
    struct store_cursor cursor;
    uint8_t number[8], key[KEY_SIZE];
    size_t size, used = 0;

    out->count = 0;
    out->more = false;
    out->sequence = directory->sequence;
    be64_write(number, since > directory->sequence ? 0 : since);
    cursor = store_cursor_from(STORE_TABLE_CHANGES, number, sizeof(number));
    cursor.started = true; /* go on behind `since` */
    for (;;) {
        int rc = store_next(directory->store, &cursor, key, sizeof(key), &size);
        if (rc == ERR_OK && size == STORE_NONE) {
            return VERDICT_OK;
        }
        if (rc == ERR_OK && size == KEY_SIZE && cursor.key_size == sizeof(number)) {
            enum verdict verdict = directory_find_key(directory, key, &entry);
            if (verdict == VERDICT_UNAVAILABLE) {
                return verdict;
            }
            if (verdict == VERDICT_OK && entry_can_be_told(&entry) &&
                !chunk_add(out, &used, &entry)) {
                out->more = true; /* not in an empty chunk, where the largest entry fits */
                out->sequence = out->changes[out->count - 1].sequence;
                return VERDICT_OK;
            }
        }
        if (rc != ERR_OK) {
            return directory_unavailable(directory, "changes", rc);
        }
    }
}
