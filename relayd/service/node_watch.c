/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A short row of keys for each host that asked. */
#include "relayd/service/node_watch.h"

#include <stdlib.h>
#include <string.h>

void node_watches_init(struct node_watches *watches)
{
    *watches = (struct node_watches){.count = 0};
    TAILQ_INIT(&watches->list);
}

static void end(struct node_watches *watches, struct node_watch *watch)
{
    TAILQ_REMOVE(&watches->list, watch, in_list);
    watches->count--;
    free(watch);
}

void node_watches_fini(struct node_watches *watches)
{
    struct node_watch *watch = watches->count == 0 ? NULL : TAILQ_FIRST(&watches->list);

    while (watch != NULL) {
        struct node_watch *next = TAILQ_NEXT(watch, in_list);

        end(watches, watch);
        watch = next;
    }
}

static struct node_watch *watch_of(struct node_watches *watches, struct relay_client *client)
{
    if (client->node_watch == NULL) {
        client->node_watch = calloc(1, sizeof(*client->node_watch));
        if (client->node_watch != NULL) {
            client->node_watch->client = client->handle;
            TAILQ_INSERT_TAIL(&watches->list, client->node_watch, in_list);
            watches->count++;
        }
    }
    return client->node_watch;
}

void node_watch_add(struct node_watches *watches, struct relay_client *client,
                    const uint8_t key[KEY_SIZE], uint64_t sequence)
{
    struct node_watch *watch = watch_of(watches, client);

    for (size_t i = 0; watch != NULL && i < watch->count; i++) {
        if (memcmp(watch->rows[i].key, key, KEY_SIZE) == 0) {
            watch->rows[i].sequence = sequence;
            return;
        }
    }
    if (watch != NULL && watch->count < NODE_WATCH_MAX) {
        memcpy(watch->rows[watch->count].key, key, KEY_SIZE);
        watch->rows[watch->count].sequence = sequence;
        watch->count++;
    }
}

void node_watch_gone(struct node_watches *watches, struct relay_client *client)
{
    if (client->node_watch != NULL) {
        end(watches, client->node_watch);
        client->node_watch = NULL;
    }
}

bool node_watches_due(struct node_watches *watches, uint64_t changes, struct mono now)
{
    if (!mono_due(node_watches_deadline(watches, changes), now)) {
        return false;
    }
    watches->changes = changes;
    watches->look_at = mono_add_ms(now, watches->count < NODE_WATCH_MANY ? NODE_WATCH_LOOK_MS
                                                                         : NODE_WATCH_LOOK_MS_MANY);
    return true;
}

struct mono node_watches_deadline(const struct node_watches *watches, uint64_t changes)
{
    return watches->count > 0 && watches->changes != changes ? watches->look_at : MONO_NEVER;
}
