/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verbs of a mesh; what they mean is in the files that they call. */
#include "rendezvous/mesh/mesh.h"

#include "proto/base/bytes.h"
#include "rendezvous/mesh/mesh_attest.h"
#include "rendezvous/mesh/mesh_choose.h"
#include "rendezvous/mesh/mesh_internal.h"
#include "rendezvous/mesh/mesh_keys.h"
#include "rendezvous/mesh/mesh_learn.h"
#include "rendezvous/mesh/mesh_push.h"
#include "rendezvous/mesh/mesh_save.h"
#include "rendezvous/mesh/mesh_sync.h"
#include "rendezvous/mesh/mesh_vouch.h"
#include "rendezvous/mesh/node_prefix.h"
#include "rendezvous/mesh/node_trust.h"

#include <stdlib.h>
#include <string.h>

enum {
    PREFIXES_MAX = 256, /* of neighbours; more than there are neighbours, so that who comes again
                           meets its bucket */
};

static const struct bucket_rate dial_rate = {.per_s = 1, .burst = NODE_DIALS_MAX};

static int rates_new(struct mesh *mesh)
{
    static const struct bucket_rate believed = {.per_s = MESH_BELIEVED_PER_MIN / 60,
                                                .burst = MESH_BELIEVED_PER_MIN};
    static const struct bucket_rate unproven = {.per_s = 1,
                                                .burst = 60}; /* see MESH_UNPROVEN_COST */
    static const struct bucket_rate told = {.per_s = MESH_TOLD_PER_MIN / 60,
                                            .burst = MESH_TOLD_PER_MIN};
    int rc = bucket_table_new(&mesh->believed_rate, sizeof(uint64_t), PREFIXES_MAX, &believed,
                              mesh->env);

    if (rc == ERR_OK) {
        rc = bucket_table_new(&mesh->unproven_rate, sizeof(uint64_t), PREFIXES_MAX, &unproven,
                              mesh->env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&mesh->told_rate, sizeof(uint64_t), PREFIXES_MAX, &told, mesh->env);
    }
    return rc;
}

int mesh_new(struct mesh **out, const struct mesh_config *config, const struct env *env,
             struct mono now)
{
    struct mesh *mesh = calloc(1, sizeof(*mesh));
    size_t nodes_max = config->nodes_max == 0 ? NODE_TABLE_MAX : config->nodes_max;

    *out = NULL;
    if (mesh == NULL) {
        return ERR_NOMEM;
    }
    mesh->config = *config;
    mesh->env = env;
    mesh->unproven.shelf = config->shelf;
    mesh->pushes = calloc(1, sizeof(*mesh->pushes));
    mesh->unsaved = calloc(1, sizeof(*mesh->unsaved));
    if (mesh->pushes == NULL || mesh->unsaved == NULL || rates_new(mesh) != ERR_OK ||
        node_table_new(&mesh->table, config->shelf, nodes_max, env) != ERR_OK) {
        mesh_free(mesh);
        return ERR_NOMEM;
    }
    bucket_init(&mesh->dial_rate, &dial_rate, now);
    mesh->sweep_at = now;
    mesh->born = now;
    mesh->choice.look_at = now;
    mesh->unsaved->saved_at = now;
    *out = mesh;
    return ERR_OK;
}

void mesh_free(struct mesh *mesh)
{
    if (mesh == NULL) {
        return;
    }
    mesh_vouch_clear(mesh);
    for (size_t i = 0; i < mesh->neighbours_count; i++) {
        mesh_sync_end(mesh->neighbours[i]);
        free(mesh->neighbours[i]);
    }
    node_unproven_fini(&mesh->unproven);
    node_table_free(mesh->table);
    bucket_table_free(mesh->believed_rate);
    bucket_table_free(mesh->unproven_rate);
    bucket_table_free(mesh->told_rate);
    free(mesh->pushes);
    free(mesh->unsaved);
    free(mesh);
}

/* ---- the own record ---- */

void mesh_own_addresses(struct mesh *mesh, const struct endpoint *addresses, size_t count)
{
    CHECK(count <= MESH_OWN_ADDRESSES_MAX);
    memcpy(mesh->own_addresses, addresses, count * sizeof(*addresses));
    mesh->own_addresses_count = count;
}

static struct node_row *own_row(const struct mesh *mesh)
{
    struct node_row *row = node_table_find(mesh->table, mesh->config.identity->public_key);

    return row != NULL && row->own ? row : NULL;
}

