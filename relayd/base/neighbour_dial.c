/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A short list of addresses, and of the connections that were made of them. */
#include "relayd/base/neighbour_dial.h"

void neighbour_dial_begin(struct neighbour_dial *dial, const struct neighbour_place *place,
                          struct mono now)
{
    *dial = (struct neighbour_dial){.place = *place, .due = now};
}

bool neighbour_dial_step(struct neighbour_dial *dial, struct link_hub *hub,
                         const uint8_t key[KEY_SIZE], struct mono now)
{
    const struct neighbour_place *place = &dial->place;

    if (dial->next < place->addresses_count && mono_due(dial->due, now)) {
        const struct link_dial whom = {
            .remote = place->addresses[dial->next],
            .want = LINK_WANT_RELAY,
            .key = key,
            .roles = LINK_ROLE_RELAY,
            .spki = place->spki_known ? place->spki : NULL,
        };

        dial->next++;
        dial->due = mono_add_ms(now, NEIGHBOUR_STAGGER_MS);
        if (link_hub_dial(hub, &dial->on_way[dial->on_way_count], &whom, now) == ERR_OK) {
            dial->on_way_count++;
        }
    }
    return dial->on_way_count > 0 || dial->next < place->addresses_count;
}

struct mono neighbour_dial_deadline(const struct neighbour_dial *dial)
{
    return dial->next < dial->place.addresses_count ? dial->due : MONO_NEVER;
}

bool neighbour_dial_take(struct neighbour_dial *dial, struct handle handle)
{
    for (size_t i = 0; i < dial->on_way_count; i++) {
        if (handle_equal(dial->on_way[i], handle)) {
            dial->on_way_count--;
            dial->on_way[i] = dial->on_way[dial->on_way_count];
            return true;
        }
    }
    return false;
}

void neighbour_dial_end(struct neighbour_dial *dial, struct link_hub *hub, struct mono now)
{
    for (size_t i = 0; i < dial->on_way_count; i++) {
        link_hub_close(hub, dial->on_way[i], 0, "not needed any more", now);
    }
    dial->on_way_count = 0;
    dial->next = dial->place.addresses_count;
}
