/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every change of the directory has: a transaction, a number, and a trace if it failed. */
#include "rendezvous/directory/directory_write.h"

#include "proto/base/bytes.h"
#include "rendezvous/directory/directory_internal.h"

static const char sequence_name[] = "directory.sequence";

int directory_finish(struct directory *directory, int rc)
{
    if (rc != ERR_OK) {
        store_abort(directory->store);
        return rc;
    }
    return store_commit(directory->store);
}

enum verdict directory_unavailable(const struct directory *directory, const char *what, int rc)
{
    env_trace(directory->env, TRACE_LEVEL_ERROR, "directory.failed", "what=%s error=%s", what,
              err_name(rc));
    return VERDICT_UNAVAILABLE;
}

uint64_t directory_sequence_next(const struct directory *directory)
{
    uint64_t next = directory->sequence + 1;
    uint64_t wall_ms = env_wall_ms(directory->env);

    return next > wall_ms ? next : wall_ms;
}

int directory_mark(struct directory *directory, const uint8_t key[KEY_SIZE], uint64_t before,
                   uint64_t sequence)
{
    uint8_t number[8];
    int rc = ERR_OK;

    if (before != 0) {
        be64_write(number, before);
        rc = store_remove(directory->store, STORE_TABLE_CHANGES, number, sizeof(number));
    }
    be64_write(number, sequence);
    if (rc == ERR_OK) {
        rc = store_write(directory->store, STORE_TABLE_CHANGES, number, sizeof(number), key,
                         KEY_SIZE);
    }
    if (rc == ERR_OK) {
        rc = store_write(directory->store, STORE_TABLE_META, sequence_name,
                         sizeof(sequence_name) - 1, number, sizeof(number));
    }
    return rc;
}

int directory_sequence_load(struct directory *directory)
{
    uint8_t stored[8];
    size_t size;
    int rc =
        store_read_sized(directory->store, STORE_TABLE_META, sequence_name,
                         sizeof(sequence_name) - 1, stored, sizeof(stored), sizeof(stored), &size);

    if (rc == ERR_OK) {
        directory->sequence = size != STORE_NONE ? be64_read(stored) : 0;
    }
    return rc;
}
