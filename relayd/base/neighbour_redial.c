/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table takes the new session as one that was dialled while another one came. */
#include "relayd/base/neighbour_redial.h"

bool neighbour_redial(struct neighbour_table *table, struct neighbour *neighbour, struct mono now)
{
    struct neighbour_place place = {.addresses_count = 0};

    if (table->stopping || neighbour->client == NULL || neighbour->dialled ||
        neighbour->dial.on_way_count > 0 ||
        mono_ms_between(neighbour->opened_at, now) <= NEIGHBOUR_RACE_MS ||
        table->book.find == NULL ||
        !table->book.find(table->book.context, neighbour->key, &place)) {
        return false;
    }
    place.addresses_count = 1; /* only what is begun here is dialled: it is open as it is */
    neighbour_dial_begin(&neighbour->dial, &place, now);
    neighbour->kept =
        neighbour_dial_step(&neighbour->dial, table->hub, neighbour->key, now) || neighbour->kept;
    return neighbour->dial.on_way_count > 0;
}
