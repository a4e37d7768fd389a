/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nothing here waits in memory but keys: each message is made when it can be sent. */
#include "rendezvous/mesh/mesh_sync.h"

#include "proto/base/bytes.h"
#include "rendezvous/mesh/mesh_keys.h"
#include "rendezvous/mesh/mesh_learn.h"
#include "rendezvous/mesh/mesh_push.h"
#include "rendezvous/mesh/mesh_vouch.h"

#include <string.h>

enum {
    ANSWER_MS = 5000,        /* so long an answer is waited for */
    SUMMARY_GAP_MS = 200,    /* between two summaries for one neighbour, */
    SUMMARY_IDLE_MS = 20000, /* and if the last one was of no use */
    FULL_MS = 30000,         /* so long nothing is asked for after something could not be taken */
    BUCKETS_GAP_MS = 5000,   /* between two answers with buckets */
    STRANGE_MAX = 16,        /* of a summary, of records for which nobody vouches */
};

/* What a neighbour may make us compare: each costs a look at all rows. The burst is a comparison of
 * two full tables. */
static const struct bucket_rate summary_rate = {.per_s = 2, .burst = 300};

static struct mono summary_allowed_at(const struct mesh_sync *sync)
{
    return mono_add_ms(sync->summary_at, sync->progress ? SUMMARY_GAP_MS : SUMMARY_IDLE_MS);
}

static bool bit(const uint8_t *bitmap, size_t at)
{
    return (bitmap[at / 8] >> at % 8 & 1) != 0;
}

static void bit_set(uint8_t *bitmap, size_t at, bool value)
{
    uint8_t mask = (uint8_t)(1U << at % 8);

    bitmap[at / 8] = (uint8_t)(value ? bitmap[at / 8] | mask : bitmap[at / 8] & ~mask);
}

void mesh_sync_begin(struct mesh *mesh, struct mesh_neighbour *neighbour, struct mono now)
{
    struct mesh_sync *sync = &neighbour->sync;

    *sync = (struct mesh_sync){.at = now, .push_at = mesh->pushes->end};
    bucket_init(&sync->summaries, &summary_rate, now);
    mesh_sync_expire(mesh, neighbour, now);
}

void mesh_sync_end(struct mesh_neighbour *neighbour)
{
    mesh_keys_clear(&neighbour->sync.want);
    mesh_keys_clear(&neighbour->sync.tell);
}

void mesh_sync_expire(struct mesh *mesh, struct mesh_neighbour *neighbour, struct mono now)
{
    struct mesh_sync *sync = &neighbour->sync;
    uint64_t wait_ms = MESH_SYNC_MS * 3 / 4 + env_random_below(mesh->env, MESH_SYNC_MS / 2);

    if (mono_due(sync->at, now)) {
        sync->at = mono_add_ms(now, wait_ms);
        sync->tell_digest = true;
        memset(sync->summarised, 0, sizeof(sync->summarised));
    }
    if (sync->asked && mono_due(mono_add_ms(sync->wanted_at, ANSWER_MS), now)) {
        sync->asked = false;
    }
}

struct mono mesh_sync_deadline(const struct mesh_neighbour *neighbour)
{
    const struct mesh_sync *sync = &neighbour->sync;

    if (sync->asked) {
        return mono_min(sync->at, mono_add_ms(sync->wanted_at, ANSWER_MS));
    }
    if (sync->differs && sync->want.count == 0) {
        return mono_min(sync->at, summary_allowed_at(sync));
    }
    return sync->at;
}

/* ---- what it sends ---- */

void mesh_sync_on_nodes(struct mesh *mesh, struct mesh_neighbour *neighbour,
                        const Ziglan__Nodes *nodes, struct mono now)
{
    const struct mesh_stats *stats = &mesh->stats;
    struct mesh_sync *sync = &neighbour->sync;
    uint64_t refused = stats->limit_believed + stats->limit_unproven + stats->unproven_full;

    for (size_t i = 0; i < nodes->n_entries; i++) {
        mesh_learn(mesh, neighbour, nodes->entries[i], now);
    }
    sync->asked = false;
    if (stats->limit_believed + stats->limit_unproven + stats->unproven_full > refused) {
        /* Asking for more would be for nothing, for a while, unless neighbours vouch for it. What
         * the other side lacks is told to it all the same. */
        sync->full_until = mono_add_ms(now, FULL_MS);
        if (!mesh_vouch_can(mesh, now)) {
            mesh_keys_clear(&sync->want);
        }
    }
}

