/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A slab of lanes, a map of labels, and for each session the list of its ends. */
#include "relayd/service/lane_table.h"

#include "relayd/service/lane_board.h"

#include <string.h>

/* In the label's upper half, since hash tables of labels go by the lower one. */
enum { WORKER_SHIFT = 32, WORKER_MASK = LANE_WORKERS_MAX - 1 };

_Static_assert((LANE_WORKERS_MAX & WORKER_MASK) == 0, "a mask");

int lane_table_init(struct lane_table *table, const struct env *env, uint32_t workers)
{
    int rc = slab_new(&table->lanes, sizeof(struct relay_lane), LANES_MAX);

    table->env = env;
    table->workers = workers;
    return rc == ERR_OK ? map_new(&table->by_label, sizeof(uint64_t), (size_t)2 * LANES_MAX, env)
                        : rc;
}

void lane_table_fini(struct lane_table *table)
{
    map_free(table->by_label);
    slab_free(table->lanes);
    *table = (struct lane_table){0};
}

struct lane_end *lane_table_between(const struct relay_client *from, const struct relay_client *to)
{
    struct lane_end *end;

    LIST_FOREACH(end, &from->lanes.ends, in_owner)
    {
        if (end->other->owner == to) {
            return end;
        }
    }
    return NULL;
}

bool lane_end_is_relays(const struct lane_end *end)
{
    return end == end->lane->far_end;
}

const uint8_t *lane_end_peer(const struct lane_end *end)
{
    return lane_end_is_relays(end->other) ? end->lane->far : end->other->owner->key;
}

struct lane_end *lane_table_to(const struct relay_client *from, const uint8_t key[KEY_SIZE])
{
    struct lane_end *end;

    LIST_FOREACH(end, &from->lanes.ends, in_owner)
    {
        if (memcmp(lane_end_peer(end), key, KEY_SIZE) == 0) {
            return end;
        }
    }
    return NULL;
}

struct lane_end *lane_table_through(const struct relay_client *from, const uint8_t key[KEY_SIZE],
                                    const struct relay_client *neighbour)
{
    struct lane_end *end;

    LIST_FOREACH(end, &from->lanes.ends, in_owner)
    {
        if (end->other->owner == neighbour && memcmp(lane_end_peer(end), key, KEY_SIZE) == 0) {
            return end;
        }
    }
    return NULL;
}

static uint32_t share_of(const struct relay_client *client)
{
    if (client->state == RELAY_CLIENT_STATE_NEIGHBOUR) {
        return LANES_PER_RELAY_MAX;
    }
    return client->state == RELAY_CLIENT_STATE_MEMBER ? LANES_PER_MEMBER_MAX
                                                      : LANES_PER_STRANGER_MAX;
}

static bool has_room(const struct lane_table *table, const struct relay_client *from,
                     const struct relay_client *to, bool stranger)
{
    /* Whoever is at another relay costs that nothing: half is for others. */
    bool given_room = from->neighbour == NULL || to->lanes.given < share_of(to) / 2;

    return from->lanes.opened < share_of(from) && to->lanes.incoming < share_of(to) && given_room &&
           (!stranger || table->strangers_count < LANES_MAX / 2);
}

/* A neighbour has workers of its own, of whose number we know nothing. */
static uint64_t label_draw(const struct lane_table *table, const struct relay_client *owner)
{
    uint64_t label;

    env_random(table->env, &label, sizeof(label));
    if (table->workers > 0 && owner->neighbour == NULL) {
        label &= ~((uint64_t)WORKER_MASK << WORKER_SHIFT);
        label |= (uint64_t)env_random_below(table->env, table->workers) << WORKER_SHIFT;
    }
    return label;
}

static void end_draw(const struct lane_table *table, struct lane_end *end)
{
    env_random(table->env, end->secret, sizeof(end->secret));
    do {
        end->label = label_draw(table, end->owner);
    } while (end->label == 0 || map_find(table->by_label, &end->label, NULL));
}

/* Give an end what only its owner and we know; `drawn` is what that is, or NULL. ERR_NOMEM. */
static int end_begin(struct lane_table *table, struct relay_lane *lane, size_t at,
                     struct relay_client *owner, const struct lane_drawn *drawn)
{
    struct lane_end *end = &lane->ends[at];

    end->owner = owner;
    if (drawn == NULL) {
        end_draw(table, end);
    } else {
        end->label = drawn->label;
        memcpy(end->secret, drawn->secret, LANE_SECRET_SIZE);
    }
    end->other = &lane->ends[1 - at];
    end->lane = lane;
    end->challenged_at = MONO_NEVER;
    return map_put_pointer(table->by_label, &end->label, end);
}

/* True if an end can have what was drawn for it. */
static bool is_free(const struct lane_table *table, const struct lane_drawn *drawn)
{
    return drawn->label != 0 && !map_find(table->by_label, &drawn->label, NULL);
}

