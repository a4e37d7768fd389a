/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory that many share, in bytes. Each holder has a little of its own that is always granted
 * (budget_charge leaves it out), so that who takes everything shared starves nobody of the first
 * packet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct budget {
    size_t used, max;
};

/** What `held` bytes of one holder cost, of which `own` are free. */
static inline size_t budget_charge(size_t held, size_t own)
{
    return held > own ? held - own : 0;
}

/** A holder grows or shrinks from one charge to another. False (nothing changed) if that would
 * exceed the budget. */
static inline bool budget_move(struct budget *budget, size_t from, size_t to)
{
    if (to > from && to - from > budget->max - budget->used) {
        return false;
    }
    budget->used = budget->used - from + to;
    return true;
}