static int own_put(struct mesh *mesh, struct node_item *node)
{
    struct node_row *row = own_row(mesh);
    struct node_item *kept[NODE_ATTESTATIONS_MAX];
    size_t count = 0;

    /* Attestations of the same address go on. */
    for (size_t i = 0; row != NULL && i < node_row_attestations(row); i++) {
        if (node_trust_about(row->attestations[i], node, env_wall_ms(mesh->env))) {
            kept[count++] = row->attestations[i];
        }
    }
    row = node_table_put(mesh->table, node, kept, count, false, env_wall_ms(mesh->env));
    if (row == NULL) {
        return ERR_NOMEM;
    }
    row->own = true;
    mesh->own_sequence = node_item_sequence(node);
    mesh->unsaved->any = true;
    mesh_push(mesh, node_item_key(node), NULL);
    return ERR_OK;
}

int mesh_own_set(struct mesh *mesh, const uint8_t *record, size_t size, struct mono now)
{
    struct node_row *row = own_row(mesh);
    struct node_item *node;
    int rc = ERR_DROP;

    (void)now;
    if (size == 0) {
        if (row != NULL) {
            node_table_remove(mesh->table, row);
        }
        return ERR_OK;
    }
    if (node_shelf_take(mesh->config.shelf, &node, RECORD_TYPE_NODE, record, size) != NODE_OK) {
        return ERR_DROP;
    }
    if (memcmp(node_item_key(node), mesh->config.identity->public_key, KEY_SIZE) == 0 &&
        node_item_live(node, env_wall_ms(mesh->env)) &&
        node_item_sequence(node) > mesh->own_sequence) {
        rc = own_put(mesh, node);
    }
    node_item_release(mesh->config.shelf, node);
    return rc;
}

uint64_t mesh_own_sequence(const struct mesh *mesh)
{
    return mesh->own_sequence;
}

bool mesh_own_attested(struct mesh *mesh, const uint8_t *attestation, size_t size)
{
    struct node_row *row = own_row(mesh);
    struct node_item *item, *list[NODE_ATTESTATIONS_MAX + 1];
    size_t count = 1;
    bool helps;

    if (row == NULL || node_shelf_take(mesh->config.shelf, &item, RECORD_TYPE_ATTESTATION,
                                       attestation, size) != NODE_OK) {
        return false;
    }
    helps = node_trust_about(item, row->node, env_wall_ms(mesh->env));
    /* The new one goes first, the oldest of too many goes; one of the same attester is replaced. */
    list[0] = item;
    for (size_t i = 0; i < node_row_attestations(row); i++) {
        if (memcmp(node_item_key(row->attestations[i]), node_item_key(item), KEY_SIZE) != 0) {
            list[count++] = row->attestations[i];
        }
    }
    if (helps) {
        node_table_attest(mesh->table, row, list,
                          count < NODE_ATTESTATIONS_MAX ? count : NODE_ATTESTATIONS_MAX, false);
        mesh->unsaved->any = true;
        mesh_push(mesh, mesh->config.identity->public_key, NULL);
    }
    node_item_release(mesh->config.shelf, item);
    return helps;
}

bool mesh_attest(const struct mesh *mesh, const uint8_t key[KEY_SIZE], uint64_t sequence,
                 const struct endpoint *address, bool fresh, uint8_t *out, size_t *size)
{
    return mesh_attest_sign(mesh, key, sequence, address, fresh, out, size);
}

/* ---- neighbours ---- */

int mesh_on_up(struct mesh *mesh, const struct mesh_session *session, struct mono now)
{
    struct mesh_neighbour *neighbour = mesh_neighbour_find(mesh, session->key);

    if (neighbour == NULL) {
        if (mesh->neighbours_count == MESH_NEIGHBOURS_MAX) {
            return ERR_LIMIT;
        }
        neighbour = calloc(1, sizeof(*neighbour));
        if (neighbour == NULL) {
            return ERR_NOMEM;
        }
        mesh->neighbours[mesh->neighbours_count++] = neighbour;
        neighbour->since = now;
    } else {
        mesh_sync_end(neighbour);
    }
    neighbour->session = *session;
    neighbour->prefix = node_prefix(&session->address);
    mesh_sync_begin(mesh, neighbour, now);
    mesh_choose_on_up(mesh, session->key);
    if (session->dialled) {
        mesh_learn_reached(mesh, session->key, &session->address, false, now);
    }
    return ERR_OK;
}

