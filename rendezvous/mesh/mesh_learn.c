/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cheap questions come first, signatures last, and whoever makes us verify one is charged for it.
 */
#include "rendezvous/mesh/mesh_learn.h"

#include "rendezvous/mesh/mesh_attest.h"
#include "rendezvous/mesh/mesh_keys.h"
#include "rendezvous/mesh/mesh_push.h"
#include "rendezvous/mesh/mesh_vouch.h"
#include "rendezvous/mesh/node_trust.h"

#include <string.h>

enum {
    SWEEP_MS = 10000,
    SWEEP_PARTS = 60,                  /* so many sweeps look at all rows */
    VOUCHED_DIALS_MAX = 64,            /* of those that wait to be dialled */
    REACH_AGAIN_MS = 18 * 3600 * 1000, /* our attestation is so old: it lasts for a day */
    /* Told now, kept before its record was believed, and of the record that it replaces. */
    EVIDENCE_MAX = NODE_ATTESTATIONS_MAX + NODE_CANDIDATES_MAX + NODE_ATTESTATIONS_MAX,
};

/* Attestations for one record, the newest of each attester. Borrowed. */
struct evidence {
    struct node_item *items[EVIDENCE_MAX];
    size_t count;
};

static bool is_own(const struct mesh *mesh, const uint8_t *key)
{
    return memcmp(mesh->config.identity->public_key, key, KEY_SIZE) == 0;
}

static void evidence_add(struct evidence *evidence, struct node_item *item)
{
    for (size_t i = 0; i < evidence->count; i++) {
        if (memcmp(node_item_key(evidence->items[i]), node_item_key(item), KEY_SIZE) == 0) {
            if (node_item_created_ms(item) > node_item_created_ms(evidence->items[i])) {
                evidence->items[i] = item;
            }
            return;
        }
    }
    if (evidence->count < EVIDENCE_MAX) {
        evidence->items[evidence->count++] = item;
    }
}

/* ---- what is believed ---- */

static void forget_unproven(struct mesh *mesh, const uint8_t *key)
{
    struct node_unproven *unproven = node_unproven_find(&mesh->unproven, key);

    if (unproven != NULL) {
        node_unproven_remove(&mesh->unproven, unproven);
    }
}

/* Put a record into the table, with these attestations, and tell of it. False if there is no room.
 */
static bool believe(struct mesh *mesh, struct node_item *node,
                    struct node_item *const *attestations, size_t count, bool reached,
                    const uint8_t *from)
{
    const uint8_t *key = node_item_key(node);
    enum node_room room = node_table_room(mesh->table, node);
    const struct node_row *former = node_table_find(mesh->table, key);
    bool newer = former == NULL || node_item_sequence(former->node) < node_item_sequence(node);

    if (room != NODE_ROOM_OK) {
        *(room == NODE_ROOM_ALL ? &mesh->stats.limit_all : &mesh->stats.limit_prefix) += 1;
        return false;
    }

    if (node_table_put(mesh->table, node, attestations, count, reached, env_wall_ms(mesh->env)) ==
        NULL) {
        mesh->stats.no_memory++;
        return false;
    }
    node_table_vouch(mesh->table, node_table_find(mesh->table, key), false);
    mesh->unsaved->any = true;
    if (newer) {
        mesh->stats.believed++;
        mesh_push(mesh, key, from);
    }
    return true;
}

/* Believe a record because neighbours do, and keep what there is of attestations: when their relays
 * are believed, too, it is told to others. */
static void believe_vouched(struct mesh *mesh, struct node_item *node,
                            const struct evidence *evidence, const uint8_t *from)
{
    uint64_t wall_ms = env_wall_ms(mesh->env);
    struct node_item *list[NODE_ATTESTATIONS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < evidence->count && count < NODE_ATTESTATIONS_MAX; i++) {
        if (node_trust_about(evidence->items[i], node, wall_ms)) {
            list[count++] = evidence->items[i];
        }
    }
    if (believe(mesh, node, list, count, false, from)) {
        node_table_vouch(mesh->table, node_table_find(mesh->table, node_item_key(node)), true);
        mesh->stats.vouched++;
    }
}

/* The next unproven record that is attested enough by now; NULL if there is none. */
static struct node_unproven *next_attested(struct mesh *mesh, struct node_item *chosen[])
{
    uint64_t wall_ms = env_wall_ms(mesh->env);