void mesh_sync_on_digest(struct mesh *mesh, struct mesh_neighbour *neighbour,
                         const Ziglan__NodeDigest *digest, struct mono now)
{
    struct mesh_sync *sync = &neighbour->sync;
    const uint8_t *own = mesh->config.identity->public_key;

    if (digest->root == node_table_root(mesh->table)) {
        return;
    }
    if (digest->n_buckets == NODE_BUCKETS) {
        memset(sync->summarised, 0, sizeof(sync->summarised));
        for (size_t i = 0; i < NODE_BUCKETS; i++) {
            bool differs = digest->buckets[i] != node_table_bucket(mesh->table, (uint8_t)i);

            bit_set(sync->differ, i, differs);
            sync->differs = sync->differs || differs;
        }
        sync->progress = true;
        sync->first_bucket = (uint8_t)env_random_below(mesh->env, NODE_BUCKETS);
        return;
    }
    /* Both ask at once when a session opens: the one with the smaller key is answered. */
    if (sync->differs ||
        (sync->digest_at.ns != 0 && mono_before(now, mono_add_ms(sync->digest_at, ANSWER_MS)) &&
         memcmp(own, neighbour->session.key, KEY_SIZE) < 0)) {
        return;
    }
    if (sync->buckets_at.ns == 0 || mono_due(mono_add_ms(sync->buckets_at, BUCKETS_GAP_MS), now)) {
        sync->tell_buckets = true;
    }
}

/* Do we lack what this tells of? */
static bool lacking(const struct mesh *mesh, const uint8_t *key, uint64_t sequence)
{
    const struct node_row *row = node_table_find(mesh->table, key);
    const struct node_unproven *unproven = node_unproven_find(&mesh->unproven, key);

    return memcmp(key, mesh->config.identity->public_key, KEY_SIZE) != 0 &&
           (row == NULL || node_item_sequence(row->node) < sequence) &&
           (unproven == NULL || node_item_sequence(unproven->node) <= sequence);
}

void mesh_sync_on_summary(struct mesh *mesh, struct mesh_neighbour *neighbour,
                          const Ziglan__NodeSummary *summary, struct mono now)
{
    struct mesh_sync *sync = &neighbour->sync;
    bool full = mono_before(now, sync->full_until);
    /* For which nobody vouches is asked one at least, or the other side would tell no more. */
    size_t strange = !mesh_vouch_can(mesh, now) ? (full ? 0 : NODE_REFS_MAX)
                     : full                     ? 1
                                                : STRANGE_MAX;

    if (summary->buckets.len != NODE_BUCKETS / 8) {
        mesh->stats.bad_message++;
        return;
    }
    if (!bucket_take(&sync->summaries, &summary_rate, 1, now)) {
        mesh->stats.limit_told++;
        return;
    }
    for (size_t i = 0; i < summary->n_refs; i++) {
        const uint8_t *key = summary->refs[i]->key.data;
        struct node_row *row = node_table_find(mesh->table, key);

        if (lacking(mesh, key, summary->refs[i]->sequence)) {
            bool vouched =
                mesh_vouch(mesh, neighbour, node_hash(key, summary->refs[i]->sequence), now);

            if ((vouched || strange > 0) && mesh_keys_add(&sync->want, key)) {
                strange -= vouched ? 0 : 1;
                sync->progress = true;
            }
        }
        /* A row of which it tells an older record counts as one that it lacks. */
        if (row != NULL && node_item_sequence(row->node) <= summary->refs[i]->sequence) {
            row->mentioned = true;
        }
    }
    for (size_t i = 0; i < node_table_count(mesh->table); i++) {
        struct node_row *row = node_table_at(mesh->table, i);

        if (!row->mentioned && !row->vouched && bit(summary->buckets.data, row->bucket) &&
            !bit(sync->summarised, row->bucket)) {
            bit_set(sync->differ, row->bucket, true);
            sync->differs = true;
        }
        row->mentioned = false;
    }
}

void mesh_sync_on_want(struct mesh *mesh, struct mesh_neighbour *neighbour,
                       const Ziglan__NodeWant *want, struct mono now)
{
    neighbour->sync.progress = true;
    for (size_t i = 0; i < want->n_keys; i++) {
        const uint8_t *key = want->keys[i].data;

        if (node_table_find(mesh->table, key) == NULL) {
            continue;
        }
        if (!bucket_table_take(mesh->told_rate, &neighbour->prefix, 1, now) ||
            !mesh_keys_add(&neighbour->sync.tell, key)) {
            mesh->stats.limit_told++;
        }
    }
}

/* ---- what we send ---- */