void mesh_on_down(struct mesh *mesh, const uint8_t key[KEY_SIZE], struct mono now)
{
    for (size_t i = 0; i < mesh->neighbours_count; i++) {
        if (memcmp(mesh->neighbours[i]->session.key, key, KEY_SIZE) == 0) {
            mesh_sync_end(mesh->neighbours[i]);
            mesh_hashes_clear(&mesh->neighbours[i]->vouched);
            free(mesh->neighbours[i]);
            mesh->neighbours[i] = mesh->neighbours[--mesh->neighbours_count];
            mesh_choose_on_down(mesh, now);
            return;
        }
    }
}

void mesh_on_full(struct mesh *mesh, const uint8_t key[KEY_SIZE], struct mono now)
{
    mesh_choose_full(mesh, key, now);
}

void mesh_on_rtt(struct mesh *mesh, const uint8_t key[KEY_SIZE], uint32_t rtt_us, struct mono now)
{
    struct mesh_neighbour *neighbour = mesh_neighbour_find(mesh, key);

    (void)now;
    if (neighbour != NULL && rtt_us != 0) {
        neighbour->rtt_us = rtt_us;
        mesh_choose_measured(mesh, key, rtt_us);
    }
}

bool mesh_on_control(struct mesh *mesh, const uint8_t from[KEY_SIZE],
                     const Ziglan__Control *control, struct mono now)
{
    struct mesh_neighbour *neighbour = mesh_neighbour_find(mesh, from);

    if (neighbour == NULL) {
        return false;
    }
    switch (control->body_case) {
    case ZIGLAN__CONTROL__BODY_NODES:
        mesh_sync_on_nodes(mesh, neighbour, control->nodes, now);
        return true;
    case ZIGLAN__CONTROL__BODY_NODE_DIGEST:
        mesh_sync_on_digest(mesh, neighbour, control->node_digest, now);
        return true;
    case ZIGLAN__CONTROL__BODY_NODE_SUMMARY:
        mesh_sync_on_summary(mesh, neighbour, control->node_summary, now);
        return true;
    case ZIGLAN__CONTROL__BODY_NODE_WANT:
        mesh_sync_on_want(mesh, neighbour, control->node_want, now);
        return true;
    default:
        return false;
    }
}

void mesh_on_entry(struct mesh *mesh, const uint8_t from[KEY_SIZE], const Ziglan__NodeEntry *entry,
                   struct mono now)
{
    struct mesh_neighbour *neighbour = mesh_neighbour_find(mesh, from);

    if (neighbour != NULL) {
        mesh_learn(mesh, neighbour, entry, now);
    }
}

void mesh_on_dialled(struct mesh *mesh, const struct mesh_dialled *dialled, struct mono now)
{
    if (!dialled->proved) {
        mesh_learn_unreached(mesh, dialled->key, &dialled->address, now);
        mesh_choose_failed(mesh, dialled->key, now);
        return;
    }
    if (dialled->rtt_us != 0) {
        mesh_choose_measured(mesh, dialled->key, dialled->rtt_us);
    }
    mesh_learn_reached(mesh, dialled->key, &dialled->address, dialled->fresh, now);
}

/* ---- time and output ---- */

void mesh_dials_wait(struct mesh *mesh, struct mono until)
{
    mesh->choice.dials_at = until;
}

void mesh_expire(struct mesh *mesh, struct mono now)
{
    for (size_t i = 0; i < mesh->neighbours_count; i++) {
        mesh_sync_expire(mesh, mesh->neighbours[i], now);
    }
    mesh_learn_sweep(mesh, now);
    if (mono_due(mesh->choice.dials_at, now)) {
        mesh_choose_expire(mesh, now);
    }
}

struct mono mesh_deadline(const struct mesh *mesh)
{
    struct mono dial = node_unproven_deadline(&mesh->unproven);
    struct mono deadline;

    if (mesh->dial_rate.level == 0) {
        struct mono allowed = mono_add_ms(mesh->dial_rate.filled_at, 1000);

        dial = mono_before(dial, allowed) ? allowed : dial;
    }
    dial = mono_min(dial, mesh_choose_deadline(mesh));
    dial = mono_before(dial, mesh->choice.dials_at) ? mesh->choice.dials_at : dial;
    deadline = mono_min(mesh->sweep_at, dial);
    for (size_t i = 0; i < mesh->neighbours_count; i++) {
        deadline = mono_min(deadline, mesh_sync_deadline(mesh->neighbours[i]));
    }
    return deadline;
}