    for (size_t i = 0; i < mesh->unproven.count; i++) {
        struct node_unproven *at = &mesh->unproven.slots[i];

        if (at->attestations_count >= NODE_TRUST_MIN &&
            node_trust_choose(mesh->table, at->node, at->attestations, at->attestations_count,
                              wall_ms, chosen) == NODE_TRUST_MIN) {
            return at;
        }
    }
    return NULL;
}

/* Another relay is believed, so some that it attests may be, too, and so on. */
static void settle(struct mesh *mesh)
{
    struct node_item *chosen[NODE_TRUST_MIN];
    struct node_unproven *at = next_attested(mesh, chosen);

    while (at != NULL) {
        struct node_item *node = node_item_keep(at->node);

        (void)believe(mesh, node, chosen, NODE_TRUST_MIN, false, NULL);
        forget_unproven(mesh, node_item_key(node));
        node_item_release(mesh->config.shelf, node);
        at = next_attested(mesh, chosen);
    }
}

/* Believe a record that we reached ourselves: our attestation, and what else there is. */
static void believe_reached(struct mesh *mesh, struct node_item *node, struct node_item *own,
                            const struct evidence *evidence, const uint8_t *from)
{
    uint64_t wall_ms = env_wall_ms(mesh->env);
    struct node_item *list[NODE_ATTESTATIONS_MAX] = {own};
    size_t count = 1;

    for (size_t i = 0; i < evidence->count && count < NODE_ATTESTATIONS_MAX; i++) {
        if (!is_own(mesh, node_item_key(evidence->items[i])) &&
            node_trust_about(evidence->items[i], node, wall_ms)) {
            list[count++] = evidence->items[i];
        }
    }
    (void)believe(mesh, node, list, count, true, from);
}

/* ---- what is told ---- */

/* True if a record with this header is newer than what we have. */
static bool is_newer(struct mesh *mesh, const struct record_header *header,
                     const Ziglan__NodeEntry *entry)
{
    uint64_t wall_ms = env_wall_ms(mesh->env);
    const struct node_row *row = node_table_find(mesh->table, header->key);
    const struct node_unproven *unproven = node_unproven_find(&mesh->unproven, header->key);
    uint64_t sequence = 0;
    bool have = row != NULL || unproven != NULL;

    if (!record_live(header, wall_ms)) {
        *(header->created_ms > wall_ms ? &mesh->stats.future : &mesh->stats.over) += 1;
        return false;
    }
    if (row != NULL) {
        sequence = node_item_sequence(row->node);
    }
    if (unproven != NULL && (row == NULL || node_item_sequence(unproven->node) > sequence)) {
        sequence = node_item_sequence(unproven->node);
        /* The same again, attested by others. */
        if (header->sequence == sequence && entry->n_attestations > 0) {
            return true;
        }
    }
    if (have && header->sequence <= sequence) {
        *(header->sequence == sequence ? &mesh->stats.known : &mesh->stats.older) += 1;
        return false;
    }
    return true;
}

/* May packets be sent to this address, because a record names it? */
static bool dialable(const struct mesh *mesh, const struct endpoint *address)
{
    const struct node_row *own = node_table_find(mesh->table, mesh->config.identity->public_key);

    if (own != NULL && node_item_is_at(own->node, address)) {
        return false; /* we are there ourselves */
    }
    if (endpoint_scope(address) == ENDPOINT_SCOPE_GLOBAL) {
        return true;
    }
    for (size_t i = 0; i < mesh->own_addresses_count; i++) {
        if (endpoint_same_special(address, &mesh->own_addresses[i])) {
            return true;
        }
    }
    return false;
}

static struct node_item *take(struct mesh *mesh, enum record_type type, const uint8_t *data,
                              size_t size)
{
    struct node_item *item;

    switch (node_shelf_take(mesh->config.shelf, &item, type, data, size)) {
    case NODE_OK:
        break;
    case NODE_MALFORMED:
        *(type == RECORD_TYPE_NODE ? &mesh->stats.malformed : &mesh->stats.attestations_bad) += 1;
        break;
    case NODE_FORGED:
        *(type == RECORD_TYPE_NODE ? &mesh->stats.forged : &mesh->stats.attestations_bad) += 1;
        break;
    case NODE_NO_MEMORY:
        mesh->stats.no_memory++;
        break;
    }
    return item;
}

