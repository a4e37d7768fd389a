/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring of keys, each in it once. */
#include "relayd/service/reach_met.h"

#include <string.h>

static size_t place_of(const struct reach_met *met, const uint8_t key[KEY_SIZE])
{
    size_t i = 0;

    while (i < met->count && memcmp(met->list[i].key, key, KEY_SIZE) != 0) {
        i++;
    }
    return i;
}

void reach_met_note(struct reach_met *met, const uint8_t key[KEY_SIZE], struct mono now)
{
    size_t place;

    if (met == NULL) {
        return;
    }
    place = place_of(met, key);
    if (place == met->count) {
        place = met->next;
        met->next = (met->next + 1) % REACH_MET_MAX;
        met->count += met->count < REACH_MET_MAX ? 1 : 0;
        memcpy(met->list[place].key, key, KEY_SIZE);
    }
    met->list[place].at = now;
}

bool reach_met_has(const struct reach_met *met, const uint8_t key[KEY_SIZE], struct mono now)
{
    size_t place = place_of(met, key);

    return place < met->count && mono_ms_between(met->list[place].at, now) < REACH_MET_MS;
}