static bool output_reach(struct mesh *mesh, struct mesh_output *out, struct mono now)
{
    struct node_unproven *unproven;

    if (!mono_due(mesh->choice.dials_at, now) ||
        bucket_level(&mesh->dial_rate, &dial_rate, now) == 0) {
        return false;
    }
    unproven = node_unproven_dial(&mesh->unproven, now);
    if (unproven == NULL) {
        return false;
    }
    (void)bucket_take(&mesh->dial_rate, &dial_rate, 1, now);
    mesh->stats.dials++;
    *out = (struct mesh_output){.type = MESH_OUTPUT_REACH,
                                .address = node_item_address(unproven->node)};
    memcpy(out->key, node_item_key(unproven->node), KEY_SIZE);
    return true;
}

/* The next message of any neighbour, each in its turn. */
static bool output_send(struct mesh *mesh, struct mesh_output *out, struct mesh_message *message,
                        struct mono now)
{
    for (size_t i = 0; i < mesh->neighbours_count; i++) {
        size_t at = (mesh->next_neighbour + i) % mesh->neighbours_count;
        struct mesh_neighbour *neighbour = mesh->neighbours[at];

        if (mesh_sync_output(mesh, neighbour, message, now)) {
            *out = (struct mesh_output){.type = MESH_OUTPUT_SEND};
            memcpy(out->key, neighbour->session.key, KEY_SIZE);
            mesh->next_neighbour = at + 1;
            return true;
        }
    }
    return false;
}

bool mesh_output(struct mesh *mesh, struct mesh_output *out, struct mesh_message *message,
                 struct mono now)
{
    return mesh_choose_output(mesh, out) || output_reach(mesh, out, now) ||
           output_send(mesh, out, message, now);
}

/* ---- who is known ---- */

bool mesh_find(const struct mesh *mesh, const uint8_t key[KEY_SIZE], struct node_found *out)
{
    const struct node_row *row = node_table_find(mesh->table, key);

    if (row == NULL || !node_item_live(row->node, env_wall_ms(mesh->env))) {
        return false;
    }
    *out = node_row_found(row);
    return true;
}

bool mesh_has_ip(const struct mesh *mesh, const struct endpoint *address)
{
    return node_table_has_ip(mesh->table, address);
}

bool mesh_next(const struct mesh *mesh, size_t *cursor, struct node_found *out)
{
    uint64_t wall_ms = env_wall_ms(mesh->env);

    while (*cursor < node_table_count(mesh->table)) {
        const struct node_row *row = node_table_at(mesh->table, (*cursor)++);

        if (node_item_live(row->node, wall_ms)) {
            *out = node_row_found(row);
            return true;
        }
    }
    return false;
}

/* A random place, and from there on: rows stand in no order that anybody chose. */
static size_t sample(struct mesh *mesh, struct node_found *out, size_t count, bool helping)
{
    size_t all = node_table_count(mesh->table), found = 0;
    size_t place = all == 0 ? 0 : env_random_below(mesh->env, (uint32_t)all);
    uint64_t wall_ms = env_wall_ms(mesh->env);

    for (size_t i = 0; i < all && found < count; i++) {
        const struct node_row *row = node_table_at(mesh->table, (place + i) % all);

        if (!row->own && !row->vouched && (row->helps || !helping) &&
            node_item_live(row->node, wall_ms)) {
            out[found++] = node_row_found(row);
        }
    }
    return found;
}

size_t mesh_sample(struct mesh *mesh, struct node_found *out, size_t count)
{
    return sample(mesh, out, count, false);
}

size_t mesh_sample_helping(struct mesh *mesh, struct node_found *out, size_t count)
{
    return sample(mesh, out, count, true);
}

uint64_t mesh_changes(const struct mesh *mesh)
{
    return node_table_changes(mesh->table);
}

/* ---- the store ---- */

bool mesh_save_due(const struct mesh *mesh, struct mono now)
{
    return mesh->unsaved->any &&
           mono_due(mono_add_ms(mesh->unsaved->saved_at, MESH_SAVE_MS_MIN), now);
}

int mesh_save(struct mesh *mesh, struct store *store, struct mono now)
{
    return mesh_save_write(mesh, store, now);
}

int mesh_load(struct mesh *mesh, struct store *store, struct mono now)
{
    return mesh_save_load(mesh, store, now);
}

const struct mesh_stats *mesh_stats(struct mesh *mesh)
{
    mesh->stats.nodes = (uint32_t)node_table_count(mesh->table);
    mesh->stats.unproven = (uint32_t)mesh->unproven.count;
    mesh->stats.neighbours = (uint32_t)mesh->neighbours_count;
    return &mesh->stats;
}