/* The attestations of an entry that are about its record, as items to be released. */
static void take_evidence(struct mesh *mesh, struct evidence *evidence,
                          const struct node_item *node, const Ziglan__NodeEntry *entry)
{
    uint64_t wall_ms = env_wall_ms(mesh->env);

    for (size_t i = 0; i < entry->n_attestations && i < NODE_ATTESTATIONS_MAX; i++) {
        struct node_item *item = take(mesh, RECORD_TYPE_ATTESTATION, entry->attestations[i].data,
                                      entry->attestations[i].len);

        if (item == NULL) {
            continue;
        }
        if (node_trust_about(item, node, wall_ms) && !is_own(mesh, node_item_key(item))) {
            evidence->items[evidence->count++] = item;
        } else {
            mesh->stats.attestations_bad++;
            node_item_release(mesh->config.shelf, item);
        }
    }
}

/* What else attests to this record: kept with it, or with the former one of its relay. */
static void add_kept(struct mesh *mesh, struct evidence *evidence, const uint8_t *key)
{
    struct node_row *row = node_table_find(mesh->table, key);
    struct node_unproven *unproven = node_unproven_find(&mesh->unproven, key);

    for (size_t i = 0; unproven != NULL && i < unproven->attestations_count; i++) {
        evidence_add(evidence, unproven->attestations[i]);
    }
    for (size_t i = 0; row != NULL && i < node_row_attestations(row); i++) {
        evidence_add(evidence, row->attestations[i]);
    }
}

/* It is not believed yet: keep it apart, and dial it soon. */
static void keep_unproven(struct mesh *mesh, struct node_item *node,
                          const struct evidence *evidence, const struct mesh_neighbour *from,
                          struct mono now)
{
    struct node_unproven *unproven = node_unproven_find(&mesh->unproven, node_item_key(node));
    /* A neighbour that is elsewhere now tells so itself, and is needed at once. */
    uint64_t wait_ms = mesh_neighbour_find(mesh, node_item_key(node)) != NULL
                           ? 0
                           : NODE_DIAL_WAIT_MS + env_random_below(mesh->env, NODE_DIAL_WAIT_MS);

    if (unproven == NULL || unproven->node != node) {
        if (!bucket_table_take(mesh->unproven_rate, &from->prefix, MESH_UNPROVEN_COST, now)) {
            mesh->stats.limit_unproven++;
            return;
        }
        /* Evidence may be that of the former record, which is released here. */
        struct evidence kept = *evidence;

        for (size_t i = 0; i < kept.count; i++) {
            (void)node_item_keep(kept.items[i]);
        }
        if (node_unproven_put(&mesh->unproven, node, mono_add_ms(now, wait_ms)) != ERR_OK) {
            mesh->stats.unproven_full++;
        }
        unproven = node_unproven_find(&mesh->unproven, node_item_key(node));
        for (size_t i = 0; i < kept.count; i++) {
            if (unproven != NULL && unproven->node == node) {
                node_unproven_attest(&mesh->unproven, unproven, kept.items[i]);
            }
            node_item_release(mesh->config.shelf, kept.items[i]);
        }
        return;
    }
    for (size_t i = 0; i < evidence->count; i++) {
        node_unproven_attest(&mesh->unproven, unproven, evidence->items[i]);
    }
}

/* Decide about a record that is live, genuine and newer; evidence is what came with it. */
static void judge(struct mesh *mesh, struct node_item *node, struct evidence *evidence,
                  const struct mesh_neighbour *from, struct mono now)
{
    struct node_item *chosen[NODE_TRUST_MIN];
    struct node_item *own;

    add_kept(mesh, evidence, node_item_key(node));
    own = mesh_attest_known(mesh, node);
    if (own != NULL) {
        believe_reached(mesh, node, own, evidence, from->session.key);
        node_item_release(mesh->config.shelf, own);
    } else if (node_trust_choose(mesh->table, node, evidence->items, evidence->count,
                                 env_wall_ms(mesh->env), chosen) == NODE_TRUST_MIN) {
        (void)believe(mesh, node, chosen, NODE_TRUST_MIN, false, from->session.key);
    } else if (mesh_vouched(mesh, node_item_hash(node))) {
        believe_vouched(mesh, node, evidence, from->session.key);
    } else {
        keep_unproven(mesh, node, evidence, from, now);
        return;
    }
    forget_unproven(mesh, node_item_key(node));
    settle(mesh);
}

