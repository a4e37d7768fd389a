/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Continents as squares, with the share of relays that each has. */
#include "tests/sim/subnet/plane.h"

#include <math.h>

enum {
    SCATTER_US = 8000,
    LAST_MILE_US_MIN = 500,
    LAST_MILE_US_MAX = 5000,
    DETOUR_PERCENT = 130, /* cables do not go straight */
};

static const struct {
    uint32_t percent;
    int32_t x, y;
} continents[] = {
    {34, 0, 0},          /* Europe */
    {20, -38000, 4000},  /* North America, east */
    {12, -62000, 6000},  /* and west */
    {6, -50000, -50000}, /* South America */
    {14, 85000, 10000},  /* East Asia */
    {7, 50000, -15000},  /* India */
    {3, 105000, -60000}, /* Australia */
    {4, 10000, -50000},  /* Africa */
};

struct place plane_draw(struct rng *rng)
{
    uint32_t draw = rng_below(rng, 100);
    size_t at = 0;

    while (draw >= continents[at].percent) {
        draw -= continents[at++].percent;
    }

    struct place place = {.x = continents[at].x, .y = continents[at].y};

    place.x += (int32_t)rng_below(rng, 2 * SCATTER_US) - SCATTER_US;
    place.y += (int32_t)rng_below(rng, 2 * SCATTER_US) - SCATTER_US;
    place.last_mile_us = (uint32_t)rng_between(rng, LAST_MILE_US_MIN, LAST_MILE_US_MAX);
    return place;
}

uint32_t plane_way_us(const struct place *a, const struct place *b)
{
    double distance = hypot((double)a->x - b->x, (double)a->y - b->y);

    return (uint32_t)(distance * DETOUR_PERCENT / 100) + a->last_mile_us + b->last_mile_us;
}
