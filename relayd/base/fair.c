/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts what each sender put into a queue lately, in FAIR_PLACES places. */
#include "relayd/base/fair.h"

static void age(struct fair *fair, struct mono now)
{
    uint64_t halves = mono_ms_between(fair->halved_at, now) / FAIR_HALF_MS;

    if (halves == 0) {
        return;
    }
    for (size_t i = 0; i < FAIR_PLACES; i++) {
        fair->taken[i].bytes = halves < 64 ? fair->taken[i].bytes >> halves : 0;
    }
    fair->halved_at = now;
}

/* The place of a source: its own, else the one with the fewest bytes. A source that takes over a
 * place also takes over the bytes that are counted there. So no source is counted too low, and
 * nobody gains by giving its place away. */
static size_t place_of(struct fair *fair, uint64_t source)
{
    size_t least = 0;

    for (size_t i = 0; i < FAIR_PLACES; i++) {
        if (fair->taken[i].bytes > 0 && fair->taken[i].source == source) {
            return i;
        }
        if (fair->taken[i].bytes < fair->taken[least].bytes) {
            least = i;
        }
    }
    fair->taken[least].source = source;
    return least;
}

static bool above_share(const struct fair *fair, size_t at)
{
    uint64_t all = 0, sources = 0;

    for (size_t i = 0; i < FAIR_PLACES; i++) {
        all += fair->taken[i].bytes;
        sources += fair->taken[i].bytes > 0 ? 1 : 0;
    }
    return fair->taken[at].bytes * sources > all;
}

bool fair_take(struct fair *fair, uint64_t source, size_t size, size_t waiting, size_t room,
               struct mono now)
{
    age(fair, now);
    size_t at = place_of(fair, source);
    if (waiting > room / 2 && above_share(fair, at)) {
        return false;
    }
    fair->taken[at].bytes += size;
    return true;
}
