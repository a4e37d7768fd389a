/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All sessions of a relay: each is found by its link handle, and the one that was activated last
 * for a key is found by that key. The table owns the clients, and knows nothing of what a session
 * means to the services.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "relayd/base/relay_client.h"
#include "relayd/base/session_index.h"

#include <stdbool.h>
#include <stdint.h>

struct session_table {
    struct relay_client **by_index; /* by handle.index, which the link's own cap bounds */
    uint32_t capacity;              /* of by_index */
    uint32_t count;                 /* clients in the table, in whatever state */
    struct session_index *by_key;
    struct relay_client_lists lists;
};

/** An empty table for session_max active keys. limits is borrowed and outlives it; env is used
 * during the call. ERR_NOMEM; then session_table_fini releases what there is. */
int session_table_init(struct session_table *table, uint32_t session_max, struct limits *limits,
                       const struct env *env) MUST_CHECK;

/** Free the table and all clients in it. */
void session_table_fini(struct session_table *table);

/** The session of a handle; NULL if the table does not have it (any more). */
struct relay_client *session_table_at(const struct session_table *table, struct handle handle);

/** The session that is activated for a key; NULL if there is none. */
struct relay_client *session_table_of_key(const struct session_table *table,
                                          const uint8_t key[KEY_SIZE]);

/** The next session in the order of link handles; NULL after the last one. Start with *at = 0,
 * which then moves on; at the end it is table->capacity. */
struct relay_client *session_table_next(const struct session_table *table, uint32_t *at);

/** Keys for which a session is activated. */
uint32_t session_table_key_count(const struct session_table *table);

/** Add a stranger's session for an OPEN event; from now on it is found by its handle. NULL without
 * memory, or if the table still has a session in that place. */
struct relay_client *session_table_add(struct session_table *table, const struct link_event *event,
                                       struct mono now);

/** The connection is gone: close the session if it is not, take it out, and free it. The
 * caller deactivates it before that. */
void session_table_remove(struct session_table *table, struct relay_client *client,
                          struct mono now);

/** Let a session be the one that is found by its key. *older is the session that was found until
 * now, which the caller sends away; NULL if there was none. ERR_LIMIT if there are too many keys,
 * ERR_NOMEM; then *older is NULL and nothing else changed. */
int session_table_activate(struct session_table *table, const struct relay_client *client,
                           struct relay_client **older) MUST_CHECK;

/** Let a session be found by its key no longer. False, and nothing changed, if it was not: another
 * one of the same key took its place, or it was never activated. */
bool session_table_deactivate(struct session_table *table, const struct relay_client *client);
