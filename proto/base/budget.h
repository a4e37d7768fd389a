/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An amount of memory, in bytes, that many holders share. Each holder also has a small allowance of
 * its own, which it need not ask for and which is not charged. So a holder that uses up all that is
 * shared does not keep another from its first packet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct budget {
    size_t used, max;
};

/** The charge for `held` bytes of a holder whose own allowance is `own` bytes. */
static inline size_t budget_charge(size_t held, size_t own)
{
    return held > own ? held - own : 0;
}

/** Change a holder's charge from `from` to `to` bytes. False, and nothing changed, if that would
 * exceed the budget. */
static inline bool budget_move(struct budget *budget, size_t from, size_t to)
{
    if (to > from && to - from > budget->max - budget->used) {
        return false;
    }
    budget->used = budget->used - from + to;
    return true;
}
