/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts what each sender put into a queue lately, in so many places of each kind. */
#include "relayd/base/fair.h"

static void age(struct fair *fair, struct mono now)
{
    uint64_t halves = mono_ms_between(fair->halved_at, now) / FAIR_HALF_MS;

    if (halves == 0) {
        return;
    }
    for (size_t i = 0; i < FAIR_PLACES + FAIR_STRANGER_PLACES; i++) {
        fair->taken[i].bytes = halves < 64 ? fair->taken[i].bytes >> halves : 0;
    }
    fair->halved_at = now;
}

/* The places of a kind, from the first to the one behind the last. */
static size_t first_of(bool stranger)
{
    return stranger ? FAIR_PLACES : 0;
}

static size_t end_of(bool stranger)
{
    return stranger ? FAIR_PLACES + FAIR_STRANGER_PLACES : FAIR_PLACES;
}

/* The place of a sender: its own, else the one with the fewest bytes. A sender that takes over a
 * place also takes over the bytes that are counted there. So none is counted too low, and nobody
 * gains by giving its place away. */
static struct fair_place *place_of(struct fair *fair, struct fair_sender sender)
{
    struct fair_place *least = &fair->taken[first_of(sender.stranger)];

    for (size_t i = first_of(sender.stranger); i < end_of(sender.stranger); i++) {
        struct fair_place *place = &fair->taken[i];

        if (place->bytes > 0 && place->number == sender.number) {
            return place;
        }
        if (place->bytes < least->bytes) {
            least = place;
        }
    }
    least->number = sender.number;
    return least;
}

/* How many of a kind took something lately; *bytes grows by what they took. */
static uint64_t count_of(const struct fair *fair, bool stranger, uint64_t *bytes)
{
    uint64_t count = 0;

    for (size_t i = first_of(stranger); i < end_of(stranger); i++) {
        *bytes += fair->taken[i].bytes;
        count += fair->taken[i].bytes > 0 ? 1 : 0;
    }
    return count;
}

static bool above_share(const struct fair *fair, const struct fair_place *place, bool stranger)
{
    uint64_t all = 0;
    uint64_t members = count_of(fair, false, &all);
    uint64_t strangers = count_of(fair, true, &all);
    uint64_t shares = members + (strangers > 0 ? 1 : 0);

    return place->bytes * shares * (stranger ? strangers : 1) > all;
}

bool fair_take(struct fair *fair, struct fair_sender sender, size_t size, size_t waiting,
               size_t room, struct mono now)
{
    struct fair_place *place;

    age(fair, now);
    place = place_of(fair, sender);
    if (waiting > room / 2 && above_share(fair, place, sender.stranger)) {
        return false;
    }
    place->bytes += size;
    return true;
}
