/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows by key, and by age. */
#include "client/peer/lan_places.h"

#include <stdlib.h>
#include <string.h>

static const struct bucket_rate read_rate = {LAN_READS_PER_S, 2 * LAN_READS_PER_S};
static const struct bucket_rate verify_rate = {LAN_VERIFIES_PER_S, 5 * LAN_VERIFIES_PER_S};

int lan_places_init(struct lan_places *places, const struct env *env, struct mono now)
{
    bucket_init(&places->reads, &read_rate, now);
    bucket_init(&places->verifies, &verify_rate, now);
    TAILQ_INIT(&places->by_age);
    places->wanted = false;
    return map_new(&places->by_key, KEY_SIZE, LAN_PLACES_MAX, env);
}

static void drop(struct lan_places *places, struct lan_place *place)
{
    TAILQ_REMOVE(&places->by_age, place, in_list);
    map_remove(places->by_key, place->key, NULL);
    free(place);
}

void lan_places_fini(struct lan_places *places)
{
    while (places->by_key != NULL && !TAILQ_EMPTY(&places->by_age)) {
        drop(places, TAILQ_FIRST(&places->by_age));
    }
    map_free(places->by_key);
    places->by_key = NULL;
}

bool lan_places_may_read(struct lan_places *places, struct mono now)
{
    return bucket_take(&places->reads, &read_rate, 1, now);
}

bool lan_places_may_verify(struct lan_places *places, unsigned signatures, struct mono now)
{
    return bucket_take(&places->verifies, &verify_rate, signatures, now);
}

bool lan_places_is_newer(const struct lan_places *places, const uint8_t key[KEY_SIZE],
                         uint64_t sequence)
{
    const struct lan_place *place = map_find_pointer(places->by_key, key);

    return place == NULL || sequence > place->sequence;
}

/* The row of a key, made if there is none; NULL without memory. */
static struct lan_place *take(struct lan_places *places, const uint8_t key[KEY_SIZE])
{
    struct lan_place *place = map_find_pointer(places->by_key, key);

    if (place != NULL) {
        TAILQ_REMOVE(&places->by_age, place, in_list);
        TAILQ_INSERT_TAIL(&places->by_age, place, in_list);
        return place;
    }
    if (map_count(places->by_key) == LAN_PLACES_MAX) {
        drop(places, TAILQ_FIRST(&places->by_age));
    }
    place = calloc(1, sizeof(*place));
    if (place == NULL || map_put_pointer(places->by_key, key, place) != ERR_OK) {
        free(place);
        return NULL;
    }
    memcpy(place->key, key, KEY_SIZE);
    TAILQ_INSERT_TAIL(&places->by_age, place, in_list);
    return place;
}

const struct lan_place *lan_places_hear(struct lan_places *places, const struct lan_notice *notice,
                                        const struct own_addresses *own, struct mono now)
{
    struct lan_place *place = take(places, notice->key);

    if (place == NULL) {
        return NULL;
    }
    place->sequence = notice->sequence;
    place->heard_at = now;
    place->count = 0;
    for (size_t i = 0; i < notice->count; i++) {
        struct endpoint at = endpoint_v6(notice->ips[i], notice->port);

        if (endpoint_scope(&at) != ENDPOINT_SCOPE_NEVER && own_addresses_on_lan(own, &at) &&
            !own_addresses_have(own, &at)) {
            place->at[place->count++] = at;
        }
    }
    return place;
}

const struct lan_place *lan_places_find(const struct lan_places *places,
                                        const uint8_t key[KEY_SIZE], struct mono now)
{
    const struct lan_place *place =
        places->by_key == NULL ? NULL : map_find_pointer(places->by_key, key);

    return place != NULL && place->count > 0 && mono_ms_between(place->heard_at, now) < LAN_PLACE_MS
               ? place
               : NULL;
}

void lan_places_leave(struct lan_places *places)
{
    struct lan_place *place;

    TAILQ_FOREACH(place, &places->by_age, in_list)
    {
        place->count = 0;
    }
}
