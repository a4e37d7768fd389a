/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions by the index of their link handle, which grows on demand, and by key. */
#include "relayd/base/session_table.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 64 };

/* The inverse of relay_client_number. */
static struct handle handle_of(uint64_t number)
{
    return (struct handle){.index = (uint32_t)number, .generation = (uint32_t)(number >> 32)};
}

int session_table_init(struct session_table *table, uint32_t session_max, struct limits *limits,
                       const struct env *env)
{
    *table = (struct session_table){.capacity = 0};
    relay_client_lists_init(&table->lists, limits);
    return session_index_new(&table->by_key, session_max, env);
}

void session_table_fini(struct session_table *table)
{
    for (uint32_t i = 0; i < table->capacity; i++) {
        free(table->by_index[i]);
    }
    free(table->by_index);
    session_index_free(table->by_key);
}

struct relay_client *session_table_at(const struct session_table *table, struct handle handle)
{
    struct relay_client *client =
        handle.index < table->capacity ? table->by_index[handle.index] : NULL;

    return client != NULL && client->handle.generation == handle.generation ? client : NULL;
}

struct relay_client *session_table_of_key(const struct session_table *table,
                                          const uint8_t key[KEY_SIZE])
{
    uint64_t number;

    return session_index_find(table->by_key, key, &number)
               ? session_table_at(table, handle_of(number))
               : NULL;
}

struct relay_client *session_table_next(const struct session_table *table, uint32_t *at)
{
    while (*at < table->capacity) {
        struct relay_client *client = table->by_index[(*at)++];
        if (client != NULL) {
            return client;
        }
    }
    return NULL;
}

uint32_t session_table_key_count(const struct session_table *table)
{
    return (uint32_t)session_index_count(table->by_key);
}

/* Make room for the index of a new connection. The link's indexes are below its cap, which so
 * bounds the table. False without memory. */
static bool by_index_reserve(struct session_table *table, uint32_t index)
{
    uint32_t capacity = table->capacity != 0 ? table->capacity : CAPACITY_MIN;
    struct relay_client **grown;

    if (index < table->capacity) {
        return true;
    }
    while (capacity <= index) {
        capacity *= 2;
    }
    grown = realloc(table->by_index, capacity * sizeof(struct relay_client *));
    if (grown == NULL) {
        return false;
    }
    memset(grown + table->capacity, 0,
           (capacity - table->capacity) * sizeof(struct relay_client *));
    table->by_index = grown;
    table->capacity = capacity;
    return true;
}

struct relay_client *session_table_add(struct session_table *table, const struct link_event *event,
                                       struct mono now)
{
    struct relay_client *client;

    if (!by_index_reserve(table, event->handle.index) ||
        table->by_index[event->handle.index] != NULL) {
        return NULL;
    }
    client = calloc(1, sizeof(*client));
    if (client == NULL) {
        return NULL;
    }
    client->handle = event->handle;
    memcpy(client->key, event->peer->key, KEY_SIZE);
    client->remote = event->remote;
    client->opened_at = now;
    limits_client_init(&client->limits, now);
    relay_client_enter(&table->lists, client, RELAY_CLIENT_STATE_STRANGER, now);
    table->by_index[event->handle.index] = client;
    table->count++;
    return client;
}

void session_table_remove(struct session_table *table, struct relay_client *client, struct mono now)
{
    if (client->state != RELAY_CLIENT_STATE_CLOSED) {
        relay_client_enter(&table->lists, client, RELAY_CLIENT_STATE_CLOSED, now);
    }
    table->by_index[client->handle.index] = NULL;
    table->count--;
    free(client);
}

int session_table_activate(struct session_table *table, const struct relay_client *client,
                           struct relay_client **older)
{
    bool replaced = false;
    uint64_t previous = 0;
    int rc = session_index_put(table->by_key, client->key, relay_client_number(client), &replaced,
                               &previous);

    *older = rc == ERR_OK && replaced ? session_table_at(table, handle_of(previous)) : NULL;
    return rc;
}

bool session_table_deactivate(struct session_table *table, const struct relay_client *client)
{
    return session_index_remove(table->by_key, client->key, relay_client_number(client));
}
