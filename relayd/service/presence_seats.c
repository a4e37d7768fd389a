/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A visit of the mesh fills the seats. */
#include "relayd/service/presence_seats.h"

#include <string.h>

static const struct bucket_rate scores_rate = {.per_s = PRESENCE_SCORES_PER_S,
                                               .burst = PRESENCE_SCORES_BURST};

int presence_seats_init(struct presence_seats *seats, const struct env *env,
                        const uint8_t own_key[KEY_SIZE], struct mono now)
{
    seats->env = env;
    seats->own_key = own_key;
    bucket_init(&seats->scores, &scores_rate, now);
    return hrw_new(&seats->hrw, hrw_score, env) == ERR_OK ? unreached_new(&seats->unreached, env)
                                                          : ERR_NOMEM;
}

void presence_seats_fini(struct presence_seats *seats)
{
    hrw_free(seats->hrw);
    unreached_free(seats->unreached);
}

struct visit {
    const struct mesh *mesh;
    size_t cursor;
};

static bool visit_next(void *context, struct hrw_relay *out)
{
    struct visit *visit = context;
    struct node_found found;

    if (!mesh_next(visit->mesh, &visit->cursor, &found)) {
        return false;
    }
    memcpy(out->key, found.key, KEY_SIZE);
    out->address = found.address;
    out->known_since_ms = found.known_since_ms;
    return true;
}

void presence_seats_keep(struct presence_seats *seats, struct mono now)
{
    struct visit visit = {.mesh = seats->mesh};
    const struct hrw_source source = {.context = &visit, .next = visit_next};
    uint64_t age_ms = mono_ms_between(seats->given_at, now);
    uint64_t changes;

    if (seats->mesh == NULL) {
        return;
    }
    changes = mesh_changes(seats->mesh);
    if (age_ms < PRESENCE_SEATS_MS_MIN ||
        (changes == seats->changes && age_ms < PRESENCE_SEATS_MS_MAX)) {
        return;
    }
    seats->given_at = now; /* or, without memory, this would be due again at once */
    if (hrw_fill(seats->hrw, &source, env_wall_ms(seats->env)) == ERR_OK) {
        seats->changes = changes;
    }
}

struct mono presence_seats_deadline(const struct presence_seats *seats)
{
    return seats->mesh == NULL || mesh_changes(seats->mesh) == seats->changes
               ? MONO_NEVER
               : mono_add_ms(seats->given_at, PRESENCE_SEATS_MS_MIN);
}

bool presence_seats_ranks(struct presence_seats *seats, const uint8_t key[KEY_SIZE],
                          uint8_t ranks[LOCATE_RANKS_MAX][KEY_SIZE], size_t *count, bool half,
                          struct mono now)
{
    uint8_t all[HRW_RANKS_MAX][KEY_SIZE];
    size_t all_count;

    presence_seats_keep(seats, now);
    if ((half && bucket_level(&seats->scores, &scores_rate, now) < PRESENCE_SCORES_BURST / 2) ||
        !bucket_take(&seats->scores, &scores_rate, hrw_seat_count(seats->hrw), now)) {
        return false;
    }
    all_count = hrw_winners(seats->hrw, hrw_day(env_wall_ms(seats->env)), key, all, HRW_RANKS_MAX);
    unreached_last(seats->unreached, all, all_count, now);
    *count = 0;
    for (size_t i = 0; i < all_count && *count < LOCATE_RANKS_MAX; i++) {
        if (memcmp(all[i], seats->own_key, KEY_SIZE) != 0) {
            memcpy(ranks[(*count)++], all[i], KEY_SIZE);
        }
    }
    return true;
}

void presence_seats_on_reached(struct presence_seats *seats, const uint8_t relay[KEY_SIZE])
{
    unreached_remove(seats->unreached, relay);
}

void presence_seats_on_unreached(struct presence_seats *seats, const uint8_t relay[KEY_SIZE],
                                 struct mono now)
{
    unreached_put(seats->unreached, relay, now);
}