/* Add the record of a key, if there still is one. False if the message is full. */
static bool add_node(struct mesh *mesh, struct mesh_message *message, const uint8_t *key)
{
    const struct node_row *row = node_table_find(mesh->table, key);
    struct node_found found;

    if (row == NULL || row->vouched || !node_item_live(row->node, env_wall_ms(mesh->env))) {
        return true;
    }
    found = node_row_found(row);
    if (!mesh_message_add_node(message, &found)) {
        return false;
    }
    mesh->stats.told++;
    return true;
}

static bool output_nodes(struct mesh *mesh, struct mesh_neighbour *neighbour,
                         struct mesh_message *message)
{
    struct mesh_keys *tell = &neighbour->sync.tell;
    uint8_t key[KEY_SIZE];
    const uint8_t *push;

    mesh_message_nodes(message);
    while (mesh_keys_take(tell, key)) {
        if (!add_node(mesh, message, key)) {
            (void)mesh_keys_add(tell, key); /* for the next message */
            return true;
        }
    }
    push = mesh_push_peek(mesh, neighbour);
    while (push != NULL && add_node(mesh, message, push)) {
        mesh_push_done(neighbour);
        push = mesh_push_peek(mesh, neighbour);
    }
    return message->body.nodes.n_entries > 0;
}

static bool output_want(struct mesh *mesh, struct mesh_neighbour *neighbour,
                        struct mesh_message *message, struct mono now)
{
    struct mesh_sync *sync = &neighbour->sync;
    uint8_t key[KEY_SIZE];

    if (sync->asked || sync->want.count == 0) {
        return false;
    }
    mesh_message_want(message);
    while (message->body.want.n_keys < NODE_WANT_MAX && mesh_keys_take(&sync->want, key)) {
        CHECK(mesh_message_add_want(message, key));
    }
    sync->asked = true;
    sync->wanted_at = now;
    mesh->stats.wants++;
    return true;
}

/* Tell the relays of one bucket. A bucket that has more than fits is told in part, and then the
 * other side cannot know from it what we lack. */
static void summarise(const struct mesh *mesh, struct mesh_message *message, uint8_t bucket,
                      size_t skip)
{
    for (size_t i = 0; i < node_table_count(mesh->table); i++) {
        const struct node_row *row = node_table_at(mesh->table, i);

        if (row->bucket != bucket || row->vouched) {
            continue;
        }
        if (skip > 0) {
            skip--;
        } else if (!mesh_message_add_ref(message, node_item_key(row->node),
                                         node_item_sequence(row->node))) {
            return;
        }
    }
}

/* Of buckets that differ, as many as fit. */
static bool output_summary(struct mesh *mesh, struct mesh_neighbour *neighbour,
                           struct mesh_message *message, struct mono now)
{
    struct mesh_sync *sync = &neighbour->sync;
    size_t room = NODE_REFS_MAX;

    if (!sync->differs || sync->asked || sync->want.count > 0 ||
        (sync->summary_at.ns != 0 && !mono_due(summary_allowed_at(sync), now))) {
        return false;
    }
    mesh_message_summary(message);
    sync->differs = false;
    for (size_t i = 0; i < NODE_BUCKETS; i++) {
        uint8_t bucket = (uint8_t)(sync->first_bucket + i);
        size_t count = node_table_bucket_count(mesh->table, bucket);

        if (!bit(sync->differ, bucket)) {
            continue;
        }
        if (count > room && room < NODE_REFS_MAX) {
            sync->differs = true;
            break;
        }
        size_t skip = count <= room ? 0 : env_random_below(mesh->env, (uint32_t)(count - room + 1));

        summarise(mesh, message, bucket, skip);
        if (count <= room) {
            mesh_message_complete(message, bucket);
        }
        room = count < room ? room - count : 0;
        bit_set(sync->differ, bucket, false);
        bit_set(sync->summarised, bucket, true);
    }
    sync->summary_at = now;
    sync->progress = false;
    mesh->stats.summaries++;
    return true;
}

bool mesh_sync_output(struct mesh *mesh, struct mesh_neighbour *neighbour,
                      struct mesh_message *message, struct mono now)
{
    struct mesh_sync *sync = &neighbour->sync;

    if (sync->tell_digest || sync->tell_buckets) {
        mesh_message_digest(message, node_table_root(mesh->table));
        if (sync->tell_buckets) {
            mesh_message_add_buckets(message, mesh->table);
            sync->buckets_at = now;
        } else {
            sync->digest_at = now;
        }
        *(sync->tell_buckets ? &sync->tell_buckets : &sync->tell_digest) = false;
        mesh->stats.digests++;
        return true;
    }
    return output_nodes(mesh, neighbour, message) || output_want(mesh, neighbour, message, now) ||
           output_summary(mesh, neighbour, message, now);
}