/* Somebody tells of us. What is newer than all that we know of, an earlier life of ours signed. */
static void learn_own(struct mesh *mesh, uint64_t sequence, const Ziglan__NodeEntry *entry)
{
    mesh->stats.own++;
    if (sequence > mesh->own_sequence) {
        struct node_item *item =
            take(mesh, RECORD_TYPE_NODE, entry->record.data, entry->record.len);

        if (item != NULL) {
            mesh->own_sequence = sequence;
            node_item_release(mesh->config.shelf, item);
        }
    }
}

void mesh_learn(struct mesh *mesh, const struct mesh_neighbour *from,
                const Ziglan__NodeEntry *entry, struct mono now)
{
    struct record_header header;
    struct evidence evidence = {.count = 0};

    if (record_header_peek(&header, entry->record.data, entry->record.len) != ERR_OK ||
        header.type != RECORD_TYPE_NODE) {
        mesh->stats.malformed++;
        return;
    }
    if (!is_own(mesh, header.key) && !is_newer(mesh, &header, entry)) {
        return;
    }
    /* What follows verifies up to four signatures, so it is charged, whatever comes of it. */
    if (!bucket_table_take(mesh->believed_rate, &from->prefix, 1, now)) {
        mesh->stats.limit_believed++;
        return;
    }
    if (is_own(mesh, header.key)) {
        learn_own(mesh, header.sequence, entry);
        return;
    }

    struct node_item *node = take(mesh, RECORD_TYPE_NODE, entry->record.data, entry->record.len);

    if (node == NULL) {
        return;
    }
    struct endpoint address = node_item_address(node);

    if (!dialable(mesh, &address)) {
        mesh->stats.bad_address++;
        node_item_release(mesh->config.shelf, node);
        return;
    }
    take_evidence(mesh, &evidence, node, entry);

    struct evidence told = evidence;

    judge(mesh, node, &evidence, from, now);
    for (size_t i = 0; i < told.count; i++) {
        node_item_release(mesh->config.shelf, told.items[i]);
    }
    node_item_release(mesh->config.shelf, node);
}

/* ---- dials ---- */

/* The relay of this record answered at its address. */
static void reached(struct mesh *mesh, struct node_item *node, bool fresh)
{
    struct evidence evidence = {.count = 0};
    struct node_item *own = mesh_attest_item(mesh, node, fresh);

    if (own == NULL) {
        mesh->stats.no_memory++;
        return;
    }
    mesh->stats.reached++;
    add_kept(mesh, &evidence, node_item_key(node));
    believe_reached(mesh, node, own, &evidence, NULL);
    node_item_release(mesh->config.shelf, own);
}

void mesh_learn_reached(struct mesh *mesh, const uint8_t key[KEY_SIZE],
                        const struct endpoint *address, bool fresh, struct mono now)
{
    struct node_unproven *unproven = node_unproven_find(&mesh->unproven, key);
    struct node_row *row = node_table_find(mesh->table, key);
    struct node_item *node = NULL;

    (void)now;
    if (unproven != NULL && node_item_is_at(unproven->node, address)) {
        node = node_item_keep(unproven->node);
    } else if (row != NULL && !row->own && node_item_is_at(row->node, address)) {
        node = node_item_keep(row->node);
    }
    if (node == NULL) {
        return;
    }
    reached(mesh, node, fresh);
    if (unproven != NULL && unproven->node == node) {
        forget_unproven(mesh, key);
    }
    node_item_release(mesh->config.shelf, node);
    settle(mesh);
}

static void forget(struct mesh *mesh, struct node_row *row)
{
    struct mesh_unsaved *unsaved = mesh->unsaved;

    if (unsaved->removed_count < MESH_REMOVED_MAX) {
        memcpy(unsaved->removed[unsaved->removed_count++], node_item_key(row->node), KEY_SIZE);
    }
    unsaved->any = true;
    node_table_remove(mesh->table, row);
}

static void dial_failed(struct mesh *mesh, struct node_unproven *unproven, struct mono now)
{
    struct node_row *row;

    if (node_unproven_failed(unproven, now)) {
        return;
    }
    mesh->stats.unreached++;
    row = node_table_find(mesh->table, node_item_key(unproven->node));
    node_unproven_remove(&mesh->unproven, unproven);
    if (row != NULL && row->vouched) {
        forget(mesh, row);
    }
}

