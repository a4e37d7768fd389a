/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looks for neighbours among the relays that are believed. The lists are short and looked through.
 */
#include "rendezvous/mesh/mesh_choose.h"

#include "rendezvous/mesh/mesh_keys.h"
#include "rendezvous/mesh/mesh_learn.h"
#include "rendezvous/mesh/neighbour_choice.h"

#include <string.h>

enum {
    CONNECT_MS_MAX = 20000,
    FAILED_MS = 60000,
    FULL_MS = 1800 * 1000,
    HURRY_MS = 1000, /* between two looks while neighbours are missing */
    DRAWS = 16,      /* random rows looked at to find one */
};

/* ---- what is known ---- */

void mesh_choose_measured(struct mesh *mesh, const uint8_t key[KEY_SIZE], uint32_t rtt_us)
{
    struct mesh_choice *choice = &mesh->choice;
    size_t farthest = 0, at;

    for (at = 0; at < choice->measured_count; at++) {
        if (memcmp(choice->measured[at].key, key, KEY_SIZE) == 0) {
            break;
        }
        if (choice->measured[at].rtt_us > choice->measured[farthest].rtt_us) {
            farthest = at;
        }
    }
    if (at == MESH_MEASURED_MAX) {
        at = farthest;
    } else if (at == choice->measured_count) {
        choice->measured_count++;
    }
    memcpy(choice->measured[at].key, key, KEY_SIZE);
    choice->measured[at].rtt_us = rtt_us;
}

