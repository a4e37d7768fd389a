/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A short list of paths; which of them makes room, and the one in use. */
#include "client/path/path_table.h"

#include "client/path/lane_path.h"
#include "client/path/path_choose.h"

#include <stdlib.h>

void path_table_fini(struct path_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        free(table->list[i]);
    }
    *table = (struct path_table){0};
}

struct path *path_table_find(const struct path_table *table, const struct endpoint *remote)
{
    if (path_is_direct(table->present) && endpoint_equal(&table->present->remote, remote)) {
        return table->present; /* nearly every frame's */
    }
    for (size_t i = 0; i < table->count; i++) {
        struct path *path = table->list[i];

        if (path->kind == PATH_KIND_DIRECT && endpoint_equal(&path->remote, remote)) {
            return path;
        }
    }
    return NULL;
}

struct path *path_table_find_relay(const struct path_table *table,
                                   const struct relay_session *relay)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->list[i]->kind == PATH_KIND_RELAY && table->list[i]->relay == relay) {
            return table->list[i];
        }
    }
    return NULL;
}

void path_table_remove(struct path_table *table, struct path *path)
{
    struct path *session =
        path->kind == PATH_KIND_LANE ? path_table_find_relay(table, path->relay) : NULL;

    if (session != NULL) {
        session->by_lane = NULL;
    }
    for (size_t i = 0; i < table->count; i++) {
        if (table->list[i] == path) {
            table->list[i] = table->list[--table->count];
            break;
        }
    }
    table->direct_count -= path->kind == PATH_KIND_DIRECT ? 1 : 0;
    table->lane_count -= path->kind == PATH_KIND_LANE ? 1 : 0;
    if (table->present == path) {
        table->present = NULL;
    }
    free(path);
}

/* Which of two paths is missed less: one that never answered, then one that fell silent, then the
 * one that has been so for longer. */
static bool less_missed(const struct path *a, const struct path *b)
{
    bool a_suspect = a->state == PATH_STATE_SUSPECT;
    bool b_suspect = b->state == PATH_STATE_SUSPECT;

    if (a->answered != b->answered) {
        return !a->answered;
    }
    if (a_suspect != b_suspect) {
        return a_suspect;
    }
    return mono_before(a->at.entered_at, b->at.entered_at);
}

static bool make_room(struct path_table *table)
{
    struct path *victim = NULL;

    if (table->direct_count < PATH_TABLE_DIRECT_MAX) {
        return true;
    }
    for (size_t i = 0; i < table->count; i++) {
        struct path *path = table->list[i];
        bool goes = path->kind == PATH_KIND_DIRECT && path != table->present &&
                    (!path->answered || path->state == PATH_STATE_SUSPECT);

        if (goes && (victim == NULL || less_missed(path, victim))) {
            victim = path;
        }
    }
    if (victim == NULL) {
        return false;
    }
    path_table_remove(table, victim);
    return true;
}

struct path *path_table_add(struct path_table *table, const struct endpoint *local,
                            const struct endpoint *remote, bool observed, uint16_t frame_size_full,
                            struct mono now)
{
    struct path *path = path_table_find(table, remote);

    if (path != NULL) {
        path->observed = path->observed || observed;
        return path;
    }
    if (!make_room(table)) {
        return NULL;
    }
    path = malloc(sizeof(*path));
    if (path != NULL) {
        path_init(path, local, remote, observed, frame_size_full, now);
        table->list[table->count++] = path;
        table->direct_count++;
    }
    return path;
}

struct path *path_table_add_relay(struct path_table *table, struct relay_session *relay,
                                  uint8_t rank, struct mono now)
{
    struct path *path = path_table_find_relay(table, relay);

    if (path != NULL) {
        path->rank = rank;
        return path;
    }
    if (table->count - table->direct_count - table->lane_count == PATH_TABLE_RELAY_MAX) {
        return NULL;
    }
    path = malloc(sizeof(*path));
    if (path != NULL) {
        path_init_relay(path, relay, rank, now);
        table->list[table->count++] = path;
    }
    return path;
}

struct path *path_table_find_lane(const struct path_table *table, uint64_t label)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->list[i]->kind == PATH_KIND_LANE && table->list[i]->lane.label == label) {
            return table->list[i];
        }
    }
    return NULL;
}

struct path *path_table_lane_of(const struct path_table *table, const struct relay_session *relay)
{
    const struct path *session = path_table_find_relay(table, relay);

    return session == NULL ? NULL : session->by_lane;
}

static void remove_lane(struct path_table *table, const struct relay_session *relay)
{
    struct path *lane = path_table_lane_of(table, relay);

    if (lane != NULL) {
        path_table_remove(table, lane);
    }
}

struct path *path_table_add_lane(struct path_table *table, struct relay_session *relay,
                                 const struct lane *lane, uint16_t frame_size_full, struct mono now)
{
    struct path *session = path_table_find_relay(table, relay);
    struct path *path;

    remove_lane(table, relay);
    if (session == NULL || table->lane_count == PATH_TABLE_LANE_MAX) {
        return NULL;
    }
    path = malloc(sizeof(*path));
    if (path != NULL) {
        lane_path_init(path, relay, lane, frame_size_full, now);
        session->by_lane = path;
        table->list[table->count++] = path;
        table->lane_count++;
    }
    return path;
}

void path_table_forget_relay(struct path_table *table, const struct relay_session *relay)
{
    struct path *path = path_table_find_relay(table, relay);

    remove_lane(table, relay);
    if (path != NULL) {
        path_table_remove(table, path);
    }
}

void path_table_choose(struct path_table *table)
{
    table->present = path_choose(table->list, table->count, table->present);
}

struct path *path_table_present(struct path_table *table)
{
    if (!path_is_direct(table->present)) {
        table->present = path_choose_indirect(table->list, table->count, table->present);
    }
    return table->present;
}

struct path *path_table_direct(const struct path_table *table)
{
    return path_is_direct(table->present) ? table->present : NULL;
}

struct path *path_table_relayed(const struct path_table *table)
{
    return path_choose_relay(table->list, table->count);
}