/* first, second: what was drawn for the ends, or NULL. */
static int lane_open(struct lane_table *table, struct lane_end **out, struct relay_client *from,
                     struct relay_client *to, const struct lane_drawn *first,
                     const struct lane_drawn *second, struct mono now)
{
    bool stranger =
        from->state != RELAY_CLIENT_STATE_MEMBER || to->state != RELAY_CLIENT_STATE_MEMBER;
    struct handle handle;
    struct relay_lane *lane;

    if (!has_room(table, from, to, stranger) || slab_count(table->lanes) == LANES_MAX) {
        return ERR_LIMIT;
    }
    lane = slab_take(table->lanes, &handle);
    if (lane == NULL) {
        return ERR_NOMEM;
    }
    lane->handle = handle;
    lane->stranger = stranger;
    lane->used_at = now;
    if (end_begin(table, lane, 0, from, first) != ERR_OK ||
        end_begin(table, lane, 1, to, second) != ERR_OK) {
        (void)map_remove(table->by_label, &lane->ends[0].label, NULL);
        slab_release(table->lanes, handle);
        return ERR_NOMEM;
    }
    LIST_INSERT_HEAD(&from->lanes.ends, &lane->ends[0], in_owner);
    LIST_INSERT_HEAD(&to->lanes.ends, &lane->ends[1], in_owner);
    from->lanes.opened++;
    to->lanes.incoming++;
    to->lanes.given += from->neighbour != NULL ? 1 : 0;
    table->strangers_count += stranger ? 1 : 0;
    *out = &lane->ends[0];
    return ERR_OK;
}

int lane_table_open(struct lane_table *table, struct lane_end **out, struct relay_client *from,
                    struct relay_client *to, struct mono now)
{
    return lane_open(table, out, from, to, NULL, NULL, now);
}

int lane_table_restore(struct lane_table *table, struct lane_end **out, struct relay_client *from,
                       struct relay_client *to, const struct lane_drawn drawn[2], struct mono now)
{
    if (!is_free(table, &drawn[0]) || !is_free(table, &drawn[1]) ||
        drawn[0].label == drawn[1].label) {
        return ERR_DROP;
    }
    return lane_open(table, out, from, to, &drawn[0], &drawn[1], now);
}

/* The first end counts as opened by its owner, the second as opened to its. */
static uint32_t *count_of(const struct lane_end *end)
{
    struct client_lanes *lanes = &end->owner->lanes;

    return end == &end->lane->ends[0] ? &lanes->opened : &lanes->incoming;
}

void lane_table_give(struct lane_end *end, struct relay_client *to)
{
    LIST_REMOVE(end, in_owner);
    (*count_of(end))--;
    end->owner = to;
    (*count_of(end))++;
    LIST_INSERT_HEAD(&to->lanes.ends, end, in_owner);
}

int lane_table_open_far(struct lane_table *table, struct lane_end **out, struct relay_client *from,
                        struct relay_client *to, const struct lane_far *far, struct mono now)
{
    bool given = from->neighbour != NULL;
    int rc;

    if (given && !is_free(table, &far->drawn)) {
        return ERR_DROP;
    }
    rc = lane_open(table, out, from, to, given ? &far->drawn : NULL, NULL, now);
    if (rc == ERR_OK) {
        struct relay_lane *lane = (*out)->lane;

        lane->far_end = &lane->ends[given ? 0 : 1];
        lane->given = given;
        memcpy(lane->far, far->key, KEY_SIZE);
    }
    return rc;
}

void lane_table_binds(struct lane_table *table, struct relay_lane *lane, bool binds)
{
    if (binds && !lane->binds) {
        LIST_INSERT_HEAD(&table->binding, lane, in_binding);
    } else if (!binds && lane->binds) {
        LIST_REMOVE(lane, in_binding);
    }
    lane->binds = binds;
}

struct lane_end *lane_table_find(struct lane_table *table, uint64_t label)
{
    if (table->found == NULL || table->found->label != label) {
        table->found = map_find_pointer(table->by_label, &label);
    }
    return table->found;
}

void lane_table_close(struct lane_table *table, struct lane_end *end)
{
    struct relay_lane *lane = end->lane;

    lane_table_binds(table, lane, false);
    lane->ends[0].owner->lanes.opened--;
    lane->ends[1].owner->lanes.incoming--;
    lane->ends[1].owner->lanes.given -= lane->given ? 1 : 0;
    for (size_t i = 0; i < 2; i++) {
        LIST_REMOVE(&lane->ends[i], in_owner);
        (void)map_remove(table->by_label, &lane->ends[i].label, NULL);
    }
    table->strangers_count -= lane->stranger ? 1 : 0;
    table->found = NULL;
    slab_release(table->lanes, lane->handle);
}

struct relay_lane *lane_table_next(const struct lane_table *table, struct handle *cursor)
{
    return slab_next(table->lanes, cursor);
}

uint32_t lane_table_count(const struct lane_table *table)
{
    return slab_count(table->lanes);
}