static bool is_measured(const struct mesh_choice *choice, const uint8_t *key)
{
    for (size_t i = 0; i < choice->measured_count; i++) {
        if (memcmp(choice->measured[i].key, key, KEY_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

static bool listed(const struct mesh_connect *list, size_t count, const uint8_t *key,
                   struct mono now)
{
    for (size_t i = 0; i < count; i++) {
        if (mono_before(now, list[i].until) && memcmp(list[i].key, key, KEY_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/* True if this row could become a neighbour. */
static bool eligible(const struct mesh *mesh, const struct node_row *row, struct mono now)
{
    const struct mesh_choice *choice = &mesh->choice;
    const uint8_t *key = node_item_key(row->node);

    return !row->own && mesh_neighbour_find(mesh, key) == NULL &&
           !listed(choice->connects, choice->connects_count, key, now) &&
           !listed(choice->failed, MESH_FAILED_MAX, key, now);
}

/* The nearest relay that could become a neighbour; NULL if none was measured. */
static const struct node_row *nearest(const struct mesh *mesh, uint32_t *rtt_us, struct mono now)
{
    const struct node_row *best = NULL;

    *rtt_us = UINT32_MAX;
    for (size_t i = 0; i < mesh->choice.measured_count; i++) {
        uint32_t rtt = mesh->choice.measured[i].rtt_us;
        const struct node_row *row = node_table_find(mesh->table, mesh->choice.measured[i].key);

        if (row != NULL && rtt < *rtt_us && eligible(mesh, row, now)) {
            best = row;
            *rtt_us = rtt;
        }
    }
    return best;
}

/* Some relay that could become a neighbour; with `unmeasured`, one that was not measured. */
static struct node_row *any(const struct mesh *mesh, bool unmeasured, struct mono now)
{
    size_t count = node_table_count(mesh->table);

    for (size_t i = 0; i < DRAWS && count > 0; i++) {
        struct node_row *row =
            node_table_at(mesh->table, env_random_below(mesh->env, (uint32_t)count));

        if (eligible(mesh, row, now) &&
            (!unmeasured || !is_measured(&mesh->choice, node_item_key(row->node)))) {
            return row;
        }
    }
    return NULL;
}

static size_t ranks_of(const struct mesh *mesh, struct neighbour_rank ranks[MESH_NEIGHBOURS_MAX])
{
    for (size_t i = 0; i < mesh->neighbours_count; i++) {
        const struct mesh_neighbour *at = mesh->neighbours[i];

        ranks[i] = (struct neighbour_rank){.rtt_us = at->rtt_us,
                                           .since = at->since,
                                           .ours = at->session.dialled && !at->session.fixed};
    }
    return mesh->neighbours_count;
}

/* ---- what is decided ---- */

static void connect(struct mesh *mesh, const struct node_row *row, struct mono now)
{
    struct mesh_choice *choice = &mesh->choice;

    if (row != NULL && choice->connects_count < MESH_CONNECTS_MAX) {
        struct mesh_connect *at = &choice->connects[choice->connects_count++];

        *at = (struct mesh_connect){.address = node_item_address(row->node),
                                    .until = mono_add_ms(now, CONNECT_MS_MAX)};
        memcpy(at->key, node_item_key(row->node), KEY_SIZE);
    }
}

static void connect_remove(struct mesh_choice *choice, size_t at)
{
    choice->connects[at] = choice->connects[--choice->connects_count];
}

void mesh_choose_on_up(struct mesh *mesh, const uint8_t key[KEY_SIZE])
{
    struct mesh_choice *choice = &mesh->choice;

    for (size_t i = choice->connects_count; i-- > 0;) {
        if (memcmp(choice->connects[i].key, key, KEY_SIZE) == 0) {
            connect_remove(choice, i);
        }
    }
}

void mesh_choose_on_down(struct mesh *mesh, struct mono now)
{
    if (neighbour_choice_missing(mesh->neighbours_count) > 0) {
        mesh->choice.look_at = now;
    }
}

/* It is no neighbour to be for so long. */
static void leave_out(struct mesh *mesh, const uint8_t key[KEY_SIZE], uint64_t ms, struct mono now)
{
    struct mesh_choice *choice = &mesh->choice;
    struct mesh_connect *failed = &choice->failed[choice->failed_next];

    mesh_choose_on_up(mesh, key);
    if (!listed(choice->failed, MESH_FAILED_MAX, key, now)) {
        choice->failed_next = (choice->failed_next + 1) % MESH_FAILED_MAX;
        memcpy(failed->key, key, KEY_SIZE);
        failed->until = mono_add_ms(now, ms);
    }
}

void mesh_choose_failed(struct mesh *mesh, const uint8_t key[KEY_SIZE], struct mono now)
{
    leave_out(mesh, key, FAILED_MS, now);
}

void mesh_choose_full(struct mesh *mesh, const uint8_t key[KEY_SIZE], struct mono now)
{
    leave_out(mesh, key, FULL_MS, now);
}

/* Neighbours are missing: by chance near ones and any ones, as many as may be dialled at once.
 * False if nobody is known. */
static bool fill(struct mesh *mesh, size_t missing, struct mono now)
{
    for (size_t i = 0; i < missing; i++) {
        uint32_t rtt_us;
        const struct node_row *row = NULL;

        if (env_random_below(mesh->env, NEIGHBOUR_COUNT) < NEIGHBOUR_NEAR) {
            row = nearest(mesh, &rtt_us, now);
        }
        connect(mesh, row != NULL ? row : any(mesh, false, now), now);
    }
    return mesh->choice.connects_count > 0;
}

/* There are enough: is there a better one, or one too many? */
static void improve(struct mesh *mesh, struct mono now)
{
    struct mesh_choice *choice = &mesh->choice;
    struct neighbour_rank ranks[MESH_NEIGHBOURS_MAX] = {0};
    size_t count = ranks_of(mesh, ranks);
    size_t release = neighbour_choice_release(ranks, count);
    uint32_t rtt_us;
    const struct node_row *near = nearest(mesh, &rtt_us, now);

    if (choice->changed && mono_before(now, mono_add_ms(choice->changed_at, NEIGHBOUR_CHANGE_MS))) {
        return;
    }
    if (release < count) {
        choice->release = true;
        memcpy(choice->release_key, mesh->neighbours[release]->session.key, KEY_SIZE);
    } else if (near != NULL && count < MESH_NEIGHBOURS_MAX &&
               neighbour_choice_better(ranks, count, rtt_us)) {
        connect(mesh, near, now);
    } else {
        return;
    }
    choice->changed = true;
    choice->changed_at = now;
}

/* Nobody could become a neighbour, but others are known by now. */
static bool is_less_alone(const struct mesh *mesh)
{
    return mesh->choice.alone && node_table_count(mesh->table) > mesh->choice.alone_with;
}

void mesh_choose_expire(struct mesh *mesh, struct mono now)
{
    struct mesh_choice *choice = &mesh->choice;
    size_t missing;
    struct node_row *row;

    for (size_t i = choice->connects_count; i-- > 0;) {
        if (mono_due(choice->connects[i].until, now)) {
            mesh_choose_failed(mesh, choice->connects[i].key, now);
        }
    }
    if (!mono_due(choice->look_at, now) && !is_less_alone(mesh)) {
        return;
    }
    choice->alone = false;
    missing = neighbour_choice_missing(mesh->neighbours_count + choice->connects_count);
    if (missing > 0) {
        choice->alone = !fill(mesh, missing, now);
        choice->alone_with = node_table_count(mesh->table);
    }
    choice->look_at =
        mono_add_ms(now, missing == 0 || choice->alone ? NEIGHBOUR_LOOK_MS : HURRY_MS);
    if (missing > 0) {
        return;
    }
    improve(mesh, now);
    row = any(mesh, true, now);
    if (row != NULL && choice->measured_count < MESH_MEASURED_MAX) {
        mesh_learn_again(mesh, row, now); /* a dial measures the round trip */
    }
}

struct mono mesh_choose_deadline(const struct mesh *mesh)
{
    struct mono deadline = is_less_alone(mesh) ? (struct mono){0} : mesh->choice.look_at;

    for (size_t i = 0; i < mesh->choice.connects_count; i++) {
        deadline = mono_min(deadline, mesh->choice.connects[i].until);
    }
    return deadline;
}

bool mesh_choose_output(struct mesh *mesh, struct mesh_output *out)
{
    struct mesh_choice *choice = &mesh->choice;

    if (choice->release) {
        choice->release = false;
        *out = (struct mesh_output){.type = MESH_OUTPUT_RELEASE};
        memcpy(out->key, choice->release_key, KEY_SIZE);
        return true;
    }
    for (size_t i = 0; i < choice->connects_count; i++) {
        struct mesh_connect *at = &choice->connects[i];

        if (!at->begun) {
            at->begun = true;
            *out = (struct mesh_output){.type = MESH_OUTPUT_CONNECT, .address = at->address};
            memcpy(out->key, at->key, KEY_SIZE);
            return true;
        }
    }
    return false;
}
