/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A map in the order in which words were taken. */
#include "rendezvous/relaying/once.h"

#include "proto/base/map.h"

#include <stdlib.h>
#include <string.h>

/* A key of the map. */
struct taken {
    uint8_t from[KEY_SIZE];
    uint64_t number;
};

_Static_assert(sizeof(struct taken) == KEY_SIZE + 8, "no padding is hashed");

struct once {
    struct map *taken;
    uint64_t floor;
    int64_t ahead_ms; /* of the wall clock before the other one */
};

static int64_t ahead_of(uint64_t wall_ms, struct mono now)
{
    return (int64_t)(wall_ms - mono_ms_between((struct mono){0}, now));
}

static void floor_raise(struct once *once, uint64_t to)
{
    once->floor = to > once->floor ? to : once->floor;
}

int once_new(struct once **out, const struct env *env, uint64_t wall_ms, struct mono now)
{
    struct once *once = calloc(1, sizeof(*once));

    *out = NULL;
    if (once == NULL || map_new(&once->taken, sizeof(struct taken), ONCE_MAX, env) != ERR_OK) {
        free(once);
        return ERR_NOMEM;
    }
    once->floor = wall_ms + ONCE_CLOCK_MS;
    once->ahead_ms = ahead_of(wall_ms, now);
    *out = once;
    return ERR_OK;
}

void once_free(struct once *once)
{
    if (once != NULL) {
        map_free(once->taken);
    }
    free(once);
}

static struct taken taken_of(const uint8_t from[KEY_SIZE], uint64_t number)
{
    struct taken taken = {.number = number};

    memcpy(taken.from, from, KEY_SIZE);
    return taken;
}

bool once_may(struct once *once, const uint8_t from[KEY_SIZE], uint64_t number, uint64_t wall_ms,
              struct mono now)
{
    const struct taken taken = taken_of(from, number);
    int64_t ahead_ms = ahead_of(wall_ms, now);

    if (ahead_ms > once->ahead_ms + ONCE_CLOCK_JUMP_MS) {
        floor_raise(once, wall_ms + ONCE_CLOCK_MS);
    }
    once->ahead_ms = ahead_ms;
    return number > once->floor && number + ONCE_CLOCK_MS >= wall_ms &&
           number <= wall_ms + ONCE_CLOCK_MS && !map_find(once->taken, &taken, NULL);
}

bool once_take(struct once *once, const uint8_t from[KEY_SIZE], uint64_t number)
{
    const struct taken taken = taken_of(from, number);
    const void *oldest = NULL;
    size_t cursor = 0;

    if (map_count(once->taken) == ONCE_MAX && map_next(once->taken, &cursor, &oldest, NULL)) {
        struct taken gone;

        memcpy(&gone, oldest, sizeof(gone));
        (void)map_remove(once->taken, &gone, NULL);
        floor_raise(once, gone.number);
    }
    return map_put(once->taken, &taken, 0) == ERR_OK;
}
