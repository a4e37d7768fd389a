/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The map from keys to sessions; a key is removed only by the session that was put last. */
#include "relayd/base/session_index.h"

#include "proto/base/map.h"

#include <stdlib.h>

struct session_index {
    struct map *sessions; /* key -> session */
};

int session_index_new(struct session_index **out, size_t capacity, const struct env *env)
{
    struct session_index *index = calloc(1, sizeof(*index));
    int rc;

    *out = NULL;
    if (index == NULL) {
        return ERR_NOMEM;
    }
    rc = map_new(&index->sessions, KEY_SIZE, capacity, env);
    if (rc != ERR_OK) {
        free(index);
        return rc;
    }
    *out = index;
    return ERR_OK;
}

void session_index_free(struct session_index *index)
{
    if (index == NULL) {
        return;
    }
    map_free(index->sessions);
    free(index);
}

int session_index_put(struct session_index *index, const uint8_t key[KEY_SIZE], uint64_t session,
                      bool *replaced, uint64_t *previous)
{
    *replaced = map_find(index->sessions, key, previous) && *previous != session;
    return map_put(index->sessions, key, session);
}

bool session_index_find(const struct session_index *index, const uint8_t key[KEY_SIZE],
                        uint64_t *session)
{
    return map_find(index->sessions, key, session);
}

bool session_index_remove(struct session_index *index, const uint8_t key[KEY_SIZE],
                          uint64_t session)
{
    uint64_t active;

    if (!map_find(index->sessions, key, &active) || active != session) {
        return false;
    }
    return map_remove(index->sessions, key, NULL);
}

size_t session_index_count(const struct session_index *index)
{
    return map_count(index->sessions);
}
