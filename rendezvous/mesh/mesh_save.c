/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows bear a mark until they are written; what was forgotten is in a list until then. */
#include "rendezvous/mesh/mesh_save.h"

#include "rendezvous/mesh/node_store.h"
#include "rendezvous/mesh/node_trust.h"

#include <string.h>

/* One transaction: what is gone, and the first rows that changed. *written is how many rows. */
static int write_all(struct mesh *mesh, struct store *store, size_t *written)
{
    const struct mesh_unsaved *unsaved = mesh->unsaved;
    int rc = store_begin(store);

    *written = 0;
    if (rc != ERR_OK) {
        return rc;
    }
    for (size_t i = 0; rc == ERR_OK && i < unsaved->removed_count; i++) {
        rc = store_remove(store, STORE_TABLE_NODES, unsaved->removed[i], KEY_SIZE);
    }
    for (size_t i = 0; rc == ERR_OK && i < node_table_count(mesh->table); i++) {
        const struct node_row *row = node_table_at(mesh->table, i);

        if (row->dirty && !row->vouched && *written < MESH_SAVE_MAX) {
            rc = node_store_write(store, row);
            *written += 1;
        }
    }
    if (rc != ERR_OK) {
        store_abort(store);
        return rc;
    }
    return store_commit(store);
}

int mesh_save_write(struct mesh *mesh, struct store *store, struct mono now)
{
    struct mesh_unsaved *unsaved = mesh->unsaved;
    size_t written;
    int rc = write_all(mesh, store, &written);

    unsaved->saved_at = now;
    if (rc != ERR_OK) {
        mesh->stats.store_failed++;
        return rc;
    }
    unsaved->any = false;
    unsaved->removed_count = 0;
    for (size_t i = 0, clean = 0; i < node_table_count(mesh->table); i++) {
        struct node_row *row = node_table_at(mesh->table, i);

        if (row->dirty && !row->vouched && clean < written) {
            row->dirty = false;
            clean++;
        }
        unsaved->any = unsaved->any || (row->dirty && !row->vouched);
    }
    return ERR_OK;
}

/* Put what was stored into the table, if it is still worth that. */
static void restore(struct mesh *mesh, const struct node_stored *stored)
{
    const uint8_t *own = mesh->config.identity->public_key;
    uint64_t wall_ms = env_wall_ms(mesh->env);
    bool is_own = memcmp(node_item_key(stored->node), own, KEY_SIZE) == 0;
    bool reached = false;
    size_t live = 0;
    struct node_row *row;

    if (is_own && node_item_sequence(stored->node) > mesh->own_sequence) {
        mesh->own_sequence = node_item_sequence(stored->node);
    }
    for (size_t i = 0; i < stored->attestations_count; i++) {
        bool about = node_trust_about(stored->attestations[i], stored->node, wall_ms);

        live += about;
        reached = reached || (about && i == 0 &&
                              memcmp(node_item_key(stored->attestations[i]), own, KEY_SIZE) == 0);
    }
    if (is_own || !node_item_live(stored->node, wall_ms) || (!reached && live < NODE_TRUST_MIN) ||
        node_table_room(mesh->table, stored->node) != NODE_ROOM_OK) {
        return; /* over by now; it leaves the store when its key is written or forgotten again */
    }
    row = node_table_put(mesh->table, stored->node, stored->attestations,
                         stored->attestations_count, reached, stored->known_since_ms);
    if (row == NULL) {
        mesh->stats.no_memory++;
        return;
    }
    row->dirty = false;
}

int mesh_save_load(struct mesh *mesh, struct store *store, struct mono now)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_NODES, NULL, 0);
    uint8_t value[NODE_STORE_VALUE_MAX];
    size_t size;
    int rc = store_next(store, &cursor, value, sizeof(value), &size);

    while (rc == ERR_OK && size != STORE_NONE) {
        struct mesh_unsaved *unsaved = mesh->unsaved;
        struct node_stored stored;

        if (node_store_read(&stored, mesh->config.shelf, cursor.key, cursor.key_size, value,
                            size)) {
            restore(mesh, &stored);
            node_stored_release(&stored, mesh->config.shelf);
        }
        /* What is not in the table is not wanted in the store, up to a bound at each start. */
        if (cursor.key_size == KEY_SIZE && unsaved->removed_count < MESH_REMOVED_MAX &&
            node_table_find(mesh->table, cursor.key) == NULL &&
            memcmp(cursor.key, mesh->config.identity->public_key, KEY_SIZE) != 0) {
            memcpy(unsaved->removed[unsaved->removed_count++], cursor.key, KEY_SIZE);
            unsaved->any = true;
        }
        rc = store_next(store, &cursor, value, sizeof(value), &size);
    }
    mesh->unsaved->saved_at = now;
    return rc;
}