void mesh_learn_unreached(struct mesh *mesh, const uint8_t key[KEY_SIZE],
                          const struct endpoint *address, struct mono now)
{
    struct node_unproven *unproven = node_unproven_find(&mesh->unproven, key);

    if (unproven != NULL && unproven->dialling && node_item_is_at(unproven->node, address)) {
        dial_failed(mesh, unproven, now);
    }
}

void mesh_learn_again(struct mesh *mesh, struct node_row *row, struct mono now)
{
    if (node_unproven_find(&mesh->unproven, node_item_key(row->node)) == NULL &&
        node_unproven_put(&mesh->unproven, row->node, now) != ERR_OK) {
        mesh->stats.unproven_full++;
    }
}

/* ---- time ---- */

/* True if what made us believe a row is not over. */
static bool still_believed(const struct node_row *row, uint64_t wall_ms)
{
    size_t live = 0;

    if (row->vouched) {
        return true; /* it is attested soon, or dialled */
    }
    for (size_t i = 0; i < node_row_attestations(row); i++) {
        live += node_trust_about(row->attestations[i], row->node, wall_ms);
    }
    return row->reached ? node_trust_about(row->attestations[0], row->node, wall_ms)
                        : live >= NODE_TRUST_MIN;
}

/* Look at one row. False if it was forgotten, and another stands in its place. */
static bool sweep_row(struct mesh *mesh, struct node_row *row, struct mono now)
{
    uint64_t wall_ms = env_wall_ms(mesh->env);

    if (row->own) {
        return true;
    }
    if (!node_item_live(row->node, wall_ms)) {
        mesh->stats.expired++;
        forget(mesh, row);
        return false;
    }
    if (!still_believed(row, wall_ms)) {
        mesh->stats.unbelieved++;
        mesh_learn_again(mesh, row, now);
        forget(mesh, row);
        return false;
    }
    if (row->reached && wall_ms > node_item_created_ms(row->attestations[0]) + REACH_AGAIN_MS) {
        mesh_learn_again(mesh, row, now);
    }
    return true;
}

static void sweep_unproven(struct mesh *mesh, struct mono now)
{
    uint64_t wall_ms = env_wall_ms(mesh->env);

    for (size_t i = mesh->unproven.count; i-- > 0;) {
        struct node_unproven *at = &mesh->unproven.slots[i];

        if (!node_item_live(at->node, wall_ms)) {
            mesh->stats.expired++;
            node_unproven_remove(&mesh->unproven, at);
        } else if (at->dialling && mono_due(at->due, now)) {
            dial_failed(mesh, at, now);
        }
    }
}

/* Tell what is attested by now of that for which only neighbours vouched, and dial some others. */
static void sweep_vouched(struct mesh *mesh, struct mono now)
{
    uint64_t wall_ms = env_wall_ms(mesh->env);
    struct node_item *chosen[NODE_TRUST_MIN];

    for (size_t i = 0;
         node_table_vouched_count(mesh->table) > 0 && i < node_table_count(mesh->table); i++) {
        struct node_row *row = node_table_at(mesh->table, i);

        if (!row->vouched) {
            continue;
        }
        if (node_trust_choose(mesh->table, row->node, row->attestations, node_row_attestations(row),
                              wall_ms, chosen) == NODE_TRUST_MIN) {
            node_table_vouch(mesh->table, row, false);
            mesh->unsaved->any = true;
        } else if (mesh->unproven.count < VOUCHED_DIALS_MAX) {
            mesh_learn_again(mesh, row, now);
        }
    }
}

void mesh_learn_sweep(struct mesh *mesh, struct mono now)
{
    size_t rows = node_table_count(mesh->table) / SWEEP_PARTS + 1;

    sweep_unproven(mesh, now);
    if (!mono_due(mesh->sweep_at, now)) {
        return;
    }
    mesh->sweep_at = mono_add_ms(now, SWEEP_MS);
    sweep_vouched(mesh, now);
    if (mono_ms_between(mesh->born, now) >= MESH_VOUCH_MS) {
        mesh_vouch_clear(mesh);
    }
    for (; rows > 0 && node_table_count(mesh->table) > 0; rows--) {
        if (mesh->sweep_place >= node_table_count(mesh->table)) {
            mesh->sweep_place = 0;
        }
        if (sweep_row(mesh, node_table_at(mesh->table, mesh->sweep_place), now)) {
            mesh->sweep_place++;
        }
    }
}
