/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table that is walked from end to end: networks change seldom. */
#include "client/netcheck/places.h"

const struct netcheck_place *netcheck_places_find(const struct netcheck_places *places,
                                                  uint64_t place)
{
    for (size_t i = 0; place != 0 && i < NETCHECK_PLACES_MAX; i++) {
        if (places->list[i].place == place) {
            return &places->list[i];
        }
    }
    return NULL;
}

void netcheck_places_keep(struct netcheck_places *places, uint64_t place,
                          const struct netcheck_result *result, struct mono now)
{
    struct netcheck_place *use = &places->list[0];

    if (place == 0) {
        return;
    }
    for (size_t i = 0; i < NETCHECK_PLACES_MAX; i++) {
        struct netcheck_place *row = &places->list[i];

        if (row->place == place) {
            use = row;
            break;
        }
        if (use->place != 0 && (row->place == 0 || mono_before(row->at, use->at))) {
            use = row;
        }
    }
    *use = (struct netcheck_place){.place = place, .at = now, .result = *result};
}
