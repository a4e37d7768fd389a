/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Places of the peer table compared with what the shell was told about them. */
#include "client/peer/peer_prefix.h"

#include <stdlib.h>
#include <string.h>

void told_prefixes_fini(struct told_prefixes *told)
{
    free(told->list);
    *told = (struct told_prefixes){0};
}

static bool reserve(struct told_prefixes *told, const struct peer_table *peers)
{
    if (peers->count > told->capacity) {
        struct told_prefix *list = realloc(told->list, peers->capacity * sizeof(*list));

        if (list == NULL) {
            return false;
        }
        told->list = list;
        told->capacity = peers->capacity;
    }
    while (told->count < peers->count) {
        told->list[told->count++] = (struct told_prefix){0};
    }
    return true;
}

bool peer_prefix_next(struct told_prefixes *told, struct peer_table *peers, struct host_prefix *out)
{
    if (!reserve(told, peers)) {
        return false;
    }
    told->at = peers->changed_from < told->at ? peers->changed_from : told->at;
    peers->changed_from = SIZE_MAX;
    for (; told->at < peers->count; told->at++) {
        struct told_prefix *prefix = &told->list[told->at];
        const struct peer *peer = peers->list[told->at];

        if (prefix->told && (peer == NULL || memcmp(prefix->v6, peer->pair.peer.v6, 16) != 0)) {
            prefix->told = false;
            /* A peer that came back to another place keeps its prefix. */
            if (peer_of_address(peers, prefix->v6, sizeof(prefix->v6)) == NULL) {
                memcpy(out->v6, prefix->v6, sizeof(out->v6));
                memcpy(out->v4, prefix->v4, sizeof(out->v4));
                out->wanted = false;
                return true;
            }
        }
        if (peer != NULL && !prefix->told) {
            prefix->told = true;
            memcpy(prefix->v6, peer->pair.peer.v6, sizeof(prefix->v6));
            memcpy(prefix->v4, peer->pair.peer.v4, sizeof(prefix->v4));
            memcpy(out->v6, prefix->v6, sizeof(out->v6));
            memcpy(out->v4, prefix->v4, sizeof(out->v4));
            out->wanted = true;
            return true;
        }
    }
    return false;
}

bool peer_prefix_at(const struct peer_table *peers, size_t *at, struct host_prefix *out)
{
    while (*at < peers->count) {
        const struct peer *peer = peers->list[(*at)++];

        if (peer != NULL) {
            memcpy(out->v6, peer->pair.peer.v6, sizeof(out->v6));
            memcpy(out->v4, peer->pair.peer.v4, sizeof(out->v4));
            out->wanted = true;
            return true;
        }
    }
    *at = 0;
    return false;
}

void peer_prefixes_again(struct told_prefixes *told, const struct peer_table *peers)
{
    for (size_t i = 0; i < told->count; i++) {
        struct told_prefix *prefix = &told->list[i];
        const struct peer *peer = peers->list[i];

        /* One that is to be taken away is told as such: it may be there all the same. */
        if (peer != NULL && memcmp(prefix->v6, peer->pair.peer.v6, sizeof(prefix->v6)) == 0) {
            prefix->told = false;
        }
    }
    told->at = 0;
}
