/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All sessions of a relay: found by the link's handle and, while they are active, by key. The
 * newest session of a key is the active one. The table owns the clients and knows nothing of what
 * a session means to the services.
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
    uint32_t count;                 /* sessions, active or not */
    struct session_index *by_key;
    struct relay_client_lists lists;
};

/** An empty table for session_max active keys. limits is borrowed and outlives it; env is used
 * during the call. ERR_NOMEM; then session_table_fini releases what there is. */
int session_table_init(struct session_table *table, uint32_t session_max, struct limits *limits,
                       const struct env *env) MUST_CHECK;

/** Free the table and all clients in it. */
void session_table_fini(struct session_table *table);

/** The session of a handle, NULL if it is none of ours (any more). */
struct relay_client *session_table_at(const struct session_table *table, struct handle handle);

/** The active session of a key, NULL if there is none. */
struct relay_client *session_table_of_key(const struct session_table *table,
                                          const uint8_t key[KEY_SIZE]);

/** The next session in the order of the link's handles. *at is where to look, from 0 on; it is
 * table->capacity after the last one, for which this returns NULL. */
struct relay_client *session_table_next(const struct session_table *table, uint32_t *at);

/** Keys with an active session. */
uint32_t session_table_key_count(const struct session_table *table);

/** A stranger's session for an OPEN event, found by its handle from now on. NULL without memory. */
struct relay_client *session_table_add(struct session_table *table, const struct link_event *event,
                                       struct mono now);

/** The connection is gone: forget its session and free it. */
void session_table_remove(struct session_table *table, struct relay_client *client,
                          struct mono now);

/** Make a session the active one of its key. *older is the one that was it before (for the caller
 * to send away), else NULL. ERR_LIMIT if there are too many keys, ERR_NOMEM; then nothing changed.
 */
int session_table_activate(struct session_table *table, const struct relay_client *client,
                           struct relay_client **older) MUST_CHECK;

/** This session is no longer the active one of its key. False if another one is, which stays. */
bool session_table_deactivate(struct session_table *table, const struct relay_client *client);
